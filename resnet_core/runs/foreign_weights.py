"""The weights of a checkpoint from elsewhere: a safetensors file that is what its meta.json says. No torch.

Only the form is checked here. Whether the tensors fit the network shows when they are loaded, in a worker.
"""

import hashlib
import struct
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open

from resnet_core.config import RunConfig
from resnet_core.runs.checkpoint_files import FORMAT, META, MODEL
from resnet_core.runs.foreign_zip import ArchiveError
from resnet_core.runs.manifest import Packed

MAX_HEADER_BYTES = 4 * 2**20  # the deepest network has 1.2 MB
MAX_META_BYTES = 2**16


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


def _check_safetensors(path: Path, where: str) -> None:
    with open(path, "rb") as file:
        head = file.read(8)
    if len(head) < 8 or struct.unpack("<Q", head)[0] > MAX_HEADER_BYTES:
        raise ArchiveError(f"{where} is damaged: {path.name} has no readable list of tensors")
    try:
        with safe_open(path, framework="numpy") as tensors:
            list(tensors.keys())
    except SafetensorError as error:
        raise ArchiveError(f"{where} is damaged: {path.name} is not a safetensors file ({error})") from error
