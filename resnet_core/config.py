"""Every setting of a run and its bounds. Plain data: no torch.

A setting has one flat name (`depth`, `dataset`, `learning_rate`), the same on the command line, in the
URL and in every error; `RunConfig` groups them by what they configure.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from resnet_core.data.info import SETS, SetInfo
from resnet_core.data.shapes import DIFFICULTY
from resnet_core.members import MAX_DEPTH, MIN_DEPTH, batch_problem, blocks_of, depth_problem, exclusion

Family = Literal["resnet", "mlp", "alexnet", "vgg", "googlenet"]
Skip = Literal["none", "identity", "scaled", "gated", "conv1x1", "dropout", "dense"]
Order = Literal["post", "pre", "relu-pre", "bn-after", "relu-before"]
Block = Literal["basic", "bottleneck", "single", "triple"]
Norm = Literal["batch", "group", "layer", "none"]
Activation = Literal["relu", "gelu", "tanh", "sigmoid"]
Shortcut = Literal["A", "B", "C"]
Init = Literal["he", "glorot", "pytorch", "zero-gamma", "fixup", "skipinit"]
Interval = Annotated[int, Field(ge=0, le=10_000)]


class _Settings(BaseModel):
    # Lax types on purpose: a URL and a command line hand over text.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ModelConfig(_Settings):
    """A member of the family: which network, and what its units do."""

    family: Family = Field("resnet", description="plain and residual networks, MLPs, or an ancestor")
    depth: int = Field(
        56, ge=MIN_DEPTH, le=MAX_DEPTH, description="weighted layers: 6n+2, or as block and family allow"
    )
    skip: Skip = Field("identity", description="what goes past each unit: nothing, its input, or a variant")
    scale: float = Field(0.5, ge=0, le=1, description="factor of a scaled skip: 0 is plain, 1 residual")
    scale_on: Literal["shortcut", "both"] = Field("shortcut", description="what a scaled skip scales")
    gate: Literal["exclusive", "shortcut"] = Field(
        "exclusive", description="a gate g passes g F + (1 - g) x, or closes the shortcut only: F + (1 - g) x"
    )
    gate_bias: float = Field(-2.0, ge=-20, le=20, description="bias of the gates at the start")
    shortcut_dropout: float = Field(0.5, ge=0, lt=1, description="share that skip 'dropout' drops")
    growth: int = Field(12, ge=1, le=64, description="channels that each dense layer adds")
    compression: float = Field(1.0, gt=0, le=1, description="share of channels a dense transition keeps")
    order: Order = Field("post", description="where norm and activation stand in a unit")
    block: Block = Field("basic", description="convolutions of a unit: 3x3 twice, 1x1-3x3-1x1, one, three")
    norm: Norm = Field("batch", description="normalisation that goes with the convolutions, or none")
    activation: Activation = Field("relu", description="activation function")
    width: int = Field(8, ge=2, le=256, multiple_of=2, description="channels of the first stage")
    shortcut: Shortcut = Field(
        "A", description="where the shape changes: A pads zeros, B projects; C projects everywhere"
    )
    init: Init = Field("he", description="initial values")
    gain: float = Field(
        1.0, gt=0, le=100, description="factor on the initial weights of every layer but the classifier"
    )
    survival: float = Field(
        1.0, gt=0, le=1, description="stochastic depth: chance that the last unit takes part; 1 is off"
    )

    @model_validator(mode="after")
    def _settings_go_together(self) -> "ModelConfig":
        problem = depth_problem(self) or exclusion(self)
        if problem:
            raise ValueError(problem)
        return self

    @property
    def blocks_per_stage(self) -> int:
        """Units of each of the stages, or hidden units of an MLP."""
        return blocks_of(self)

    @property
    def has_bias(self) -> bool:
        """Whether convolutions have a bias: a norm has a shift of its own, and Fixup its own scalars."""
        return self.norm == "none" and self.init != "fixup"


class DataConfig(_Settings):
    """Which pictures, how large, and whether they are shifted and mirrored."""

    name: str = Field("fashion-mnist", description="image set")
    side: int = Field(16, description="image side in pixels")
    augment: bool = Field(
        False, description="random shift by up to side/8, and mirroring where it makes sense"
    )
    difficulty: float = Field(
        DIFFICULTY, ge=0, le=1, description="of drawn pictures: size, turns, contrast, texture, distractors"
    )

    @field_validator("name")
    @classmethod
    def _name_is_known(cls, name: str) -> str:
        if name not in SETS:
            raise ValueError(f"image sets are {', '.join(SETS)}")
        return name

    @model_validator(mode="after")
    def _side_is_on_offer(self) -> "DataConfig":
        if self.side not in self.info.sides:
            sides = " or ".join(map(str, self.info.sides))
            raise ValueError(
                f"side: {self.side} is not on offer for {self.name}, which comes in {sides} pixels"
            )
        return self

    @model_validator(mode="after")
    def _pictures_of_files_are_as_they_are(self) -> "DataConfig":
        if not self.info.is_drawn and self.difficulty != DIFFICULTY:
            raise ValueError(
                f"difficulty: {self.difficulty:g} is not on offer for {self.name}, whose pictures are not "
                f"drawn: it stays at {DIFFICULTY:g} there"
            )
        return self

    @property
    def info(self) -> SetInfo:
        return SETS[self.name]


class TrainingConfig(_Settings):
    """How the network is trained: SGD with Nesterov momentum, a warm-up and a schedule."""

    steps: int = Field(400, ge=1, le=100_000, description="updates of the weights")
    batch: int = Field(32, ge=1, le=1024, description="pictures per step")
    learning_rate: float = Field(0.1, gt=0, le=1000, description="peak learning rate")
    warmup_steps: int = Field(20, ge=0, le=10_000, description="steps of linear warm-up")
    schedule: Literal["linear", "cosine", "constant"] = Field("linear", description="decay after the warm-up")
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum (Nesterov when above 0)")
    weight_decay: float = Field(1e-4, ge=0, le=1, description="L2 penalty on all parameters")
    eval_every: int = Field(50, ge=1, le=100_000, description="steps between test accuracies")
    eval_images: int = Field(500, ge=1, le=100_000, description="test pictures in between (all at the end)")
    checkpoint_every: int = Field(50, ge=1, le=100_000, description="steps between checkpoints")
    threads: int = Field(1, ge=1, le=64, description="CPU threads of the run; part of bit-equality")


class ProbeConfig(_Settings):
    """Steps between two readings of each probe; 0 turns it off."""

    gradient_norm: Interval = Field(1, description="gradient norm and non-finite values by layer")
    activations: Interval = Field(10, description="activation mean, std and share of dead units by layer")
    branch_ratio: Interval = Field(10, description="||F(x)|| / ||x|| by block")
    update_ratio: Interval = Field(10, description="||update|| / ||weight|| by layer")
    gate: Interval = Field(10, description="mean gate by block, where there are gates")
    branch_gain: Interval = Field(
        10, description="what multiplies a branch last: |alpha|, or the mean |gamma|"
    )
    two_paths: Interval = Field(
        10, description="gradient through shortcut and branch, and their cosine, by block"
    )
    pictures: Interval = Field(10, description="the first pictures of the batch, with predictions")


class RunConfig(_Settings):
    """One network trained once."""

    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    training: TrainingConfig = TrainingConfig()
    probes: ProbeConfig = ProbeConfig()
    seed: int = Field(0, ge=0, le=2**31 - 1, description="seed of initial values and of the data order")

    @model_validator(mode="after")
    def _a_norm_has_numbers_to_compare(self) -> "RunConfig":
        if problem := batch_problem(self.model, self.data.side, self.training.batch):
            raise ValueError(problem)
        return self

    def to_json(self) -> str:
        return self.model_dump_json(indent=2)

    def digest(self) -> str:
        """A short name of this exact experiment. A setting that comes later leaves the names of old ones."""
        canonical = json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


class SettingsError(ValueError):
    """Settings that cannot be: one sentence a mistake, each with the field, the value and the bound."""

    def __init__(self, problems: Iterable[str]):
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def _flat_paths() -> dict[str, tuple[str, ...]]:
    paths: dict[str, tuple[str, ...]] = {}
    for group, field in RunConfig.model_fields.items():
        nested = field.annotation
        if not (isinstance(nested, type) and issubclass(nested, BaseModel)):
            paths[group] = (group,)
            continue
        for name in nested.model_fields:
            flat = {("data", "name"): "dataset"}.get((group, name), name)
            paths[f"probe_{name}" if group == "probes" else flat] = (group, name)
    return paths


FLAT: dict[str, tuple[str, ...]] = _flat_paths()  # flat name -> place in RunConfig
_NAME_OF_PLACE = {place: name for name, place in FLAT.items()}


def field_of(name: str) -> Any:
    """The pydantic field (default, bounds, description) behind a flat name."""
    *group, last = FLAT[name]
    owner = RunConfig.model_fields[group[0]].annotation if group else RunConfig
    return owner.model_fields[last]


def to_flat(config: RunConfig) -> dict[str, Any]:
    """Every setting by its flat name."""
    nested = config.model_dump()
    return {name: _look_up(nested, place) for name, place in FLAT.items()}


def from_flat(settings: Mapping[str, Any]) -> RunConfig:
    """A `RunConfig` from flat names; what is not named keeps its default. Raises `SettingsError`."""
    unknown = [name for name in settings if name not in FLAT]
    if unknown:
        raise SettingsError(
            f"{name}: there is no such setting; there are {', '.join(FLAT)}" for name in unknown
        )
    nested: dict[str, Any] = {}
    for name, value in settings.items():
        *group, last = FLAT[name]
        (nested.setdefault(group[0], {}) if group else nested)[last] = value
    return parse(nested)


def parse(nested: Mapping[str, Any] | str | bytes) -> RunConfig:
    """A `RunConfig` from a nested mapping or its JSON. Raises `SettingsError`."""
    try:
        if isinstance(nested, str | bytes):
            return RunConfig.model_validate_json(nested)
        return RunConfig.model_validate(nested)
    except ValidationError as error:
        raise SettingsError(explain(error)) from None


def explain(error: ValidationError) -> list[str]:
    """Pydantic's findings as sentences for people."""
    return [_sentence(finding) for finding in error.errors(include_url=False)]


