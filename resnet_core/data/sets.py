"""Image sets as one uint8 tensor on the device, and the batch of a step cut from it.

N = pictures, C = channels, S = side, B = batch. The sets come bundled or through torchvision's own loaders,
which check the files' hashes.
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.config import DataConfig
from resnet_core.data.info import SetInfo
from resnet_core.data.order import Batch, draw_batch
from resnet_core.runs.places import data_folder

BUNDLED = Path(__file__).parents[2] / "assets" / "fashion_mnist_12k.npz"


class DataUnavailable(ValueError):
    """A set is neither here nor to be had; says which, where it was looked for and what to do."""


@dataclass(frozen=True)
class ImageSet:
    """A set in memory: pictures (N, C, S, S) uint8 and labels (N,) int64, all on one device."""

    info: SetInfo
    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    @property
    def side(self) -> int:
        return self.train_images.shape[-1]

    def normalize(self, images: Tensor) -> Tensor:
        """uint8 (B, C, S, S) to float32 with mean 0 and std 1 over the training set."""
        mean, std = _moments(self.info, images.device)
        return (images.float() / 255 - mean) / std

    def batch(self, data: DataConfig, seed: int, step: int, size: int) -> tuple[Tensor, Tensor]:
        """The pictures (B, C, S, S) uint8 and labels (B,) of one step: a function of (seed, step)."""
        pad = self.side // 8 if data.augment else 0
        flips = data.augment and self.info.flips
        drawn = draw_batch(seed, step, size, len(self.train_labels), pad, flips)
        where = torch.from_numpy(drawn.indices).to(self.train_images.device)
        images = self.train_images[where]
        return (_augment(images, drawn, pad) if data.augment else images), self.train_labels[where]


def load_images(
    data: DataConfig, device: torch.device, report: Callable[[str], None] = lambda text: None
) -> ImageSet:
    """Reads (or downloads, telling `report` how far it is) a set. Raises `DataUnavailable`."""
    if data.info.download_megabytes == 0:
        with np.load(BUNDLED) as file:
            parts = [file[f"{split}_{kind}"] for split in ("train", "test") for kind in ("images", "labels")]
    else:
        parts = _torchvision_parts(data.name, data.info, report)
    train_images, train_labels, test_images, test_labels = parts
    return ImageSet(
        data.info,
        _pictures(train_images, data).to(device),
        _labels(train_labels).to(device),
        _pictures(test_images, data).to(device),
        _labels(test_labels).to(device),
    )


def _pictures(images: np.ndarray, data: DataConfig) -> Tensor:
    """(N, H, W), (N, H, W, C) or (N, C, H, W) uint8 to (N, C, S, S), halved by 2 x 2 means when asked."""
    tensor = torch.from_numpy(np.ascontiguousarray(images))
    if tensor.ndim == 3:
        tensor = tensor[:, None]
    elif tensor.shape[-1] == data.info.channels:
        tensor = tensor.permute(0, 3, 1, 2)
    if data.side == data.info.native_side:
        return tensor.contiguous()
    border = (32 - data.info.native_side) // 2
    return torch.cat([_halved(chunk, border) for chunk in tensor.split(4096)])


def _halved(images: Tensor, border: int) -> Tensor:
    padded = nn.functional.pad(images.float(), (border,) * 4)
    return nn.functional.avg_pool2d(padded, 2).round().to(torch.uint8)


def _labels(labels: object) -> Tensor:
    return torch.from_numpy(np.asarray(labels).astype(np.int64))


@lru_cache(maxsize=16)
def _moments(info: SetInfo, device: torch.device) -> tuple[Tensor, Tensor]:
    shape = (1, info.channels, 1, 1)
    return tuple(torch.tensor(values, device=device).view(shape) for values in (info.mean, info.std))


def _augment(images: Tensor, drawn: Batch, pad: int) -> Tensor:
    """Shifts each picture by up to `pad` pixels over a border of zeros and mirrors some of them."""
    side, device = images.shape[-1], images.device
    window = torch.arange(side)
    rows = torch.from_numpy(drawn.rows)[:, None] + window  # (B, S)
    columns = torch.from_numpy(drawn.columns)[:, None] + window
    columns = torch.where(torch.from_numpy(drawn.mirrored)[:, None], columns.flip(1), columns)
    rows, columns = rows.to(device), columns.to(device)
    picture = torch.arange(len(images), device=device)[:, None, None]
    padded = nn.functional.pad(images, (pad,) * 4).permute(0, 2, 3, 1)  # (B, S + 2 pad, S + 2 pad, C)
    return padded[picture, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()


def _torchvision_parts(name: str, info: SetInfo, report: Callable[[str], None]) -> list:
    for folder in _folders():
        if (parts := _read_set(name, folder, download=False)) is not None:
            return parts
    target = data_folder()
    try:
        target.mkdir(parents=True, exist_ok=True)
        with _Progress(target, info, report):
            parts = _read_set(name, target, download=True)
    except (OSError, RuntimeError) as error:
        looked = ", ".join(map(str, _folders()))
        raise DataUnavailable(
            f"{info.title} is not in {looked} and could not be downloaded "
            f"({str(error).strip()[:120]}). Connect to the network, or put the set's files into that folder "
            f"(RESNET_LAB_DATA names another one), or choose the bundled fashion-mnist."
        ) from None
    return parts


def _folders() -> list[Path]:
    named = os.environ.get("RESNET_LAB_DATA")
    return [Path(named)] if named else [data_folder()]


def _read_set(name: str, folder: Path, download: bool) -> list | None:
    """[train images, train labels, test images, test labels], or None when the set is not there."""
    from torchvision import datasets

    loaders = {
        "cifar10": datasets.CIFAR10,
        "cifar100": datasets.CIFAR100,
        "mnist": datasets.MNIST,
        "fashion-mnist-full": datasets.FashionMNIST,
    }
    parts = []
    for is_train in (True, False):
        try:
            if name == "svhn":
                split = datasets.SVHN(folder, split="train" if is_train else "test", download=download)
                parts += [split.data, split.labels]
            else:
                split = loaders[name](folder, train=is_train, download=download)
                parts += [np.asarray(split.data), np.asarray(split.targets)]
        except RuntimeError:
            if download:
                raise
            return None  # torchvision says "not found or corrupted" this way
    return parts


class _Progress:
    """Reports the growth of a folder while a download fills it: torchvision tells only a terminal."""

    def __init__(self, folder: Path, info: SetInfo, report: Callable[[str], None]):
        self.folder, self.info, self.report = folder, info, report
        self.done = threading.Event()

    def __enter__(self) -> None:
        self.before = self._megabytes()
        threading.Thread(target=self._watch, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.done.set()

    def _watch(self) -> None:
        total = self.info.download_megabytes
        while not self.done.wait(0.5):
            here = min(self._megabytes() - self.before, total)
            self.report(f"Downloading {self.info.title}: {here:.0f} of {total} MB")

    def _megabytes(self) -> float:
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file()) / 1e6
