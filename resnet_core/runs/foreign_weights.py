"""Weights from elsewhere: safetensors files, and checkpoints that are what their meta.json says. No torch.

Only the form is checked here. Whether the tensors fit a network shows when they are loaded into it.
"""

import hashlib
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open

from resnet_core.config import RunConfig
from resnet_core.runs.checkpoint_files import FORMAT, META, MODEL
from resnet_core.runs.foreign_zip import MAX_UNPACKED_BYTES, MEGABYTE, ArchiveError
from resnet_core.runs.manifest import Packed

MAX_HEADER_BYTES = 4 * 2**20  # the deepest network has 1.2 MB
MAX_META_BYTES = 2**16
MAX_WEIGHTS_BYTES = MAX_UNPACKED_BYTES  # VGG-19 for ImageNet has 575 MB


class WeightsError(ValueError):
    """What is wrong with a file of weights, in a sentence for people."""


class _Meta(BaseModel):
    format: int
    step: int
    config: str
    files: dict[str, Packed]


def check_checkpoint(folder: Path, config: RunConfig, weights: Packed) -> None:
    """Raises `ArchiveError` unless `folder` is a checkpoint of a run of `config`, with these weights."""
    where = f"checkpoint {folder.name} in the zip"
    try:
        content = (folder / META).read_bytes()
        meta = _Meta.model_validate_json(content[: MAX_META_BYTES + 1])
    except ValidationError as error:
        raise ArchiveError(f"{where} is damaged: its {META} is not understood") from error
    if meta.format > FORMAT:
        raise ArchiveError(f"{where} was written by a newer version of ResNet Lab; update ResNet Lab")
    if str(meta.step) != folder.name or meta.step > config.training.steps or meta.config != config.digest():
        raise ArchiveError(f"{where} belongs to another run or step")
    if meta.files.get(MODEL) != weights:
        raise ArchiveError(f"{where} is damaged: its weights are not those it was made with")
    _check_safetensors(folder / MODEL, where)


def is_sound(meta: bytes, model: BinaryIO) -> bool:
    """Whether a checkpoint's weights have the sum that its meta.json gives."""
    try:
        expected = _Meta.model_validate_json(meta).files.get(MODEL)
    except ValidationError:
        return False
    return expected is not None and expected.sha256 == hashlib.file_digest(model, "sha256").hexdigest()


@contextmanager
def opened_weights(path: Path, framework: Literal["numpy", "pt"] = "numpy") -> Iterator[safe_open]:
    """The tensors of a safetensors file. Raises `WeightsError` for what is none, is damaged or too large."""
    try:
        _check_size(path)
        with safe_open(path, framework=framework) as tensors:
            yield tensors
    except SafetensorError as error:
        raise WeightsError(f"{path.name} is not a safetensors file, or damaged ({_plain(error)})") from error
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read: {error.strerror or _plain(error)}") from error


def _check_size(path: Path) -> None:
    if not path.is_file():
        raise WeightsError(f"{path.name} is not there, or not a file")
    size = path.stat().st_size
    if size > MAX_WEIGHTS_BYTES:
        raise WeightsError(
            f"{path.name} has {size // MEGABYTE} MiB; at most {MAX_WEIGHTS_BYTES // MEGABYTE} are possible"
        )
    with open(path, "rb") as file:
        head = file.read(8)
    if len(head) < 8 or struct.unpack("<Q", head)[0] > min(MAX_HEADER_BYTES, size):
        raise WeightsError(f"{path.name} has no readable list of tensors, so it is not a safetensors file")


def _plain(error: Exception) -> str:
    # The library quotes from the file.
    return "".join(c for c in str(error)[:200] if c.isprintable())


def _check_safetensors(path: Path, where: str) -> None:
    try:
        with opened_weights(path) as tensors:
            list(tensors.keys())
    except WeightsError as error:
        raise ArchiveError(f"{where} is damaged: {error}") from error
