"""How the values of every unit are spread, a row a unit, each on a range of its own, and what is odd in them.

The middle of a row is 0, its ends are as far away as the unit's largest value. Beside it: shares of exact
zeros and dead channels, counts of NaN and infinity. U = units, 32 bins a unit.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.heat import SCALE
from app.figures.theme import Arm, Palette

CELLS = 81  # of a row, odd: the middle one is around 0
ROWS = (17, 30)  # px at scale 1 of a row, the least and the most
ROOM = 420  # px that all rows may take before they get the least
COUNTERS, NONE = ("0", "dead", "NaN", "∞"), "·"
BETWEEN, COUNTED, NAMES = 0.035, 0.32, 0.2  # shares of the width: gap; of a panel: counters, names
LOWEST = -4.0  # log10 of the share of values that the colours begin at


class Spread(NamedTuple):
    """One network's units, from the picture on: `bins` (U, 33), `counts` (U, 32), the rest (U,)."""

    arm: Arm
    units: np.ndarray
    bins: np.ndarray
    counts: np.ndarray
    values: np.ndarray
    zeros: np.ndarray
    dead: np.ndarray
    channels: np.ndarray
    nans: np.ndarray
    infinities: np.ndarray


def spreads(found: Sequence[Spread], palette: Palette, scale: float = 1.0) -> go.Figure:
    """Panels beside each other, the unit next to the picture at the top."""
    paper, count = Paper(palette, scale), max(len(found), 1)
    width = (1 - BETWEEN * (count - 1)) / count
    layout: dict[str, Any] = {"annotations": []}
    for index, spread in enumerate(found):
        left = index * (width + BETWEEN)
        layout |= _axes(spread, index, (left, width), paper)
        font = {"font": paper.ink_font | {"color": spread.arm.style.color(palette)}}
        layout["annotations"].append(paper.heading(f"<b>{spread.arm.name}</b>", left, 22) | font)
    rows = max((len(spread.units) for spread in found), default=1)
    row = min(max(ROOM // max(rows, 1), ROWS[0]), ROWS[1])
    return paper.figure(
        [trace for index, spread in enumerate(found) for trace in _traces(spread, index, paper)],
        {"l": 4, "r": 4, "t": 48, "b": 90},
        height=paper.px(48 + 90 + row * max(rows, 8)),
        coloraxis=_color_axis(paper),
        **layout,
    )


def shares_by_place(bins: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(U, CELLS) share of a unit's values at each place between - and + its largest; NaN where there is none.

    Each cell takes what its place has in the histogram; it is a density times the width of a cell.
    """
    most = np.abs(bins).max(1)
    most[~(most > 0)] = 1.0
    places = np.linspace(-1, 1, CELLS)
    shares = np.full((len(bins), CELLS), np.nan)
    for row, (edges, inside, end) in enumerate(zip(bins, counts, most, strict=True)):
        total, width = inside.sum(), np.diff(edges / end)
        if not total:
            continue
        at = np.clip(np.searchsorted(edges / end, places, side="right") - 1, 0, len(inside) - 1)
        is_in = (places >= edges[0] / end - 1e-9) & (places <= edges[-1] / end + 1e-9) & (inside[at] > 0)
        shares[row, is_in] = (inside[at] / total * (2 / CELLS) / np.maximum(width[at], 1e-12))[is_in]
    return np.minimum(shares, 1.0)


def counters(spread: Spread) -> list[list[str]]:
    """What is said of each unit: share of zeros, dead channels, NaN, infinite values; a dot for none."""
    shares = np.divide(spread.zeros, np.maximum(spread.values, 1))
    return [
        [_percent(share), f"{dead}/{of}" if dead else NONE, _count(nan), _count(infinite)]
        for share, dead, of, nan, infinite in zip(
            shares, spread.dead, spread.channels, spread.nans, spread.infinities, strict=True
        )
    ]


def _percent(share: float) -> str:
    if not share:
        return NONE
    return "<1 %" if share < 0.01 else (">99 %" if 0.99 < share < 1 else f"{share:.0%}".replace("%", " %"))


def _count(number: int) -> str:
    return NONE if not number else (f"{number:,}" if number < 10_000 else f"{number:.0e}".replace("e+0", "e"))


def _traces(spread: Spread, index: int, paper: Paper) -> list[dict[str, Any]]:
    rows, number = np.arange(len(spread.units)), axis_number(2 * index)
    if not len(rows) or not spread.values.any():
        return []
    logs = np.log10(shares_by_place(spread.bins, spread.counts))
    said = counters(spread)
    heat = {
        "type": "heatmap", "name": spread.arm.name, "meta": "spread", "z": np.maximum(logs, LOWEST),
        "x": np.linspace(-1, 1, CELLS), "y": rows, "coloraxis": "coloraxis", "hoverongaps": False,
        "text": [[_range_said(spread, row)] * CELLS for row in rows], "hovertemplate": "%{text}",
        "xaxis": f"x{number}", "yaxis": f"y{number}",
    }  # fmt: skip
    words = {
        "type": "scatter", "mode": "text", "name": spread.arm.name, "meta": "counters", "hoverinfo": "skip",
        "x": [i for _ in rows for i in range(len(COUNTERS))], "y": np.repeat(rows, len(COUNTERS)),
        "text": [word for row in said for word in row], "xaxis": f"x{axis_number(2 * index + 1)}",
        "yaxis": f"y{number}", "textfont": {"size": paper.px(11.5), "color": paper.palette.ink},
    }  # fmt: skip
    return [heat, words]


def ranges(spread: Spread) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest finite value of each unit; a histogram of zeros alone has edges beside them."""
    is_zero = (spread.zeros > 0) & (spread.zeros + spread.nans + spread.infinities == spread.values)
    return np.where(is_zero, 0.0, spread.bins[:, 0]), np.where(is_zero, 0.0, spread.bins[:, -1])


def _range_said(spread: Spread, row: int) -> str:
    low, high = (ends[row] for ends in ranges(spread))
    said = f"{low:.3g} … {high:.3g}".replace("-", "−")
    return f"{spread.units[row]}: {said}, {int(spread.values[row]):,} values"


def _axes(spread: Spread, index: int, across: tuple[float, float], paper: Paper) -> dict[str, Any]:
    one, two = axis_number(2 * index), axis_number(2 * index + 1)
    left, width = across
    rows = np.arange(len(spread.units))
    small = {"tickfont": {"size": paper.px(11.5)}, "showgrid": False, "fixedrange": True}
    middle, end = left + width * NAMES, left + width * (1 - COUNTED)
    return {
        f"xaxis{one}": paper.axis(
            "value / the unit's largest", domain=[middle, end], anchor=f"y{one}", range=[-1.02, 1.02],
            tickvals=[-1, 0, 1], **small,
        ),
        f"xaxis{two}": paper.axis(
            domain=[end, left + width], anchor=f"y{one}", range=[-0.6, 3.6], side="top",
            tickvals=list(range(4)), ticktext=list(COUNTERS), **small,
        ),
        f"yaxis{one}": paper.axis(
            range=[max(len(rows), 8) - 0.5, -0.5], anchor=f"x{one}", tickvals=rows,
            ticktext=list(spread.units), **small,
        ),
    }  # fmt: skip


def _color_axis(paper: Paper) -> dict[str, Any]:
    return {
        "colorscale": SCALE, "cmin": LOWEST, "cmax": 0,
        "colorbar": {
            "orientation": "h", "thickness": paper.px(10), "len": 0.4, "y": 0, "yanchor": "top", "x": 0.5,
            "ypad": paper.px(54), "tickvals": [-4, -3, -2, -1, 0], "outlinewidth": 0,
            "ticktext": ["≤ 0.01 %", "0.1 %", "1 %", "10 %", "100 %"],
            "title": {"text": "share of the unit's values", "side": "top", "font": paper.ink_font},
        },
    }  # fmt: skip
