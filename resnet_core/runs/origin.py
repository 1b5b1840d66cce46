"""Where a run's weights come from, when not from its seed: weights.json in its folder says so. No torch.

The weights themselves are the run's checkpoint of step 0. The note is there before the run is in the catalog,
so a worker that finds no checkpoint to go on from never begins with other weights unnoticed.
"""

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from resnet_core.runs.catalog import StoreError
from resnet_core.runs.durable import write_whole

NOTE = "weights.json"
MAX_NOTE_BYTES = 2**12
MAX_NAME = 200
PLAIN = "A-Za-z0-9_ .,()+=-"  # it will stand on a page, and may come from elsewhere


class Origin(BaseModel):
    """The file that a run began with, and the sum of the weights as its checkpoint of step 0 has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(pattern=f"^[{PLAIN}]{{1,{MAX_NAME}}}$")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


def plain_name(file: str) -> str:
    """A file's name without what a page or a terminal would take for something else."""
    return re.sub(f"[^{PLAIN}]", "_", file)[:MAX_NAME]


def write_origin(folder: Path, origin: Origin) -> None:
    write_whole(folder / NOTE, origin.model_dump_json(indent=1).encode())


def read_origin(folder: Path) -> Origin | None:
    """None for a run that began with the weights of its seed. Raises `StoreError` for a damaged note."""
    try:
        content = (folder / NOTE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{folder / NOTE} cannot be read: {error.strerror}") from error
    try:
        return Origin.model_validate_json(content[: MAX_NOTE_BYTES + 1])
    except ValidationError as error:
        raise StoreError(f"{folder / NOTE} is damaged: it does not name the weights of step 0") from error
