"""Hypothesis strategies for settings: everything that a bound allows, and networks small enough to build."""

from typing import get_args

from hypothesis import strategies as st

from resnet_core.config import FLAT, Init, Norm, RunConfig, Shortcut, Skip, bounds, field_of, from_flat
from resnet_core.data.info import SETS


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
    if name == "depth":
        return st.integers(1, 200).map(lambda n: 6 * n + 2)
    step = found.get("multiple_of", 1)
    return st.integers(found["ge"] // step, found["le"] // step).map(lambda count: step * count)


@st.composite
def run_configs(draw: st.DrawFn) -> RunConfig:
    """Any possible `RunConfig`."""
    drawn = {name: draw(_value(name)) for name in FLAT if name != "side"}
    drawn["side"] = draw(st.sampled_from(SETS[drawn["dataset"]].sides))
    if drawn["init"] == "zero-gamma" and (drawn["norm"] == "none" or drawn["skip"] == "none"):
        drawn["init"] = "he"
    return from_flat(drawn)


@st.composite
def networks(draw: st.DrawFn, depths: tuple[int, ...] = (8, 14), widths: tuple[int, ...] = (2, 4, 6)) -> dict:
    """Flat settings of a small network."""
    drawn = {
        "depth": draw(st.sampled_from(depths)),
        "width": draw(st.sampled_from(widths)),
        "skip": draw(st.sampled_from(get_args(Skip))),
        "norm": draw(st.sampled_from(get_args(Norm))),
        "shortcut": draw(st.sampled_from(get_args(Shortcut))),
    }
    allowed = [
        i
        for i in get_args(Init)
        if i != "zero-gamma" or (drawn["norm"], drawn["skip"]) == ("batch", "identity")
    ]
    return drawn | {"init": draw(st.sampled_from(allowed))}
