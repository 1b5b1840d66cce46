"""How much of a map is left while weights become random from the top down: three measures, a panel each.

Adebayo et al. 2018 (arXiv:1810.03292). P = places.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.panels import Axes, Curve, Panel, panels
from app.figures.theme import Arm, Palette
from app.figures.words import in_words

ALONG = "units that are random, from the top"
TITLES = ("rank correlation, signed", "rank correlation of sizes", "structural similarity (SSIM)")


class Resemblance(NamedTuple):
    """One network's map: `counts` of units that are random, `units`, and three measures, all (P,)."""

    arm: Arm
    counts: np.ndarray
    units: np.ndarray
    signed_rank: np.ndarray
    absolute_rank: np.ndarray
    similarity: np.ndarray

    @property
    def measures(self) -> tuple[np.ndarray, ...]:
        """In the order of `TITLES`."""
        return self.signed_rank, self.absolute_rank, self.similarity


def resemblance(
    found: Sequence[Resemblance], units: Mapping[Arm, int], palette: Palette, scale: float = 1.0
) -> go.Figure:
    """`units` has how many there are in each network of the page, `found` those that are known already."""
    arms, most = list(units), max(units.values())
    axes = Axes(ALONG, (-0.03 * most, 1.03 * most), (-1.05, 1.05), "likeness to the first map", whole=True)
    return panels([_panel(i, found, arms) for i in range(len(TITLES))], axes, palette, scale)


def _panel(index: int, found: Sequence[Resemblance], arms: Sequence[Arm]) -> Panel:
    ends = {one.arm.name: in_words(float(one.measures[index][-1])) for one in found}
    notes = [
        (arm, f"{arm.name}: {ends[arm.name]} with all random" if arm.name in ends else arm.name)
        for arm in arms
    ]
    return Panel(TITLES[index], [_curve(one, one.measures[index]) for one in found], notes)


def _curve(one: Resemblance, values: np.ndarray) -> Curve:
    said = [
        f"{one.arm.name}, {f'from {unit} on' if unit else 'nothing'} random: {in_words(value)}"
        for unit, value in zip(map(str, one.units), values.astype(float), strict=True)
    ]
    return Curve(one.arm, one.counts, values, said)
