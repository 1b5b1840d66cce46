"""Which settings of a network go together: possible depths, exclusions, what has no effect. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from resnet_core.config import ModelConfig

MIN_DEPTH, MAX_DEPTH = 5, 1202
VGG_DEPTHS = (11, 13, 16, 19)
VGG_SIDE = 32  # below, its last maps are single pixels
MLP_DEPTHS = (MIN_DEPTH, 100)
LAYERS = {"basic": 2, "bottleneck": 3, "single": 1, "triple": 3}  # weighted layers of a block
ANCESTORS = ("alexnet", "vgg", "googlenet")
RESIDUAL_INITS = ("zero-gamma", "fixup", "skipinit")  # those that begin with the identity
ADDED = ("identity", "scaled", "gated", "conv1x1", "dropout")  # skips that end in an addition


class DepthRule(NamedTuple):
    """Depths are `step` n + `offset`, n >= 1, from `low` to `high`."""

    step: int
    offset: int
    low: int
    high: int

    @property
    def text(self) -> str:
        return f"{self.step}n+{self.offset}" if self.step > 1 else f"{self.low} to {self.high}"

    def nearest(self, depth: int) -> list[int]:
        """The possible depths around `depth`."""
        n = max((depth - self.offset) // self.step, 1)
        around = (self.step * k + self.offset for k in (n, n + 1))
        return [d for d in around if self.low <= d <= self.high]

    def closest(self, depth: int) -> int:
        """The possible depth that is the least away from `depth`."""
        least, most = -(-(self.low - self.offset) // self.step), (self.high - self.offset) // self.step
        n = round((depth - self.offset) / self.step)
        return self.step * min(max(n, least), most) + self.offset


def kind_of(model: ModelConfig) -> str:
    """The family, or 'dense': DenseNets are built in a way of their own."""
    return "dense" if model.family == "resnet" and model.skip == "dense" else model.family


def depth_rule(model: ModelConfig) -> DepthRule | None:
    """None for the ancestors, which come in a few depths."""
    if model.family in ANCESTORS:
        return None
    if model.family == "mlp":
        low, high = MLP_DEPTHS
        step = LAYERS[model.block]
        return DepthRule(step, 2, low, high)
    if model.skip == "dense":
        step = 6 if model.block == "bottleneck" else 3
        return DepthRule(step, 4, step + 4, 400)
    step = 3 * LAYERS[model.block]
    return DepthRule(step, 2, max(step + 2, MIN_DEPTH), MAX_DEPTH)


def ancestor_depths(family: str) -> tuple[int, ...]:
    return {"alexnet": (8,), "vgg": VGG_DEPTHS, "googlenet": (22,)}[family]


def blocks_of(model: ModelConfig) -> int:
    """Units of a stage (dense: layers of a dense block; an MLP: of the network). Ancestors have none: 0."""
    rule = depth_rule(model)
    return (model.depth - rule.offset) // rule.step if rule else 0


def depth_problem(model: ModelConfig) -> str | None:
    """What is wrong with the depth, as a sentence that names what would be possible."""
    rule = depth_rule(model)
    if rule is None:
        possible = ancestor_depths(model.family)
        if model.depth in possible:
            return None
        return f"depth: {model.depth} is not possible: {model.family} has {_either(possible)} layers"
    if not rule.low <= model.depth <= rule.high:
        which = "below the smallest" if model.depth < rule.low else "above the largest"
        bound = rule.low if model.depth < rule.low else rule.high
        return f"depth: {model.depth} is {which} possible value, {bound}"
    if (model.depth - rule.offset) % rule.step:
        nearest = rule.nearest(model.depth)
        are = (
            f"the nearest are {nearest[0]} and {nearest[1]}"
            if len(nearest) > 1
            else f"the nearest is {nearest[0]}"
        )
        return f"depth: {model.depth} is not possible: depths are {rule.text}{_of(model)}; {are}"
    return None


def exclusion(model: ModelConfig) -> str | None:
    """Why these settings cannot go together, or None."""
    if model.family in ANCESTORS:
        if model.init in RESIDUAL_INITS:
            return f"init: {model.init!r} needs units with a skip, and {model.family} has none"
        return None
    return _mlp_exclusion(model) or _skip_exclusion(model) or _init_exclusion(model)


def batch_problem(model: ModelConfig, side: int, batch: int) -> str | None:
    """Why a network cannot be trained on batches of this size: a norm over one number would make it 0."""
    has_single_numbers = model.family == "mlp" or (model.family == "vgg" and side < VGG_SIDE)
    if batch > 1 or model.norm != "batch" or not has_single_numbers:
        return None
    return f"batch: {batch} is not possible: norm 'batch' in family {model.family!r} needs 2 pictures or more"


def relevant_settings(model: ModelConfig) -> tuple[str, ...]:
    """The settings of a model that change anything about this one, in their order."""
    if model.family in ANCESTORS:
        return ("family", "depth", "norm", "activation", "width", "init", "gain")
    dense = model.skip == "dense"
    has_stages = model.family == "resnet"
    there = {
        "scale": model.skip == "scaled",
        "scale_on": model.skip == "scaled",
        "gate": model.skip == "gated",
        "gate_bias": model.skip == "gated",
        "shortcut_dropout": model.skip == "dropout",
        "growth": dense,
        "compression": dense,
        "order": not dense,
        "width": not dense,
        "shortcut": has_stages and model.skip in ("identity", "scaled", "gated", "dropout"),
        "survival": model.skip in ADDED,
    }
    return tuple(name for name in type(model).model_fields if there.get(name, True))


def is_plain(family: str, skip: str) -> bool:
    """Whether nothing goes past anything in this network."""
    return skip == "none" or family in ANCESTORS


def _mlp_exclusion(model: ModelConfig) -> str | None:
    if model.family != "mlp":
        return None
    if model.block == "bottleneck":
        return "block: 'bottleneck' needs convolutions; an MLP has blocks of one, two or three layers"
    if model.skip == "dense":
        return "skip: 'dense' needs convolutions; an MLP cannot be a DenseNet here"
    if model.norm == "group":
        return "norm: 'group' needs feature maps; an MLP has 'batch' or 'layer'"
    return None


def _skip_exclusion(model: ModelConfig) -> str | None:
    skip = model.skip
    if skip == "dense" and model.block == "triple":
        return "block: 'triple' is not possible with skip 'dense', which has one convolution or a bottleneck"
    if skip == "scaled" and model.scale_on == "both" and model.scale == 0:
        return "scale: 0 on both would leave nothing of the unit; it must be above 0"
    if model.survival < 1 and skip in ("none", "dense"):
        return f"survival: {model.survival:g} drops whole branches, and skip {skip!r} would have nothing left"
    return None


def _init_exclusion(model: ModelConfig) -> str | None:
    init, skip, order = model.init, model.skip, model.order
    if init in RESIDUAL_INITS and skip == "none":
        return f"init: {init!r} needs skip 'identity' or another one: a plain block would output only zeros"
    if init in RESIDUAL_INITS and skip == "dense":
        return f"init: {init!r} makes a sum equal to its shortcut, and skip 'dense' has no sum"
    if init == "zero-gamma" and model.norm == "none":
        return "init: 'zero-gamma' sets the last gamma of a block to 0 and needs norm 'batch' or another one"
    if init == "zero-gamma" and order in ("pre", "bn-after"):
        return f"init: 'zero-gamma' needs a norm at the end of the branch; order {order!r} has a layer there"
    if init == "zero-gamma" and order == "relu-before" and model.activation == "sigmoid":
        return "init: 'zero-gamma' would not begin with the identity: at 0 the last sigmoid is 0.5"
    if init == "fixup" and model.norm != "none":
        return f"init: 'fixup' takes the place of a norm: norm {model.norm!r} must be 'none'"
    if init == "fixup" and (skip != "identity" or order != "post"):
        return "init: 'fixup' is made for skip 'identity' in order 'post'"
    return None


def _either(numbers: tuple[int, ...]) -> str:
    *rest, last = map(str, numbers)
    return f"{', '.join(rest)} or {last}" if rest else last


def _of(model: ModelConfig) -> str:
    if model.family == "resnet" and (model.block != "basic" or model.skip == "dense"):
        return f" for block {model.block!r}" + (" and skip 'dense'" if model.skip == "dense" else "")
    return ""
