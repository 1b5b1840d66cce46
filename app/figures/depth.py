"""Numbers against depth: one line a network, lanes for 0, infinity and NaN."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper
from app.figures.theme import Arm, Palette


class Line(NamedTuple):
    """One network's numbers: `depths` and `values` (N,), `names` (N,) of the layers or blocks."""

    arm: Arm
    depths: np.ndarray
    values: np.ndarray
    names: np.ndarray


def by_depth(lines: Sequence[Line], title: str, palette: Palette, scale: float = 1.0) -> go.Figure:
    """A logarithmic axis."""
    paper = Paper(palette, scale)
    traces = [
        {
            "x": line.depths, "y": line.values, "customdata": line.names, "name": line.arm.name,
            "mode": "lines+markers",
            "line": {"color": line.arm.style.color(palette), "dash": line.arm.style.dash, "width": 2 * scale},
            "marker": {"symbol": line.arm.style.symbol, "size": 6 * scale},
            "hovertemplate": "%{customdata}: %{y:.3~g}",
        }
        for line in lines
    ]  # fmt: skip
    return paper.figure(
        traces, height=420, xaxis=paper.axis("depth (layer, 1 is next to the picture)"),
        yaxis=paper.log_axis(title), showlegend=True,
    )  # fmt: skip
