"""Questions that instruments answer: which one, about which network, with which settings. No torch.

An equal question has an equal key, under which its answer is kept.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from resnet_core import findings
from resnet_core import options as settings
from resnet_core import saliency_findings as found
from resnet_core.config import RunConfig, SettingsError, explain, parse
from resnet_core.options import Options


class Instrument(NamedTuple):
    """What can be asked. `version` changes when its numbers do: kept answers of older ones are not used.

    An instrument that needs no network makes its own: it has the same answer whatever run is looked at.
    """

    title: str
    finding: type
    options: type[Options] = Options
    version: int = 1
    needs_network: bool = True
    seconds: float = 120.0  # after which an answer is given up


INSTRUMENTS: dict[str, Instrument] = {
    "profile": Instrument("gradient and weight norms against depth", findings.Profile, version=2),
    "two-paths": Instrument("the gradient through shortcut and branch", findings.TwoPaths),
    "path-lengths": Instrument("the gradient by path length", findings.PathLengths, settings.PathOptions),
    "slow-motion": Instrument("one step, unit by unit", findings.Motion),
    "shattered": Instrument("gradients along a line", findings.Shattered, settings.LineOptions),
    "scalar-nets": Instrument(
        "gradients of networks of one number", findings.ScalarNets, settings.SeedsOptions, needs_network=False
    ),
    "correlation-laws": Instrument(
        "correlation of gradients by depth",
        findings.CorrelationLaws,
        settings.SeedsOptions,
        needs_network=False,
    ),
    "gradient-noise": Instrument("how far pictures agree", findings.GradientNoise, settings.NoiseOptions),
    "variance": Instrument("variance through the depth", findings.Variance),
    "blocks": Instrument("how much each block does", findings.Blocks),
    "feature-maps": Instrument(
        "what every unit makes of a picture", findings.FeatureMaps, settings.MapOptions
    ),
    "read-out": Instrument("the answer after every unit", findings.Readout, settings.ReadoutOptions),
    "singular-values": Instrument(
        "singular values of a block", findings.SingularValues, settings.JacobianOptions
    ),
    "block-maps": Instrument(
        "class activation maps of every unit", found.BlockMaps, settings.ExplainedOptions
    ),
    "pixel-map": Instrument("a map of the picture's pixels", found.PixelMap, settings.PixelMapOptions),
    "randomized": Instrument(
        "a map while weights become random", found.Randomized, settings.RandomizedOptions
    ),
    "perturbed": Instrument(
        "the answer while salient pixels go or come", found.Perturbed, settings.PerturbedOptions
    ),
    "pointing-game": Instrument(
        "how often maps point at the thing", found.PointingGame, settings.PointingOptions, seconds=600
    ),
    "gallery": Instrument("test pictures and what is said of them", found.Gallery, settings.GalleryOptions),
    "upload": Instrument(
        "a visitor's picture, decoded", found.Upload, settings.UploadOptions, needs_network=False, seconds=10
    ),
    "imagenet-maps": Instrument(
        "maps of a network of torchvision",
        found.ImageNetMaps,
        settings.ImageNetOptions,
        needs_network=False,
        seconds=1800,
    ),
}


class Question(BaseModel):
    """One instrument, pointed at the initial network of `config` or at the weights kept of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instrument: str
    config: RunConfig = RunConfig()
    run_id: str = Field(
        "", max_length=26, description="run whose weights are looked at; empty: initial values"
    )
    step: int = Field(
        0, ge=0, le=100_000, description="updates done: which of the kept weights, and which batch is next"
    )
    options: Options = Options()

    @field_validator("instrument")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in INSTRUMENTS:
            raise ValueError(f"instruments are {', '.join(INSTRUMENTS)}")
        return name

    @model_validator(mode="after")
    def _options_are_those_of_the_instrument(self) -> "Question":
        kind = INSTRUMENTS[self.instrument].options
        if type(self.options) is not kind:
            raise ValueError(f"options: {self.instrument} has {kind.__name__}")
        return self

    @cached_property
    def key(self) -> str:
        """Equal for equal questions: letters and digits, a name for a file.

        What only says how a run trains on leaves it as it is, and so does a setting that comes later.
        """
        asked = {
            "instrument": self.instrument,
            "version": INSTRUMENTS[self.instrument].version,
            **self._about,
            "options": self.options.model_dump(mode="json", exclude_defaults=True),
        }
        return _digest(asked)

    @cached_property
    def network_key(self) -> str:
        """Equal for questions about the same weights and the same next batch, whatever is asked."""
        return _digest(self._about)

    @property
    def _about(self) -> dict[str, Any]:
        config = self.config
        return {
            "model": config.model.model_dump(mode="json", exclude_defaults=True),
            "data": config.data.model_dump(mode="json", exclude_defaults=True),
            "batch": config.training.batch,
            "threads": config.training.threads,  # numbers are added in another order
            "seed": config.seed,
            "run": self.run_id,
            "step": self.step,
        }

    def to_json(self) -> str:
        """One line, as `question_from_json` takes it."""
        whole = self.model_dump(mode="json", exclude={"options"})
        return json.dumps(whole | {"options": self.options.model_dump(mode="json")})


def _digest(asked: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


def question(
    instrument: str,
    config: RunConfig,
    *,
    run_id: str = "",
    step: int = 0,
    options: Mapping[str, Any] | None = None,
) -> Question:
    """A checked question. Raises `SettingsError`, a sentence a mistake.

    Where the instrument needs no network, what is said about one is left out, so that all ask the same.
    """
    if instrument in INSTRUMENTS and not INSTRUMENTS[instrument].needs_network:
        config, run_id, step = RunConfig(), "", 0
    try:
        kind = INSTRUMENTS[instrument].options if instrument in INSTRUMENTS else Options
        chosen = kind.model_validate(dict(options or {}))
        return Question(instrument=instrument, config=config, run_id=run_id, step=step, options=chosen)
    except ValidationError as error:
        raise SettingsError(explain(error)) from None


def question_from_json(text: str | bytes) -> Question:
    """The inverse of `Question.to_json`. Raises `SettingsError`."""
    try:
        parts = json.loads(text)
        return question(config=parse(parts.pop("config")), **parts)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        if isinstance(error, SettingsError):
            raise
        raise SettingsError([f"this is not a question: {type(error).__name__}"]) from None
