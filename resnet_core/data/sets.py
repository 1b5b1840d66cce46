"""Image sets as one uint8 tensor on the device, and the batch of a step cut from it.

N = pictures, C = channels, S = side, B = batch. The sets come bundled, are drawn here, or come through
torchvision's own loaders, which check the files' hashes.
"""

import socket
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock
from torch import Tensor, nn

from resnet_core.config import DataConfig
from resnet_core.data.drawn import drawn_pictures
from resnet_core.data.info import SetInfo
from resnet_core.data.order import Batch, draw_batch
from resnet_core.runs.places import data_folder

BUNDLED = Path(__file__).parents[2] / "assets" / "fashion_mnist_12k.npz"
SECONDS_OF_SILENCE = 30  # after which a server counts as gone
DRAWN_AT_ONCE = 2_000_000  # pixels, after which it is told how far the drawing is

# What a damaged file raises in numpy's and torchvision's readers (which assert), and a broken download.
_DAMAGED = (
    ValueError, AssertionError, LookupError, TypeError, EOFError,
    zipfile.BadZipFile, tarfile.TarError, zlib.error,
)  # fmt: skip
_MISHAPS = (OSError, RuntimeError, HTTPException, *_DAMAGED)


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
        return images.to(torch.float32, copy=True).div_(255).sub_(mean).div_(std)

    def batch(self, data: DataConfig, seed: int, step: int, size: int) -> tuple[Tensor, Tensor]:
        """The pictures (B, C, S, S) uint8 and labels (B,) of one step: a function of (seed, step)."""
        pad = self.side // 8 if data.augment else 0
        flips = data.augment and self.info.flips
        drawn = draw_batch(seed, step, size, len(self.train_labels), pad, flips)
        where = torch.from_numpy(drawn.indices).to(self.train_images.device)
        images, labels = (whole.index_select(0, where) for whole in (self.train_images, self.train_labels))
        return (_augment(images, drawn, pad) if data.augment else images), labels


def load_images(
    data: DataConfig, device: torch.device, report: Callable[[str], None] = lambda text: None
) -> ImageSet:
    """Reads (or downloads or draws, telling `report` how far it is) a set. Raises `DataUnavailable`."""
    info = data.info
    if info.is_drawn:
        return _drawn_set(data, device, report)
    parts = _bundled_parts(info) if info.is_bundled else _torchvision_parts(data.name, info, report)
    train_images, train_labels, test_images, test_labels = parts
    return ImageSet(
        info,
        _pictures(train_images, data).to(device),
        _labels(train_labels).to(device),
        _pictures(test_images, data).to(device),
        _labels(test_labels).to(device),
    )


def _drawn_set(data: DataConfig, device: torch.device, report: Callable[[str], None]) -> ImageSet:
    parts = [*_drawn(data, True, report), *_drawn(data, False, report)]
    return ImageSet(data.info, *(torch.from_numpy(part).to(device) for part in parts))


def _drawn(data: DataConfig, is_training: bool, report: Callable[[str], None]) -> list[np.ndarray]:
    count = data.info.train_images if is_training else data.info.test_images
    images = np.empty((count, data.info.channels, data.side, data.side), np.uint8)
    labels = np.empty(count, np.int64)
    size = DRAWN_AT_ONCE // data.side**2
    for start in range(0, count, size):
        if is_training and start:
            report(f"Drawing {data.info.title}: {start:,} of {count:,} pictures")
        part = slice(start, start + size)
        images[part], labels[part], _ = drawn_pictures(np.arange(count)[part], data, is_training)
    return [images, labels]


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
    # Contiguous: pictures that lie channel beside channel would make the network choose other convolutions.
    padded = nn.functional.pad(images.contiguous().float(), (border,) * 4)
    return nn.functional.avg_pool2d(padded, 2).round().to(torch.uint8)


def _labels(labels: object) -> Tensor:
    return torch.from_numpy(np.asarray(labels).astype(np.int64))


@lru_cache(maxsize=16)
def _moments(info: SetInfo, device: torch.device) -> tuple[Tensor, Tensor]:
    shape = (1, info.channels, 1, 1)
    return tuple(torch.tensor(values, device=device).view(shape) for values in (info.mean, info.std))


def _augment(images: Tensor, drawn: Batch, pad: int) -> Tensor:
    """Shifts each picture by up to `pad` pixels over a border of zeros and mirrors some of them."""
    batch, channels, side, _ = images.shape
    window = np.arange(side)
    rows, columns = drawn.rows[:, None] + window, drawn.columns[:, None] + window  # (B, S)
    columns = np.where(drawn.mirrored[:, None], columns[:, ::-1], columns)
    # One index a pixel, shared by the channels: a fifth of the time of an index a dimension.
    pixels = torch.from_numpy(rows[:, :, None] * (side + 2 * pad) + columns[:, None, :]).to(images.device)
    padded = nn.functional.pad(images, (pad,) * 4).flatten(2)  # (B, C, (S + 2 pad) ** 2)
    return padded.gather(2, pixels.view(batch, 1, -1).expand(-1, channels, -1)).view(images.shape)


def _bundled_parts(info: SetInfo) -> list:
    try:
        with BUNDLED.open("rb") as opened, np.load(opened) as file:
            return [file[f"{split}_{kind}"] for split in ("train", "test") for kind in ("images", "labels")]
    except (OSError, *_DAMAGED) as error:
        raise DataUnavailable(
            f"{info.title} is missing or damaged: {BUNDLED} ({_in_short(error)}). "
            f"Fetch that file anew with the rest of the lab, or choose another image set."
        ) from None


def _torchvision_parts(name: str, info: SetInfo, report: Callable[[str], None]) -> list:
    folder = data_folder()
    try:
        if (parts := _read_set(name, folder, download=False)) is not None:
            return parts
        folder.mkdir(parents=True, exist_ok=True)
        # The arms of a race need the same set at the same moment: one downloads, the others find it there.
        with _Progress(folder, info, report), FileLock(folder / f".{name}.lock"), _patience():
            return _read_set(name, folder, download=True)
    except _MISHAPS as error:
        raise DataUnavailable(
            f"{info.title} is not, or not whole, in {folder} and could not be downloaded "
            f"({_in_short(error)}). Connect to the network, or put the set's files into that folder in "
            f"place of damaged ones (RESNET_LAB_DATA names another), or choose the bundled fashion-mnist."
        ) from None


def _in_short(error: Exception) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    return said if len(said) <= 160 else f"{said[:157]}..."


@contextmanager
def _patience() -> Iterator[None]:
    """Gives up a silent server: torchvision sets no timeout, and urllib's own is to wait forever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SECONDS_OF_SILENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


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
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def _watch(self) -> None:
        total = self.info.download_megabytes
        while not self.done.wait(0.5):
            here = min(self._megabytes() - self.before, total)
            self.report(f"Downloading {self.info.title}: {here:.0f} of {total} MB")

    def _megabytes(self) -> float:
        size = 0
        for file in self.folder.rglob("*"):
            with suppress(OSError):  # gone since it was listed
                size += file.stat().st_size if file.is_file() else 0
        return size / 1e6