def _sentence(finding: Mapping[str, Any]) -> str:
    place = tuple(str(part) for part in finding["loc"])
    name = _NAME_OF_PLACE.get(place, ".".join(place) or "settings")
    value, context = finding["input"], finding.get("ctx", {})
    bound = {
        "greater_than_equal": "is below the smallest possible value, {ge}",
        "greater_than": "must be above {gt}",
        "less_than_equal": "is above the largest possible value, {le}",
        "less_than": "must be below {lt}",
        "multiple_of": "must be a multiple of {multiple_of}{range}",
        "literal_error": "is not one of {expected}",
        "finite_number": "is not a finite number{range}",
        "extra_forbidden": "is not a setting",
    }.get(finding["type"])
    if bound is not None:
        return f"{name}: {_short(value)} {bound.format(**context, range=_range(name))}"
    if finding["type"] == "value_error":
        message = str(context["error"])
        return message if len(place) < 2 else f"{name}: {_short(value)} is not possible: {message}"
    return f"{name}: {_short(value)} is not understood: {finding['msg'].lower()}{_range(name)}"


def bounds(name: str) -> dict[str, float]:
    """The numeric bounds of a setting: any of `ge`, `gt`, `le`, `lt`, `multiple_of`."""
    keys = ("ge", "gt", "le", "lt", "multiple_of")
    return {k: getattr(m, k) for m in field_of(name).metadata for k in keys if hasattr(m, k)}


def _range(name: str) -> str:
    if name not in FLAT or not (found := bounds(name)):
        return ""
    low = found.get("ge", found.get("gt"))
    high = found.get("le", found.get("lt"))
    return f" (possible: {low} to {high})"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _look_up(nested: Mapping[str, Any], place: tuple[str, ...]) -> Any:
    for key in place:
        nested = nested[key]
    return nested
