"""Gradient norm over depth and step: one map an arm, one colour scale for all of them.

The colour is log10 of the norm. 0, infinity and NaN have no logarithm and get colours of their own.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import axis, canvas
from app.figures.history import History
from app.figures.theme import Arm, Palette

MAX_CELLS = (256, 112)  # steps, layers: more than that no screen shows and no browser draws in time
ZERO, INFINITE, UNDEFINED = 0.0, 1.0, 2.0
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
    """The empty figure. Depth 1, the layer next to the picture, is at the bottom."""
    figure = canvas(palette, scale, meta={"panel": "heat"})
    figure.update_layout(
        margin_t=round(30 * scale), margin_r=round(86 * scale), coloraxis=_color_axis(palette, scale)
    )
    count = max(len(arms), 1)
    width = (1 - GAP * (count - 1)) / count
    for index, arm in enumerate(arms):
        number = "" if index == 0 else str(index + 1)
        left = index * (width + GAP)
        figure.add_traces(_maps(index, arm, palette, number))
        figure.update_layout({
            f"xaxis{number}": axis(palette, "step", domain=[left, left + width], anchor=f"y{number}",
                                   range=[0, 1], showgrid=False, tickformat=",d", nticks=6),
            f"yaxis{number}": axis(palette, "" if index else "depth (layer)", anchor=f"x{number}",
                                   range=[0.5, 56.5], showgrid=False, nticks=6, showticklabels=not index,
                                   **({"matches": "y"} if index else {})),
        })  # fmt: skip
        figure.add_annotation(
            text=f"<b>{arm.name}</b>", x=left, xref="paper", xanchor="left", y=1, yref="paper",
            yanchor="bottom", yshift=3, showarrow=False,
            font={"color": arm.style.color(palette), "size": round(15 * scale)},
        )  # fmt: skip
    return figure


def _color_axis(palette: Palette, scale: float) -> dict:
    return {
        "colorscale": SCALE,
        "cmin": -3,
        "cmax": 1,
        "colorbar": {
            "title": {"text": "gradient<br>norm", "side": "top", "font": {"color": palette.ink}},
            "thickness": 14 * scale,
            "len": 1,
            "x": 1.012,
            "outlinewidth": 0,
            "tickprefix": "10<sup>",
            "ticksuffix": "</sup>",
            "dtick": 1,
            "nticks": 7,
        },
    }


def _maps(index: int, arm: Arm, palette: Palette, number: str) -> list[go.Heatmap]:
    place = {"x": [], "y": [], "z": [], "xaxis": f"x{number}", "yaxis": f"y{number}", "name": arm.name,
             "hoverongaps": False}  # fmt: skip
    meta = {"arm": index, "quantity": "gradient_norm"}
    colors = (palette.zero, palette.infinite, palette.undefined)
    steps = [(at, color) for i, color in enumerate(colors) for at in (i / 3, (i + 1) / 3)]
    return [
        go.Heatmap(**place, meta=meta | {"role": "heat"}, coloraxis="coloraxis",
                   hovertemplate="step %{x}, depth %{y}: 10<sup>%{z:.2f}</sup>"),
        go.Heatmap(**place, meta=meta | {"role": "special"}, colorscale=steps, showscale=False,
                   zmin=0, zmax=2, hovertemplate="step %{x}, depth %{y}: exactly 0, infinite or NaN"),
    ]  # fmt: skip


def fill_heat_maps(figure: go.Figure, histories: Sequence[History]) -> go.Figure:
    """Puts stored gradient norms into `heat_maps` and spans the one colour scale over all of them."""
    cells = [cells_of(history) for history in histories]
    for trace in figure.data:
        found = cells[trace.meta["arm"]]
        trace.x, trace.y = found.steps, found.depths
        trace.z = found.values if trace.meta["role"] == "heat" else found.special
    finite = np.concatenate([np.empty(0), *[c.values[np.isfinite(c.values)] for c in cells]])
    low, high = (np.floor(finite.min()), np.ceil(finite.max())) if len(finite) else (-3.0, 1.0)
    figure.update_layout(coloraxis={"cmin": low, "cmax": max(high, low + 1)})
    for index, history in enumerate(histories):
        number = "" if index == 0 else str(index + 1)
        steps = max(history.planned_steps, *history.steps[-1:], 1)
        deepest = max((layer.depth for other in histories for layer in other.layers), default=56)
        figure.update_layout(
            {f"xaxis{number}_range": [0, steps], f"yaxis{number}_range": [0.5, deepest + 0.5]}
        )
    return figure


def cells_of(history: History, quantity: str = "gradient_norm") -> Cells:
    """The main path's norms as cells. Of readings that share a cell the worst wins, else the mean log."""
    reading = history.readings.get(quantity)
    rows = [i for i, layer in enumerate(history.layers) if layer.kind != "projection"]
    if reading is None or not len(reading.steps) or not rows:
        nothing = np.empty((0, 0))
        return Cells(np.empty(0), np.empty(0), nothing, nothing)
    columns = -(-max(len(reading.steps), 1) // MAX_CELLS[0])
    layers = -(-len(rows) // MAX_CELLS[1])
    norms = reading.values[:, rows].T.astype(np.float64)  # (L, R)
    depths = np.array([history.layers[i].depth for i in rows])
    special = np.select([np.isnan(norms), np.isinf(norms), norms <= 0], [UNDEFINED, INFINITE, ZERO], -1.0)
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
