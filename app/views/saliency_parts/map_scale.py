"""How maps are drawn, the same on all parts of the page: on one scale or each on its own, one sign or both.

Maps are arrays of any shape in one unit; an empty one is not known yet. What is not finite has no say.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from app.figures.map_sheet import Scale
from app.figures.words import in_words
from app.views.instruments.switches import switch

SCALES = {"one": "One scale for all", "own": "Each by its own largest"}
SIGNS = {"positive": "Positive", "both": "Both signs"}
LOGIT = "logit"


class MapScale(NamedTuple):
    """What the switches say. `is_shared`: one scale for all; `is_signed`: evidence against is drawn too."""

    is_shared: bool = True
    is_signed: bool = False

    def shown(self, values: np.ndarray) -> np.ndarray:
        """The values that are drawn: without those below 0, where only evidence for the class is."""
        return values if self.is_signed else np.where(np.isfinite(values) & (values < 0), 0, values)

    def largest(self, values: np.ndarray) -> float:
        """The largest size of what is drawn of one map; 0 where there is nothing."""
        drawn = self.shown(values)
        return float(np.abs(drawn[np.isfinite(drawn)]).max(initial=0))

    def ends(self, maps: Sequence[np.ndarray]) -> list[float]:
        """Where the colours of each map end."""
        each = [self.largest(values) for values in maps]
        return [max(each)] * len(each) if self.is_shared and each else each

    def legend(self, maps: Sequence[np.ndarray], unit: str = LOGIT, *, is_over: bool = False) -> Scale:
        """What the colours stand for. `is_over`: the maps lie over a picture."""
        most = max(self.ends(maps), default=0.0)
        if not self.is_shared:
            return Scale(
                np.nan, self.is_signed, "Each map by its own largest value, written below it", is_over
            )
        return Scale(most, self.is_signed, f"One scale for all; unit: {unit}", is_over)

    def note(self, values: np.ndarray) -> str:
        """What to write below a map: its largest value, or why there is nothing to see."""
        if not values.size:
            return ""
        odd, most = int(np.count_nonzero(~np.isfinite(values))), self.largest(values)
        nothing = "exactly 0" if self.is_signed else "no positive evidence"
        said = ("" if odd else nothing) if not most else self._reach(values)
        return ", ".join(filter(None, [said, f"{odd:,} not finite" if odd else ""]))

    def _reach(self, values: np.ndarray) -> str:
        finite = values[np.isfinite(values)]
        low, high = float(finite.min()), float(finite.max())
        if not self.is_signed or low >= 0:
            return f"to {in_words(high)}"
        return f"{in_words(low)} to {in_words(high) if high else '0'}"

    def faintest(self, names: Sequence[str], maps: Sequence[np.ndarray]) -> str:
        """A sentence about the faintest and the strongest map: what a scale for each would hide, or hides."""
        each = [(self.largest(values), name) for name, values in zip(names, maps, strict=True)]
        known = sorted(pair for pair in each if pair[0] > 0)
        if len(known) < 2 or known[0][0] == known[-1][0]:
            return ""
        (low, faint), (high, strong) = known[0], known[-1]
        times = f"{in_words(high / low)} times smaller than that of {strong}"
        if self.is_shared:
            return f"The faintest map is that of {faint}: its largest value is {times}, and it is drawn so."
        return f"{faint} is drawn as strong as {strong}, although its largest value is {times}."


def choose() -> MapScale:
    """Draws both switches."""
    with st.container(horizontal=True, width="content"):
        scale = switch("Scale of the colours", SCALES, key="map scale")
        signs = switch("Which evidence", SIGNS, key="map signs")
    return MapScale(scale == "one", signs == "both")
