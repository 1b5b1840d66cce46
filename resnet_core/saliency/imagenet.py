"""Class activation maps at every depth of an ImageNet network of torchvision's, for one class or two.

T = classes that are explained, M = methods, K = 1000 classes, S = 224, the side of a picture, h, w = height
and width of a unit's feature maps. Always on the CPU: one picture is soon done there, and the numbers do not
depend on what else the machine has.

A random network has initial values of a fixed seed. Its BN has the statistics of a few generated pictures:
the 0 and 1 that it begins with belong to no layer. A trained network has its own.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import psutil
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from resnet_core.attribution import CAMS, Watched, watched
from resnet_core.data.shapes import shapes
from resnet_core.imagenet_weights import download, published
from resnet_core.instruments.settled import settled
from resnet_core.options import BLOCK_METHODS, ImageNetOptions
from resnet_core.saliency_findings import ImageNetMaps
from resnet_core.uploads.bounds import GONE

SIDE, RESIZED = 224, 256
SEED = 0  # of initial values
SETTLING = 4  # generated pictures whose statistics the BN of a random network has
MOST_THREADS = 4
BYTES_BESIDE_WEIGHTS = 900_000_000  # feature maps and their gradients: most in VGG, for two classes
_PLACES = {
    "resnet": r"maxpool|layer\d\.\d+",
    "vgg": r"features\.\d+",
    "alexnet": r"features\.\d+",
    "googlenet": r"conv\d|inception\d[a-e]",
    "densenet": r"features\.(pool0|denseblock\d|transition\d|norm5)",
}
_HEADS = {"googlenet": {"aux_logits": False, "init_weights": True}}
_TRAINED_HEADS = {"googlenet": {"transform_input": True, "init_weights": False}}
_CLASS_AGNOSTIC = ("eigen-cam",)  # costs more than all others, and is the same for every class
_OLD_NAME = re.compile(r"(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)")  # such as norm.1.weight
_MISFITS = (UnpicklingError, RuntimeError, LookupError, TypeError, ValueError, EOFError, OSError)
Report = Callable[[float], None]


def imagenet_maps(options: ImageNetOptions, report: Report, file: Path | None = None) -> ImageNetMaps:
    """Maps of every unit by every method, from one pass forward and one back for all classes at once.

    `file` is the visitor's picture as "upload" has decoded it. `report` is told the share that is done, most
    of which is the download where published weights are not here yet. Raises ValueError for a network that
    is not on offer, weights that cannot be had, too little memory, and two equal classes.
    """
    _check_memory(options.network)
    weights, picture = _weights(options, report), _picture(options.picture, file)  # (3, S, S)
    with _idle_cores():
        network, classes = _kept(options.network, weights)
        images, units = normalized(picture)[None], places(network)
        with torch.no_grad():
            logits = network(images)[0]  # (K,)
        targets = _targets(options, logits)  # (T,)
        found = watched(network, list(units.values()), images.expand(len(targets), -1, -1, -1), targets)
        maps = tuple(map(_maps, found))
    return ImageNetMaps(
        network=np.array(options.network),
        units=np.array(list(units)),
        stages=np.array(["{} x {}".format(*one.values.shape[2:]) for one in found]),
        methods=np.array(BLOCK_METHODS),
        maps=maps,
        targets=targets.numpy(),
        picture=picture.numpy(),
        logits=logits.numpy(),
        classes=np.array(classes),
        is_trained=np.bool_(options.weights == "imagenet"),
    )


def places(network: nn.Module) -> dict[str, nn.Module]:
    """Where maps are taken, from the first to the last, by their names in `network`.

    In ResNets the stem and every block, behind the addition and its ReLU; in VGG and AlexNet every
    convolution behind its ReLU; in GoogLeNet the first convolutions and every inception module; in DenseNet
    the stem, the dense blocks, the transitions and the last norm.
    """
    family = type(network).__name__.lower()
    names = re.compile(_PLACES[family])
    is_row = family in ("vgg", "alexnet")
    return {
        name: module
        for name, module in network.named_modules()
        if names.fullmatch(name) and (not is_row or isinstance(module, nn.ReLU))
    }


def cropped(pixels: Tensor) -> Tensor:
    """The middle of a picture (3, H, W) uint8 as networks saw pictures in evaluation: (3, 224, 224).

    The shorter side becomes 256 pixels first, antialiased, as torchvision's transforms of these weights do.
    """
    from torchvision.transforms import functional as F

    return F.center_crop(F.resize(pixels, RESIZED, antialias=True), SIDE)


def normalized(picture: Tensor) -> Tensor:
    """(3, S, S) uint8 as float32, with the mean and the deviation that torchvision gives for ImageNet."""
    from torchvision.transforms import functional as F

    return F.normalize(
        F.convert_image_dtype(picture, torch.float), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    )


def random_network(name: str) -> nn.Module:
    """A network with torchvision's initial values, in evaluation mode; BN is held at generated pictures."""
    from torchvision.models import get_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = get_model(name, weights=None, **_HEADS.get(name, {})).eval()
    if not any(isinstance(module, _BatchNorm) for module in network.modules()):
        return network
    drawn = torch.from_numpy(shapes(np.arange(SETTLING), SIDE).images)
    return settled(network, torch.stack([normalized(picture) for picture in drawn]))


