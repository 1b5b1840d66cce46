"""Published weights of ImageNet networks: which there are, and their files in torch hub's cache. No torch.

They are torchvision's IMAGENET1K_V1 for every network, also where it has newer ones of another recipe: the
first ones are those that are trained as simply as the papers' were, or ported from them.
"""

import hashlib
import os
import shutil
import urllib.request
from collections.abc import Callable
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.error import URLError

from filelock import FileLock

from resnet_core.runs.durable import RESERVED_BYTES, sha256

SECONDS_OF_SILENCE = 30  # after which a server counts as gone
CHUNK_BYTES = 2**18
SPARE_BYTES = 10**6  # that a file may be larger than the table says, which rounds
_HASH_DIGITS = 8


class Published(NamedTuple):
    """A network on offer. The end of the file's name is the beginning of its SHA-256.

    `blocks` are the places at which `saliency.imagenet` takes maps.
    """

    title: str
    file: str
    megabytes: float
    blocks: int
    address: str = "https://download.pytorch.org/models/"

    @property
    def url(self) -> str:
        return self.address + self.file


PUBLISHED = {
    "resnet18": Published("ResNet-18", "resnet18-f37072fd.pth", 44.661, 9),
    "resnet34": Published("ResNet-34", "resnet34-b627a593.pth", 83.275, 17),
    "resnet50": Published("ResNet-50", "resnet50-0676ba61.pth", 97.781, 17),
    "resnet101": Published("ResNet-101", "resnet101-63fe2227.pth", 170.511, 34),
    "resnet152": Published("ResNet-152", "resnet152-394f9c45.pth", 230.434, 51),
    "alexnet": Published("AlexNet", "alexnet-owt-7be5be79.pth", 233.087, 5),
    "vgg16": Published("VGG-16", "vgg16-397923af.pth", 527.796, 13),
    "vgg16_bn": Published("VGG-16 with BN", "vgg16_bn-6c64b313.pth", 527.866, 13),
    "googlenet": Published("GoogLeNet", "googlenet-1378be20.pth", 49.731, 12),
    "densenet121": Published("DenseNet-121", "densenet121-a639ec97.pth", 30.845, 9),
    "wide_resnet50_2": Published("Wide ResNet-50-2", "wide_resnet50_2-95faca4d.pth", 131.82, 17),
    "resnext50_32x4d": Published("ResNeXt-50 (32 x 4d)", "resnext50_32x4d-7cdf4587.pth", 95.789, 17),
}


class WeightsUnavailable(ValueError):
    """Weights are neither here nor to be had; says which, where they belong and what to do."""


def published(name: str) -> Published:
    """The network called `name` by torchvision. Raises ValueError for one that is not on offer."""
    if name not in PUBLISHED:
        raise ValueError(f"network: {name[:40]!r} is not one of {', '.join(PUBLISHED)}")
    return PUBLISHED[name]


def weights_folder() -> Path:
    """Torch hub's own: `TORCH_HOME`, else `torch` in `XDG_CACHE_HOME`, else in the user's `.cache`."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    return Path(os.path.expanduser(home)) / "hub" / "checkpoints"


def weights_file(name: str) -> Path | None:
    """The file of a network's weights, its hash checked; None where there is none.

    Raises `WeightsUnavailable` for a file of that name with something else in it.
    """
    wanted, path = published(name), weights_folder() / published(name).file
    try:
        facts = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise WeightsUnavailable(f"{path} cannot be read ({error.strerror})") from None
    digest = _digest(path, facts.st_size, facts.st_mtime_ns)
    if not digest.startswith(_hash_of(wanted)):
        raise WeightsUnavailable(
            f"{path} is not the file that was published: its SHA-256 begins with {digest[:_HASH_DIGITS]} "
            f"and should with {_hash_of(wanted)}. Delete it, or put the file from {wanted.url} in its place"
        )
    return path


def download(name: str, report: Callable[[float], None] = lambda share: None) -> Path:
    """The file of a network's weights, fetched unless it is there; `report` is told the share that is.

    Raises `WeightsUnavailable` where it cannot be had. No file has its name before its hash is right.
    """
    wanted, folder = published(name), weights_folder()
    if (there := weights_file(name)) is not None:
        return there
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Two questions may need it at the same moment: one downloads, the other finds it there.
        with FileLock(folder / f".{wanted.file}.lock"):
            return weights_file(name) or _fetched(wanted, folder, report)
    except (OSError, HTTPException) as error:
        raise WeightsUnavailable(
            f"{wanted.title}'s weights are not here and could not be downloaded ({_in_short(error)}). "
            f"Put the file {wanted.file} from {wanted.url} into {folder} (TORCH_HOME names another folder), "
            "or choose random weights"
        ) from None


def _fetched(wanted: Published, folder: Path, report: Callable[[float], None]) -> Path:
    """Under a name of its own until it is whole; what an ended process left of it is begun anew."""
    part, path = folder / f".{wanted.file}.part", folder / wanted.file
    _check_free_space(folder, wanted)
    request = urllib.request.Request(wanted.url, headers={"User-Agent": "resnet-lab"})
    try:
        with (
            urllib.request.urlopen(request, timeout=SECONDS_OF_SILENCE) as server,
            open(part, "wb") as file,
        ):
            digest = _copied(server, file, wanted, report)
        if not digest.startswith(_hash_of(wanted)):
            raise OSError(f"what came has another SHA-256, {digest[:_HASH_DIGITS]} at its beginning")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _copied(server, file: BinaryIO, wanted: Published, report: Callable[[float], None]) -> str:
    """The SHA-256 of what was written. Raises OSError for less than was promised, or far too much."""
    promised = server.headers.get("Content-Length", "")
    total = int(promised) if promised.isdecimal() else round(wanted.megabytes * 1e6)
    digest, come = hashlib.sha256(), 0
    while chunk := server.read(CHUNK_BYTES):
        come += len(chunk)
        if come > wanted.megabytes * 1e6 + SPARE_BYTES:
            raise OSError(f"the server sends more than {wanted.megabytes:.0f} MB")
        file.write(chunk)
        digest.update(chunk)
        report(min(come / max(total, 1), 1.0))
    if come < total and promised.isdecimal():
        raise OSError(f"it broke off after {come / 1e6:.1f} of {total / 1e6:.1f} MB")
    file.flush()
    os.fsync(file.fileno())
    return digest.hexdigest()


def _check_free_space(folder: Path, wanted: Published) -> None:
    free, needed = shutil.disk_usage(folder).free, wanted.megabytes * 1e6 + RESERVED_BYTES
    if free < needed:
        raise OSError(f"{free / 1e6:.0f} MB are free there and {needed / 1e6:.0f} MB needed")


@lru_cache(maxsize=64)
def _digest(path: Path, size: int, modified: int) -> str:
    try:
        return sha256(path)
    except OSError as error:
        raise WeightsUnavailable(f"{path} cannot be read ({error.strerror})") from None


def _hash_of(wanted: Published) -> str:
    return Path(wanted.file).stem.rpartition("-")[2]


def _in_short(error: Exception) -> str:
    why = error.reason if type(error) is URLError else error  # urlopen wraps what the system says
    said = " ".join(str(why).split()) or type(error).__name__
    return said if len(said) <= 160 else f"{said[:157]}..."
