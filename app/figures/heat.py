"""Gradient norm over depth and step: one map an arm, one colour scale for all of them.

The colour is log10 of the norm. 0, infinity and NaN have no logarithm and get colours of their own.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.history import History
from app.figures.theme import Arm, Palette

MAX_CELLS = (256, 112)  # steps, layers: more than that no screen shows and no browser draws in time
SPECIAL = {"zero": 0.0, "infinite": 1.0, "undefined": 2.0}  # the worst last
RARE = 0.005  # share of cells at either end that the colour scale may leave out
GAP = 0.05  # between the maps, as a share of the width


# Viridis (bids.github.io/colormap) without its darkest tenth, which is hard to tell from black.
SCALE = [
    [i / 7, color]
    for i, color in enumerate(
        ("#482475", "#414487", "#31688e", "#21918c", "#35b779", "#7ad151", "#bddf26", "#fde725")
    )
]


class Cells(NamedTuple):
    """`values` (rows, columns): log10 of the norm, NaN where there is none; `special`: which none it is."""

    steps: np.ndarray
    depths: np.ndarray
    values: np.ndarray
    special: np.ndarray


def heat_maps(arms: Sequence[Arm], palette: Palette, scale: float = 1.0) -> go.Figure:
    """The empty figure. Depth 1, the layer next to the picture, is at the bottom; all maps zoom together."""
    paper = Paper(palette, scale)
    layout: dict[str, Any] = {"annotations": []}
    width = (1 - GAP * (len(arms) - 1)) / max(len(arms), 1)
    for index, arm in enumerate(arms):
        number, left = axis_number(index), index * (width + GAP)
        layout[f"xaxis{number}"], layout[f"yaxis{number}"] = _axes(paper, index, [left, left + width])
        font = paper.ink_font | {"color": arm.style.color(palette)}
        layout["annotations"].append(paper.heading(f"<b>{arm.name}</b>", left, 3) | {"font": font})
    return paper.figure(
        [trace for index, arm in enumerate(arms) for trace in _maps(index, arm, palette)],
        meta={"panel": "heat"},
        margins={"t": 28, "r": 78},
        coloraxis=_color_axis(paper),
        **layout,
    )


def _axes(paper: Paper, index: int, domain: list[float]) -> tuple[dict[str, Any], dict[str, Any]]:
    number, is_first = axis_number(index), index == 0
    step = paper.axis("step", domain=domain, anchor=f"y{number}", range=[0, 1], showgrid=False, nticks=5)
    depth = paper.axis("depth (layer)" if is_first else "", anchor=f"x{number}", range=[0.5, 56.5], nticks=6,
                       showgrid=False, showticklabels=is_first)  # fmt: skip
    together = ({}, {}) if is_first else ({"matches": "x"}, {"matches": "y"})
    return step | {"tickformat": ",d"} | together[0], depth | together[1]


def _color_axis(paper: Paper) -> dict:
    return {
        "colorscale": SCALE,
        "cmin": -3,
        "cmax": 1,
        "colorbar": {
            "title": {"text": "norm", "side": "top", "font": paper.ink_font},
            "thickness": paper.px(14),
            "len": 1.06,
            "x": 1.012,
            "outlinewidth": 0,
            "tickprefix": "10<sup>",
            "ticksuffix": "</sup>",
            "dtick": 1,
        },
    }


def _maps(index: int, arm: Arm, palette: Palette) -> list[dict[str, Any]]:
    number = axis_number(index)
    place = {"x": [], "y": [], "z": [], "xaxis": f"x{number}", "yaxis": f"y{number}", "hoverongaps": False}

    def trace(role: str, words: str, **look: Any) -> dict[str, Any]:
        meta = {"arm": index, "quantity": "gradient_norm", "role": role}
        hover = {"name": arm.name, "hovertemplate": "step %{x}, depth %{y}: " + words}
        return {"type": "heatmap", "meta": meta, **place, **hover, **look}

    def plain(role: str, words: str) -> dict[str, Any]:
        color = getattr(palette, role)
        colors = {"colorscale": [(0, color), (1, color)], "showscale": False, "zmin": 0, "zmax": 1}
        return trace(role, words, **colors)

    return [
        trace("heat", "10<sup>%{z:.2f}</sup>", coloraxis="coloraxis"),
        plain("zero", "exactly 0"),
        plain("infinite", "infinite"),
        plain("undefined", "not a number"),
    ]


def fill_heat_maps(figure: go.Figure, histories: Sequence[History]) -> go.Figure:
    """Puts stored gradient norms into `heat_maps` and spans the one colour scale over all of them."""
    cells = [cells_of(history) for history in histories]
    for trace in figure.data:
        found, role = cells[trace.meta["arm"]], trace.meta["role"]
        z = found.values if role == "heat" else np.where(found.special == SPECIAL[role], 1.0, np.nan)
        if role == "heat" or np.isfinite(z).any():
            trace.x, trace.y, trace.z = found.steps, found.depths, z
    low, high = color_span(cells)
    figure.update_layout(coloraxis={"cmin": low, "cmax": high, "colorbar_dtick": -(-(high - low) // 7)})
    steps = max((max(history.planned_steps, *history.steps[-1:], 1) for history in histories), default=1)
    deepest = max((layer.depth for history in histories for layer in history.layers), default=56)
    for number in map(axis_number, range(len(histories))):
        figure.update_layout(
            {f"xaxis{number}_range": [0, steps], f"yaxis{number}_range": [0.5, deepest + 0.5]}
        )
    return figure


def color_span(cells: Sequence[Cells]) -> tuple[float, float]:
    """The decades the colours span; the lowest and highest 0.5 % of cells share those at the ends."""
    finite = np.concatenate([np.empty(0), *[c.values[np.isfinite(c.values)] for c in cells]])
    if not len(finite):
        return -3.0, 1.0
    low = np.floor(np.quantile(finite, RARE, method="lower"))
    return low, max(np.ceil(np.quantile(finite, 1 - RARE, method="higher")), low + 1)


def cells_of(history: History, quantity: str = "gradient_norm") -> Cells:
    """The main path's norms as cells. Of readings that share a cell the worst wins, else the mean log."""
    reading = history.readings.get(quantity)
    rows = [i for i, layer in enumerate(history.layers) if not layer.is_beside]
    if reading is None or not len(reading.steps) or not rows:
        nothing = np.empty((0, 0))
        return Cells(np.empty(0), np.empty(0), nothing, nothing)
    columns = -(-max(len(reading.steps), 1) // MAX_CELLS[0])
    layers = -(-len(rows) // MAX_CELLS[1])
    norms = reading.values[:, rows].T.astype(np.float64)  # (L, R)
    depths = np.array([history.layers[i].depth for i in rows])
    special = np.select([np.isnan(norms), np.isinf(norms), norms <= 0], list(SPECIAL.values())[::-1], -1.0)
    logs = np.log10(np.where(special < 0, norms, 1.0))
    logs[special >= 0] = np.nan
    worst = _grouped(special, layers, columns, np.max)
    values = np.where(worst < 0, _grouped(logs, layers, columns, np.mean), np.nan)
    return Cells(reading.steps[::columns], depths[::layers], values, np.where(worst < 0, np.nan, worst))


def _grouped(cells: np.ndarray, rows: int, columns: int, reduce) -> np.ndarray:
    """Every `rows` x `columns` cells become one."""
    if rows == columns == 1:
        return cells
    height, width = cells.shape
    return np.array(
        [
            [reduce(cells[r : r + rows, c : c + columns]) for c in range(0, width, columns)]
            for r in range(0, height, rows)
        ]
    )
