"""How an arm is drawn, and the colours of the light and the dark page.

Blue is residual and orange is plain, everywhere. The hues are Okabe and Ito's (jfly.uni-koeln.de/color),
which readers with any common colour blindness tell apart; dash and marker say the same once more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resnet_core.config import ModelConfig, field_of
from resnet_core.members import is_plain, relevant_settings
from resnet_core.named_members import member_title

Settings = Mapping[str, Any]  # flat names, as in resnet_core.config.to_flat


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one page background."""

    ink: str
    muted: str
    grid: str
    paper: str
    right: str
    wrong: str
    zero: str  # heat map cells that the sequential scale has no place for
    infinite: str
    undefined: str
    faint: float  # opacity of what stands behind: the initial state, the loss of every step
    residual: tuple[str, ...]
    plain: tuple[str, ...]


LIGHT = Palette(
    ink="#1b1f2a", muted="#5b6372", grid="#e6e9ef", paper="#ffffff", right="#00725a", wrong="#b3261e",
    zero="#000000", infinite="#d41159", undefined="#f7a8c8", faint=0.26,
    residual=("#0072b2", "#4a2fbd", "#1696b6", "#35507a"), plain=("#d55e00", "#9c5a00", "#b87d00", "#8f3b1b"),
)  # fmt: skip
DARK = Palette(
    ink="#eef1f6", muted="#a7b0bf", grid="#2a303c", paper="#0e1117", right="#4fd1a5", wrong="#ff8a80",
    zero="#ffffff", infinite="#ff4f8b", undefined="#ffc6dc", faint=0.42,
    residual=("#56b4e9", "#a99bff", "#7fe0e8", "#a8c4ea"), plain=("#f5a623", "#ff8552", "#ffd166", "#d9a27a"),
)  # fmt: skip
PALETTES = {"light": LIGHT, "dark": DARK}

# By order within a kind: the first residual arm is solid, the first plain one dashed.
_DASHES = {"residual": ("solid", "14px,3px", "18px,3px,3px,3px", "22px,3px,3px,3px,3px,3px"),
           "plain": ("7px,4px", "2px,3px", "7px,3px,2px,3px", "4px,7px")}  # fmt: skip
_SYMBOLS = {"residual": ("circle", "square", "diamond", "pentagon"),
            "plain": ("triangle-up", "x", "triangle-down", "star")}  # fmt: skip

# Settings that a name tells where any arms differ in them and this one's is not the usual value.
_UNUSUAL: dict[str, dict[Any, str] | str] = {
    "norm": {"none": "no BN", "group": "group norm", "layer": "layer norm"},
    "init": {
        "glorot": "Glorot init", "pytorch": "PyTorch init", "zero-gamma": "zero gamma", "fixup": "Fixup",
        "skipinit": "SkipInit",
    },
    "shortcut": {"B": "option B", "C": "option C"},
    "order": {
        "relu-pre": "ReLU-only pre-activation", "bn-after": "BN after addition",
        "relu-before": "ReLU before addition",
    },
    "activation": {"gelu": "GELU", "tanh": "tanh", "sigmoid": "sigmoid"},
    "gain": "initial weights × {:g}",
    "survival": "stochastic depth {:g}",
    "augment": {True: "augmented"},
}  # fmt: skip
# Settings that a name tells where arms of the same title differ in them.
_NUMBERS = {
    "block": "{} blocks", "gate_bias": "gate bias {:g}", "shortcut_dropout": "drops {:g}",
    "compression": "compression {:g}", "dataset": "{}", "side": "{} px", "width": "width {}",
    "batch": "batch {}", "learning_rate": "lr {:g}", "weight_decay": "decay {:g}",
    "momentum": "momentum {:g}", "warmup_steps": "warm-up {}", "schedule": "{} schedule",
    "steps": "{} steps", "seed": "seed {}", "difficulty": "difficulty {:g}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ArmStyle:
    """The look of one arm: hue by kind; shade, dash and marker by its order within the kind."""

    kind: str  # residual or plain
    order: int

    @property
    def dash(self) -> str:
        return _DASHES[self.kind][self.order % 4]

    @property
    def symbol(self) -> str:
        return _SYMBOLS[self.kind][self.order % 4]

    def color(self, palette: Palette) -> str:
        return getattr(palette, self.kind)[self.order % 4]

    @property
    def colors(self) -> dict[str, str]:
        """On every page background, by its name."""
        return {name: self.color(palette) for name, palette in PALETTES.items()}


@dataclass(frozen=True, slots=True)
class Arm:
    """One network on a chart."""

    name: str
    style: ArmStyle


def kind_of(settings: Settings) -> str:
    return "plain" if is_plain(settings["family"], settings["skip"]) else "residual"


def arm_styles(labels: Sequence[Settings]) -> list[ArmStyle]:
    """One style an arm, all different for up to four arms of a kind."""
    return styles_of([kind_of(settings) for settings in labels])


def styles_of(kinds: Sequence[str]) -> list[ArmStyle]:
    """The same for networks whose kinds are known: residual or plain."""
    return [ArmStyle(kind, kinds[:i].count(kind)) for i, kind in enumerate(kinds)]


def arm_name(settings: Settings, also: Sequence[str] = ()) -> str:
    """ "ResNet-56" or "plain-56", and what the settings named in `also` add: "ResNet-56, no BN, lr 0.05"."""
    words = [_word(name, settings[name]) for name in also if _has_effect(name, settings)]
    return ", ".join([member_title(_model(settings)), *filter(None, words)])


def full_name(settings: Settings) -> str:
    """The name of a network that stands alone, with all that is unusual about it."""
    return arm_name(settings, [name for name in _UNUSUAL if settings[name] != field_of(name).default])


def arm_names(labels: Sequence[Settings]) -> list[str]:
    """Names that tell the arms apart and say no more than that; a number where nothing else does."""
    unusual = [name for name in _UNUSUAL if _differ(labels, name)]
    names = []
    for settings in labels:
        same = [other for other in labels if arm_name(other) == arm_name(settings)]
        names.append(arm_name(settings, unusual + [name for name in _NUMBERS if _differ(same, name)]))
    return [name if names.count(name) == 1 else f"{name} ({i + 1})" for i, name in enumerate(names)]


def _word(name: str, value: Any) -> str | None:
    words = _UNUSUAL.get(name) or _NUMBERS[name]
    if isinstance(words, str):
        return words.format(value) if name in _NUMBERS or value != field_of(name).default else None
    return words.get(value)


def _differ(labels: Sequence[Settings], name: str) -> bool:
    return len({settings[name] for settings in labels if _has_effect(name, settings)}) > 1


def _has_effect(name: str, settings: Settings) -> bool:
    return name not in ModelConfig.model_fields or name in relevant_settings(_model(settings))


def _model(settings: Settings) -> ModelConfig:
    return ModelConfig.model_construct(**{name: settings[name] for name in ModelConfig.model_fields})


def arms(labels: Sequence[Settings]) -> list[Arm]:
    """Name and style of each arm, from the flat settings of all of them."""
    return [Arm(*pair) for pair in zip(arm_names(labels), arm_styles(labels), strict=True)]