def trained_network(name: str, file: Path) -> nn.Module:
    """A network with the weights of a file that torchvision published, in evaluation mode.

    The file holds tensors and nothing else, or is refused. Names of older files, and the auxiliary
    classifiers of GoogLeNet, are treated as torchvision does. Raises ValueError for what does not fit.
    """
    from torchvision.models import get_model

    with torch.device("meta"):  # no initial values that would be overwritten
        network = get_model(name, weights=None, **_TRAINED_HEADS.get(name, {}))
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        for old in [key for key in state if _OLD_NAME.fullmatch(key)]:
            state[_OLD_NAME.sub(r"\1\2", old)] = state.pop(old)
        network.load_state_dict(state, assign=True)
    except _MISFITS as error:
        raise ValueError(f"{file} does not have the weights of {published(name).title}: {error}") from None
    if name == "googlenet":
        network.aux_logits, network.aux1, network.aux2 = False, None, None
    return network.float().eval()  # one file has half precision


def _weights(options: ImageNetOptions, report: Report) -> Path | None:
    if options.weights == "random":
        return None
    return download(options.network, lambda share: report(0.95 * share))


@contextmanager
def _idle_cores() -> Iterator[None]:
    """As many threads as cores have nothing to do: threads that wait for a busy core are slower than one."""
    before, idle = torch.get_num_threads(), (os.cpu_count() or 1) - psutil.getloadavg()[0]
    torch.set_num_threads(min(max(round(idle), 1), MOST_THREADS))
    try:
        yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=1)  # another class, another picture: the same network
def _kept(name: str, file: Path | None) -> tuple[nn.Module, list[str]]:
    from torchvision.models import get_model_weights

    network = random_network(name) if file is None else trained_network(name, file)
    return network, get_model_weights(name).IMAGENET1K_V1.meta["categories"]


def _check_memory(name: str) -> None:
    needed = 2 * published(name).megabytes * 1e6 + BYTES_BESIDE_WEIGHTS
    there = psutil.virtual_memory().available
    if needed > there:
        raise ValueError(
            f"network: {published(name).title} needs about {needed / 1e9:.1f} GB of memory and "
            f"{there / 1e9:.1f} GB is free; choose a smaller network"
        )


def _picture(chosen: str, file: Path | None) -> Tensor:
    if chosen.startswith("shapes:"):
        return torch.from_numpy(shapes(np.array([int(chosen.removeprefix("shapes:"))]), SIDE).images[0])
    if file is None:
        raise ValueError(f"picture: {GONE}")
    with np.load(file, allow_pickle=False) as arrays:
        return cropped(torch.from_numpy(arrays["pixels"]).permute(2, 0, 1))


def _targets(options: ImageNetOptions, logits: Tensor) -> Tensor:
    first = int(logits.argmax()) if options.target is None else options.target
    if options.other == first:
        raise ValueError(f"other: {first} is the class that is explained already; choose another to contrast")
    return torch.tensor([first] if options.other is None else [first, options.other])


def _maps(found: Watched) -> np.ndarray:
    alone = Watched(*(part[:1] for part in found))
    each = [CAMS[name](*(alone if name in _CLASS_AGNOSTIC else found)) for name in BLOCK_METHODS]
    return torch.stack([maps.expand(len(found.values), -1, -1) for maps in each], 1).numpy()  # (T, M, h, w)
