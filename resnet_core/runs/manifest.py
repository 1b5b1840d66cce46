"""What the zip of a run says of itself: manifest.json, with bounds for everything a page will show."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from resnet_core.config import explain
from resnet_core.records import Phase, RunInfo
from resnet_core.runs.foreign_zip import ArchiveError
from resnet_core.runs.places import RUN_ID
from resnet_core.runs.store import MAX_ARMS
from resnet_core.runs.summary import finite_or_none

FORMAT = 1
NAME = "manifest.json"
KIND = "ResNet Lab run"
KNOWN_FILES = re.compile(
    r"manifest\.json|config\.json|weights\.json|metrics\.db|checkpoints/(0|[1-9][0-9]{0,5})/(model\.safetensors|meta\.json)",
    re.ASCII,
)

Id = Annotated[str, Field(pattern=f"^{RUN_ID.pattern}$")]
Time = Annotated[float, Field(ge=0, le=4e10)]  # seconds since 1970: to the year 3237
Word = Annotated[str, Field(max_length=300)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Packed(_Strict):
    """One file of the zip."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class Manifest(_Strict):
    """The row of the catalog, less what only counts on the machine it was made on, and every file's sum."""

    kind: Literal["ResNet Lab run"] = KIND
    format: int = Field(FORMAT, ge=1, le=FORMAT)
    run_id: Id
    race_id: Id
    arm: int = Field(ge=0, lt=MAX_ARMS)
    phase: Phase
    reason: str = Field(max_length=2000)
    created: Time
    started: Time | None
    finished: Time | None
    steps_per_second: float | None = Field(ge=0)
    environment: dict[Word, Word] = Field(max_length=50)
    files: dict[str, Packed]


class _Label(BaseModel):
    """What every format has, so that a newer one can be called by its name."""

    kind: Literal["ResNet Lab run"]
    format: int


def describe(info: RunInfo, files: dict[str, Packed]) -> Manifest:
    """The manifest of a run as it is now."""
    return Manifest(
        run_id=info.id,
        race_id=info.race_id,
        arm=info.arm,
        phase=info.phase,
        reason=info.reason[:2000],
        created=info.created,
        started=info.started,
        finished=info.finished,
        steps_per_second=finite_or_none(info.steps_per_second),
        environment={name[:300]: str(value)[:300] for name, value in info.environment.items()},
        files=files,
    )


def read_manifest(content: bytes) -> Manifest:
    """Raises `ArchiveError` for what is not one, or is one of a newer version."""
    try:
        label = _Label.model_validate_json(content)
        if label.format > FORMAT:
            raise ArchiveError(
                f"the zip was written by a newer version of ResNet Lab (format {label.format}; "
                f"this one reads up to {FORMAT}); update ResNet Lab"
            )
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise ArchiveError(f"{NAME} in the zip is damaged: {explain(error)[0][:300]}") from error
