"""How far each update moved each weight, over depth and step: one map a run, one colour scale for all.

The colour is log10 of ||update|| / ||weight||. 0, infinity and NaN get colours of their own.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.heat import SCALE, SPECIAL, Cells, cells_of, color_span
from app.figures.history import History
from app.figures.theme import Arm, Palette

HEIGHT = 420  # px at scale 1
GAP = 0.05
QUANTITY = "update_ratio"
WORDS = {"zero": "exactly 0", "infinite": "infinite", "undefined": "not a number"}


def updates(
    runs: Sequence[tuple[Arm, History]], step: int, palette: Palette, scale: float = 1.0
) -> go.Figure:
    """Depth 1, next to the picture, is at the bottom; a line marks `step`."""
    paper, layout, traces, notes = Paper(palette, scale), {}, [], []
    cells = [cells_of(history, QUANTITY) for _, history in runs]
    width = (1 - GAP * (len(runs) - 1)) / max(len(runs), 1)
    for index, ((arm, _), found) in enumerate(zip(runs, cells, strict=True)):
        number, left = axis_number(index), index * (width + GAP)
        layout |= _axes(paper, number, [left, left + width], (found, step))
        font = paper.ink_font | {"color": arm.style.color(palette)}
        notes.append(paper.heading(f"<b>{arm.name}</b>", left, 4) | {"font": font})
        traces += _maps(arm, found, number, palette)
    notes.append(paper.heading("‖ΔW‖ / ‖W‖", 1.005, 12))
    low, high = color_span(cells)
    return paper.figure(
        traces, {"t": 34, "r": 92}, height=paper.px(HEIGHT), annotations=notes,
        shapes=[_mark(axis_number(i), step, palette) for i in range(len(runs))],
        coloraxis=_colors(paper, low, high), **layout,
    )  # fmt: skip


def _axes(paper: Paper, number: str, domain: list[float], shown: tuple[Cells, int]) -> dict[str, Any]:
    cells, step = shown
    deepest = float(cells.depths.max()) if len(cells.depths) else 56.0
    along = paper.axis("step", domain=domain, anchor=f"y{number}", nticks=6)
    along["range"] = _span(cells, step)
    up = paper.axis("depth (layer)" if not number else "", anchor=f"x{number}", range=[0.5, deepest + 0.5])
    quiet = {"showgrid": False}
    return {f"xaxis{number}": along | quiet, f"yaxis{number}": up | quiet | {"nticks": 6}}


def _span(cells: Cells, step: int) -> list[float]:
    """All cells whole, and the marked step."""
    half = float(np.diff(cells.steps).max()) / 2 if len(cells.steps) > 1 else 0.5
    last = float(cells.steps.max()) if len(cells.steps) else 0.0
    return [-half, max(last + half, step * 1.01, 1.0)]


def _maps(arm: Arm, cells: Cells, number: str, palette: Palette) -> list[dict[str, Any]]:
    place = {"type": "heatmap", "x": cells.steps, "y": cells.depths, "xaxis": f"x{number}",
             "yaxis": f"y{number}", "name": arm.name, "hoverongaps": False}  # fmt: skip
    hover = "step %{x}, depth %{y}: "
    measured = {"z": cells.values, "coloraxis": "coloraxis", "hovertemplate": hover + "10<sup>%{z:.2f}</sup>"}
    traces = [place | measured | {"meta": "ratio"}]
    for role, value in SPECIAL.items():
        z = np.where(cells.special == value, 1.0, np.nan)
        if np.isfinite(z).any():
            color = getattr(palette, role)
            look = {"colorscale": [(0, color), (1, color)], "showscale": False, "zmin": 0, "zmax": 1}
            traces.append(place | look | {"z": z, "meta": role, "hovertemplate": hover + WORDS[role]})
    return traces


def _mark(number: str, step: int, palette: Palette) -> dict[str, Any]:
    line = {"color": palette.ink, "width": 2, "dash": "dash"}
    return {"type": "line", "xref": f"x{number}", "yref": f"y{number} domain", "x0": step, "x1": step,
            "y0": 0, "y1": 1, "line": line}  # fmt: skip


def _colors(paper: Paper, low: float, high: float) -> dict[str, Any]:
    bar = {
        "thickness": paper.px(14), "len": 1.0, "x": 1.012, "outlinewidth": 0, "tickprefix": "10<sup>",
        "ticksuffix": "</sup>", "dtick": max(-(-(high - low) // 7), 1),
    }  # fmt: skip
    return {"colorscale": SCALE, "cmin": low, "cmax": high, "colorbar": bar}
