"""One saliency map large, a pair of panels a network: over the picture, and its own grid with its values.

h, w = height and width of the map's own grid.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.map_colors import diverging_scale, rising_scale
from app.figures.montage import png
from app.figures.theme import Arm, Palette

HEIGHT = 340  # px at scale 1
GAP = 0.02  # of the width, between panels
WRITTEN = 5  # cells along a side whose values have room


class OneMap(NamedTuple):
    """`overlay` (n, n, 3) uint8 and `values` (h, w), both empty while they are not known.

    Colours end at `most`, on both sides of 0 where the map is signed.
    """

    arm: Arm
    about: str
    overlay: np.ndarray
    values: np.ndarray
    most: float
    is_signed: bool


def one_map(found: Sequence[OneMap], palette: Palette, scale: float = 1.0) -> go.Figure:
    """Always as high; the values stand in the cells where they are large enough."""
    paper, count = Paper(palette, scale), 2 * max(len(found), 1)
    width = (1 - GAP * (count - 1)) / count
    layout: dict[str, Any] = {"annotations": [], "images": []}
    traces = []
    for index, one in enumerate(found):
        left, number = 2 * index * (width + GAP), axis_number(index)
        grid = left + width + GAP
        layout |= _axes(number, grid, width)
        font = {"font": paper.ink_font | {"color": one.arm.style.color(palette)}}
        layout["annotations"] += [
            paper.heading(f"<b>{one.arm.name}</b>", left, 4) | font,
            paper.heading(one.about, grid, 4),
        ]
        layout["images"] += [_image(one.overlay, left, width)] if one.overlay.size else []
        traces += [_cells(one, number, paper)] if one.values.size else []
    return paper.figure(
        traces,
        {"t": 30, "l": 2, "b": 4, "r": 2},
        height=paper.px(HEIGHT),
        meta={"panel": "one map"},
        **layout,
    )


def _image(colors: np.ndarray, left: float, width: float) -> dict[str, Any]:
    return {
        "source": png(colors), "xref": "paper", "yref": "paper", "x": left, "y": 1, "sizex": width,
        "sizey": 1, "xanchor": "left", "yanchor": "top", "sizing": "contain", "layer": "above",
    }  # fmt: skip


def _cells(one: OneMap, number: str, paper: Paper) -> dict[str, Any]:
    written = (
        {"texttemplate": "%{z:.2g}", "textfont": {"size": paper.px(12)}} if len(one.values) <= WRITTEN else {}
    )
    return {
        "type": "heatmap", "name": one.arm.name, "z": one.values, "hoverongaps": False, "showscale": False,
        "hovertemplate": "row %{y}, column %{x}: %{z:.4~g}<extra></extra>", "xgap": 1, "ygap": 1,
        "zmin": -one.most if one.is_signed else 0, "zmax": one.most or 1.0,
        "colorscale": diverging_scale(paper.palette) if one.is_signed else rising_scale(paper.palette),
        "xaxis": f"x{number}", "yaxis": f"y{number}", **written,
    }  # fmt: skip


def _axes(number: str, left: float, width: float) -> dict[str, Any]:
    hidden = {"visible": False, "constrain": "domain", "constraintoward": "left"}
    return {
        f"xaxis{number}": {**hidden, "domain": [left, left + width], "anchor": f"y{number}"},
        f"yaxis{number}": {
            "visible": False, "autorange": "reversed", "anchor": f"x{number}", "scaleanchor": f"x{number}",
            "constrain": "domain", "constraintoward": "top",
        },
    }  # fmt: skip
