"""The members of the family that have a name, and what any network of it is called. No torch."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from resnet_core.arms import own_settings
from resnet_core.config import ModelConfig
from resnet_core.members import ANCESTORS, ancestor_depths, depth_rule, relevant_settings


class Member(NamedTuple):
    """A network by its name. `settings` are its own, the depth included; the others are the usual ones."""

    title: str
    about: str
    settings: Mapping[str, Any]


MEMBERS = (
    Member("Plain", "Nothing goes past anything.", {"skip": "none", "depth": 56}),
    Member("ResNet", "He et al. 2015: every block adds its input.", {"skip": "identity", "depth": 56}),
    Member(
        "ResNet v2",
        "He et al. 2016: norm and activation in front of each convolution, nothing behind the addition.",
        {"skip": "identity", "depth": 56, "order": "pre"},
    ),
    Member(
        "Bottleneck v2",
        "He et al. 2016: blocks of 1x1, 3x3 and 1x1 convolutions, in the order of v2.",
        {"skip": "identity", "depth": 164, "order": "pre", "block": "bottleneck"},
    ),
    Member(
        "Stochastic depth",
        "arXiv:1603.09382: in training, whole branches are left out by chance.",
        {"skip": "identity", "depth": 56, "survival": 0.5},
    ),
    Member(
        "Fixup",
        "arXiv:1901.09321: no norm, but initial values with which every block hands on its shortcut. 56 "
        "layers at the usual settings: at a learning rate of 0.1 it diverged with seed 0 and ended at "
        "guessing with seed 1; at 0.05 both trained.",
        {"skip": "identity", "depth": 56, "norm": "none", "init": "fixup"},
    ),
    Member(
        "SkipInit",
        "De and Smith 2020, also ReZero: no norm, but a learned factor of each branch that starts at 0.",
        {"skip": "identity", "depth": 56, "norm": "none", "init": "skipinit"},
    ),
    Member(
        "Highway",
        "arXiv:1505.00387: a learned gate decides how much is changed, and the rest is carried on.",
        {"skip": "gated", "depth": 20, "block": "single"},
    ),
    Member(
        "Gated skip",
        "He et al. 2016: a learned gate on the shortcut alone.",
        {"skip": "gated", "depth": 56, "gate": "shortcut"},
    ),
    Member("Scaled skip", "He et al. 2016: the shortcut times a number.", {"skip": "scaled", "depth": 56}),
    Member(
        "1×1 skip", "He et al. 2016: a 1x1 convolution on the shortcut.", {"skip": "conv1x1", "depth": 56}
    ),
    Member("Dropout skip", "He et al. 2016: dropout on the shortcut.", {"skip": "dropout", "depth": 56}),
    Member(
        "DenseNet",
        "arXiv:1608.06993: every layer sees the maps of all layers of its block before it.",
        {"skip": "dense", "depth": 40},
    ),
    Member(
        "DenseNet-BC",
        "arXiv:1608.06993: with bottlenecks, and with transitions that keep half of the channels.",
        {"skip": "dense", "depth": 40, "block": "bottleneck", "compression": 0.5},
    ),
    Member(
        "Plain MLP",
        "Linear layers on the flattened picture.",
        {"family": "mlp", "skip": "none", "depth": 50, "width": 64},
    ),
    Member(
        "Residual MLP",
        "Linear layers in blocks that add their input.",
        {"family": "mlp", "skip": "identity", "depth": 50, "width": 64},
    ),
    Member(
        "AlexNet",
        "Of 2012, for small pictures; here with batch norm, unless it is switched off.",
        {"family": "alexnet", "depth": 8},
    ),
    Member(
        "VGG",
        "Of 2014, for small pictures; here with batch norm, unless it is switched off.",
        {"family": "vgg", "depth": 19},
    ),
    Member(
        "GoogLeNet",
        "Of 2014, for small pictures; here with batch norm, unless it is switched off.",
        {"family": "googlenet", "depth": 22},
    ),
)

_FORM = ("family", "skip", "gate", "scale_on", "order", "block")  # what makes a member, numbers apart


def member_of(model: ModelConfig) -> Member | None:
    """The named member that a network is an instance of, whatever its depth, width, norm and numbers."""
    return next((member for member in MEMBERS if _form(_model(member.settings)) == _form(model)), None)


def become(arm: Mapping[str, Any], member: Member) -> dict[str, Any]:
    """The settings of `member`; the arm's depth stays where both have the same depths."""
    before, after = _model(arm), _model(member.settings)
    rule = depth_rule(after)
    keeps = rule is not None and rule == depth_rule(before)
    return own_settings({**member.settings, **({"depth": before.depth} if keeps else {})})


def at_possible_depth(arm: Mapping[str, Any]) -> dict[str, Any]:
    """The arm with the possible depth that is closest to its own."""
    model = _model(arm)
    rule = depth_rule(model)
    if rule is not None:
        return {**arm, "depth": rule.closest(model.depth)}
    return {**arm, "depth": min(ancestor_depths(model.family), key=lambda depth: abs(depth - model.depth))}


def member_title(model: ModelConfig) -> str:
    """What a network is called for short: "plain-56", "ResNet-110 v2", "DenseNet-40 (k 12)", "VGG-19"."""
    if model.family in ANCESTORS:
        return {"alexnet": "AlexNet", "vgg": f"VGG-{model.depth}", "googlenet": "GoogLeNet"}[model.family]
    if model.skip == "dense":
        letters = ("B" if model.block == "bottleneck" else "") + ("C" if model.compression < 1 else "")
        return f"DenseNet{letters and '-'}{letters}-{model.depth} (k {model.growth})"
    is_highway = model.skip == "gated" and model.gate == "exclusive"
    name = {"none": "plain"}.get(model.skip, "Highway" if is_highway else "ResNet")
    if model.family == "mlp":
        name = f"{name.replace('ResNet', 'residual')} MLP"
    version = " v2" if model.order == "pre" and model.skip != "none" else ""
    return f"{name}-{model.depth}{version}{_variant(model)}"


def _variant(model: ModelConfig) -> str:
    if model.skip == "scaled":
        return f" ({'both' if model.scale_on == 'both' else 'skip'} × {model.scale:g})"
    if model.skip == "gated" and model.gate == "shortcut":
        return " (gated skip)"
    return {"conv1x1": " (1×1 skip)", "dropout": " (dropout skip)"}.get(model.skip, "")


def _form(model: ModelConfig) -> dict[str, Any]:
    relevant = relevant_settings(model)
    form = {name: getattr(model, name) for name in _FORM if name in relevant}
    starts = model.init if model.init in ("fixup", "skipinit") else None
    return form | {"init": starts, "is_stochastic": "survival" in relevant and model.survival < 1}


def _model(settings: Mapping[str, Any]) -> ModelConfig:
    return ModelConfig.model_construct(**settings)
