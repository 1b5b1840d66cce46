"""The cell of a notebook that reads or draws a set of pictures and cuts the batch of each step.

Files are read through torchvision; what is drawn is drawn by the lab's own code, in a cell before this one.
"""

import inspect

from resnet_core.code.pieces import indented
from resnet_core.config import DataConfig, TrainingConfig
from resnet_core.data import shapes
from resnet_core.data.drawn import FIRST_TRAINED

_LOADERS = {
    "fashion-mnist": "FashionMNIST",
    "fashion-mnist-full": "FashionMNIST",
    "cifar10": "CIFAR10",
    "cifar100": "CIFAR100",
    "mnist": "MNIST",
    "svhn": "SVHN",
}
_IMPORTS = """import itertools
import os
from collections.abc import Iterator

import numpy as np
from torch.nn.functional import {functions}
from torchvision import datasets
"""
_IMPORTS_OF_DRAWN = """import itertools
from collections.abc import Iterator

import numpy as np
from torch.nn.functional import {functions}
"""
_BATCHES = '''def batches() -> Iterator[tuple[Tensor, Tensor]]:
    """The pictures and labels of each step: all pictures in one order, then in another one, as in the lab."""
    orders = (np.random.default_rng((SEED, 0, i)).permutation(len(train_labels)) for i in itertools.count())
    indices = itertools.chain.from_iterable(orders)
    for {step} in range(STEPS):
        chosen = torch.tensor(list(itertools.islice(indices, BATCH)))
        yield {pictures}, train_labels[chosen]'''
_MAIN = """train_images, train_labels = read(is_training=True)
test_images, test_labels = read(is_training=False)"""


def pictures_code(data: DataConfig, training: TrainingConfig, seed: int) -> str:
    """Reads the set, in the lab's order of pictures; the constants of the whole notebook come first."""
    names = {"step": "_", "pictures": "train_images[chosen]"}
    if data.augment:
        names = {"step": "step", "pictures": "shifted(train_images[chosen], step)"}
    imports = _IMPORTS_OF_DRAWN if data.info.is_drawn else _IMPORTS
    top = [imports.format(functions=_functions(data)), *_constants(data, training, seed)]
    parts = ["\n".join(top), _drawn(data) if data.info.is_drawn else _read(data), _normalized(data)]
    parts += [_shifted(data)] if data.augment else []
    return "\n\n\n".join([*parts, _BATCHES.format(**names), _MAIN])


def drawing_code() -> str:
    """The whole of what draws pictures: numpy is all it needs. Its docstring becomes comments, for a cell."""
    about = "\n".join(f"# {line}".rstrip() for line in shapes.__doc__.strip().split("\n"))
    _, _, code = inspect.getsource(shapes).split('"""', 2)
    return about + code


def _functions(data: DataConfig) -> str:
    pooled = ["avg_pool2d"] if _is_halved(data) else []
    padded = ["pad"] if data.augment or _border(data) else []
    return ", ".join([*pooled, "cross_entropy", *padded])


def _constants(data: DataConfig, training: TrainingConfig, seed: int) -> list[str]:
    folder = 'FOLDER = os.environ.get("RESNET_LAB_DATA", "data")  # where the files are, or are downloaded to'
    lines = [
        *([] if data.info.is_drawn else [folder]),
        f"SEED = {seed}  # of the initial values and of the order of the pictures",
        f"STEPS = {training.steps}",
        f"BATCH = {training.batch}  # pictures a step",
    ]
    if data.augment:
        lines.append(f"PAD = {data.side // 8}  # pixels by which a picture is shifted at most")
    return lines


def _is_halved(data: DataConfig) -> bool:
    return data.side != data.info.native_side and not data.info.is_drawn


def _border(data: DataConfig) -> int:
    """Zeros around a picture before its side is halved."""
    return (32 - data.info.native_side) // 2 if _is_halved(data) else 0


def _read(data: DataConfig) -> str:
    is_svhn = data.name == "svhn"
    split = 'split="train" if is_training else "test"' if is_svhn else "train=is_training"
    lines = [
        f'"""Pictures (N, {data.info.channels}, {data.side}, {data.side}) in bytes, and labels (N,)."""',
        f"split = datasets.{_LOADERS[data.name]}(FOLDER, {split}, download=True)",
        f"images = torch.as_tensor(split.data){_channels_first(data)}",
        *_halving(data),
        f"return images, torch.as_tensor(split.{'labels' if is_svhn else 'targets'})",
    ]
    return _function("read(is_training: bool) -> tuple[Tensor, Tensor]", lines)


def _drawn(data: DataConfig) -> str:
    info = data.info
    lines = [
        f'"""Pictures (N, {info.channels}, {data.side}, {data.side}) in bytes, and labels (N,)."""',
        f"first, count = ({FIRST_TRAINED}, {info.train_images}) if is_training else (0, {info.test_images})",
        f"drawn = shapes(np.arange(first, first + count), {data.side}, {data.difficulty})",
        "return torch.from_numpy(drawn.images), torch.from_numpy(drawn.labels)",
    ]
    return _function("read(is_training: bool) -> tuple[Tensor, Tensor]", lines)


def _channels_first(data: DataConfig) -> str:
    if data.info.channels == 1:
        return "[:, None]"
    return "" if data.name == "svhn" else ".permute(0, 3, 1, 2).contiguous()"


def _halving(data: DataConfig) -> list[str]:
    if not _is_halved(data):
        return []
    border = _border(data)
    part = f"pad(part.float(), ({border}, {border}, {border}, {border}))" if border else "part.float()"
    return [
        "# Means of 2 x 2 pixels, some pictures at a time.",
        f"parts = [avg_pool2d({part}, 2).round().byte() for part in images.split(4096)]",
        "images = torch.cat(parts)",
    ]


def _normalized(data: DataConfig) -> str:
    info = data.info
    lines = ['"""Mean 0 and standard deviation 1 over the training set, on the device."""']
    for name, values in (("mean", info.mean), ("std", info.std)):
        lines.append(f"{name} = torch.tensor({list(values)}).view(1, {info.channels}, 1, 1)")
    lines.append("return ((images.float() / 255 - mean) / std).to(device)")
    return _function("normalized(images: Tensor) -> Tensor", lines)


def _shifted(data: DataConfig) -> str:
    mirrors = data.info.flips
    lines = [
        f'"""Each picture moved over a border of zeros{" and, by chance, mirrored" if mirrors else ""}."""',
        "draw = np.random.default_rng((SEED, 1, step))",
        "rows, columns = draw.integers(0, 2 * PAD + 1, (2, BATCH))",
        "padded = pad(images, (PAD, PAD, PAD, PAD))",
        "places = zip(padded, rows, columns, strict=True)",
        f"cut = [x[:, r : r + {data.side}, c : c + {data.side}] for x, r, c in places]",
    ]
    if mirrors:
        lines += [
            "mirrored = draw.random(BATCH) < 0.5",
            "cut = [x.flip(-1) if is_mirrored else x for x, is_mirrored in zip(cut, mirrored, strict=True)]",
        ]
    return _function("shifted(images: Tensor, step: int) -> Tensor", [*lines, "return torch.stack(cut)"])


def _function(signature: str, lines: list[str]) -> str:
    return "\n".join([f"def {signature}:", *indented(lines)])
