"""One number a block over the steps of a run: a map a network, one colour scale for all.

R = readings, B = blocks. NaN and infinity have colours of their own.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.heat import MAX_CELLS, RARE, SCALE
from app.figures.theme import Arm, Palette

BETWEEN = 0.05
HEIGHT = 400  # px at scale 1


class BlockTimes(NamedTuple):
    """One run: `steps` (R,), `blocks` (B,) names, `values` (R, B)."""

    arm: Arm
    steps: np.ndarray
    blocks: Sequence[str]
    values: np.ndarray


def block_times(
    found: Sequence[BlockTimes], title: str, palette: Palette, scale: float = 1.0, *, step: int | None = None
) -> go.Figure:
    """Block 1, next to the picture, is at the bottom; an upright line marks `step`."""
    paper, count = Paper(palette, scale), max(len(found), 1)
    width = (1 - BETWEEN * (count - 1)) / count
    layout: dict[str, Any] = {"annotations": [], "shapes": []}
    traces = []
    for index, each in enumerate(found):
        number, left = axis_number(index), index * (width + BETWEEN)
        last = max(float(max(each.steps, default=1)), step or 0, 1.0)
        layout |= _axes(each, index, [left, left + width], paper)
        layout[f"xaxis{number}"]["range"] = [0, last]
        font = {"font": paper.ink_font | {"color": each.arm.style.color(palette)}}
        layout["annotations"].append(paper.heading(f"<b>{each.arm.name}</b>", left, 3) | font)
        layout["shapes"] += [] if step is None else [_mark(step, number, palette)]
        traces += _maps(each, number, palette)
    top = most(found)
    layout["coloraxis"] = _color_axis(paper, title, top)
    return paper.figure(traces, {"t": 28, "r": 78, "l": 84}, height=paper.px(HEIGHT), **layout)


def most(found: Sequence[BlockTimes]) -> float:
    """Where the colours end: the highest 0.5 % of all readings share the last one."""
    finite = np.concatenate([np.empty(0), *[each.values[np.isfinite(each.values)] for each in found]])
    return float(np.quantile(finite, 1 - RARE)) or 1.0 if finite.size else 1.0


def _maps(each: BlockTimes, number: str, palette: Palette) -> list[dict[str, Any]]:
    every = max(-(-len(each.steps) // MAX_CELLS[0]), 1)
    steps, z = each.steps[::every], each.values[::every].T.astype(np.float64)
    place = {
        "type": "heatmap", "name": each.arm.name, "x": steps, "y": np.arange(1, len(z) + 1), "xgap": 0,
        "hoverongaps": False, "xaxis": f"x{number}", "yaxis": f"y{number}",
        "text": np.repeat(np.array(each.blocks, object)[:, None], len(steps), 1),
    }  # fmt: skip
    maps = [place | {
        "meta": "values", "z": np.where(np.isfinite(z), z, np.nan), "coloraxis": "coloraxis",
        "hovertemplate": "%{text}, step %{x}: %{z:.3~g}",
    }]  # fmt: skip
    for is_odd, color, word in (
        (np.isinf(z), palette.infinite, "infinite"), (np.isnan(z), palette.undefined, "not a number")
    ):  # fmt: skip
        if is_odd.any():
            colors = {"colorscale": [(0, color), (1, color)], "showscale": False, "zmin": 0, "zmax": 1}
            odd = {"meta": word, "z": np.where(is_odd, 1.0, np.nan), "hovertemplate": f"%{{text}}: {word}"}
            maps.append(place | odd | colors)
    return maps


def _axes(each: BlockTimes, index: int, domain: list[float], paper: Paper) -> dict[str, Any]:
    number, count = axis_number(index), max(len(each.blocks), 1)
    rows = list(range(1, count + 1, max(-(-count // 12), 1)))
    names = [each.blocks[row - 1] for row in rows] if each.blocks else []
    return {
        f"xaxis{number}": paper.axis("step", domain=domain, anchor=f"y{number}", showgrid=False, nticks=6),
        f"yaxis{number}": paper.axis(
            anchor=f"x{number}", range=[0.5, count + 0.5], showgrid=False, tickvals=rows, ticktext=names
        ),
    }


def _mark(step: int, number: str, palette: Palette) -> dict[str, Any]:
    line = {"color": palette.ink, "width": 2, "dash": "dot"}
    return {"type": "line", "xref": f"x{number}", "yref": f"y{number} domain", "x0": step, "x1": step,
            "y0": 0, "y1": 1, "line": line}  # fmt: skip


def _color_axis(paper: Paper, title: str, top: float) -> dict[str, Any]:
    bar = {"title": {"text": title, "side": "top", "font": paper.ink_font}, "thickness": paper.px(14),
           "x": 1.012, "outlinewidth": 0, "nticks": 6}  # fmt: skip
    return {"colorscale": SCALE, "cmin": 0, "cmax": top, "colorbar": bar}
