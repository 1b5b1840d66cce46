"""Hypothesis strategies for settings: everything that a bound allows, and networks small enough to build."""

import itertools
from typing import get_args

from hypothesis import strategies as st

from resnet_core.config import FLAT, ModelConfig, RunConfig, SettingsError, bounds, field_of, from_flat
from resnet_core.data.info import SETS
from resnet_core.members import ancestor_depths, batch_problem, depth_rule

# Those that have the most settings are drawn most often.
FAMILIES = ("resnet", "resnet", "resnet", "mlp", "mlp", "alexnet", "vgg", "googlenet")


def _value(name: str) -> st.SearchStrategy:
    kind, found = field_of(name).annotation, bounds(name)
    if kind is bool:
        return st.booleans()
    if name == "dataset":
        return st.sampled_from(sorted(SETS))
    if kind is str or get_args(kind):
        return st.sampled_from(get_args(kind))
    if kind is float:
        above, below = "gt" in found, "lt" in found
        low, high = found.get("ge", found.get("gt")), found.get("le", found.get("lt"))
        return st.floats(low, high, exclude_min=above, exclude_max=below)
    step = found.get("multiple_of", 1)
    return st.integers(found["ge"] // step, found["le"] // step).map(lambda count: step * count)


@st.composite
def run_configs(draw: st.DrawFn) -> RunConfig:
    """Any possible `RunConfig`."""
    drawn = {name: draw(_value(name)) for name in FLAT if name != "side"}
    info = SETS[drawn["dataset"]]
    drawn["side"] = draw(st.sampled_from(info.sides))
    drawn |= {} if info.is_drawn else {"difficulty": field_of("difficulty").default}
    fitted = drawn | _possible({name: drawn[name] for name in ModelConfig.model_fields})
    if batch_problem(ModelConfig.model_construct(**fitted), fitted["side"], fitted["batch"]):
        fitted["batch"] = 2
    return from_flat(fitted)


@st.composite
def networks(draw: st.DrawFn, depths: tuple[int, ...] = (8, 14), widths: tuple[int, ...] = (2, 4, 6)) -> dict:
    """Flat settings of a small plain or residual network of the paper."""
    drawn = {
        "depth": draw(st.sampled_from(depths)),
        "width": draw(st.sampled_from(widths)),
        "skip": draw(st.sampled_from(["none", "identity"])),
        "norm": draw(st.sampled_from(["batch", "none"])),
        "shortcut": draw(st.sampled_from(["A", "B"])),
    }
    is_residual = (drawn["norm"], drawn["skip"]) == ("batch", "identity")
    allowed = ["he", "pytorch", "zero-gamma"] if is_residual else ["he", "pytorch"]
    return drawn | {"init": draw(st.sampled_from(allowed))}


@st.composite
def members(draw: st.DrawFn, width: int = 4, families: tuple[str, ...] = FAMILIES) -> dict:
    """Flat settings of a small network of any kind."""
    drawn = {name: draw(_value(name)) for name in ModelConfig.model_fields if name != "gain"}
    drawn["gain"] = (1.0, 0.5, 2.0)[drawn["depth"] % 3]  # few enough layers that nothing overflows
    drawn |= {"width": width, "growth": 2, "family": draw(st.sampled_from(families))}
    drawn |= {"survival": 1.0} if draw(st.booleans()) else {}
    if drawn["init"] == "fixup":  # goes with nothing else
        drawn |= {"norm": "none", "skip": "identity", "order": "post"}
    return _possible(drawn, smallest=True)


def _possible(drawn: dict, smallest: bool = False) -> dict:
    """Settings that exclude each other are put back to the usual ones: as few as it takes."""
    usual = {name: field_of(name).default for name in drawn}
    names = ("init", "survival", "scale", "block", "norm", "skip")
    for count in range(len(names) + 1):
        for put_back in itertools.combinations(names, count):
            fitted = drawn | {name: usual[name] for name in put_back}
            fitted["depth"] = _possible_depth(fitted, smallest)
            try:
                from_flat(fitted)
            except SettingsError:
                continue
            return fitted
    raise AssertionError(f"no network can be made of {drawn}")


def _possible_depth(drawn: dict, smallest: bool) -> int:
    model = ModelConfig.model_construct(**drawn)
    rule = depth_rule(model)
    if rule is None:
        depths = ancestor_depths(model.family)
        return depths[drawn["depth"] % len(depths)]
    most = (rule.high - rule.offset) // rule.step
    least = max(1, -(-(rule.low - rule.offset) // rule.step))
    return rule.offset + rule.step * (least if smallest else least + drawn["depth"] % (most - least + 1))
