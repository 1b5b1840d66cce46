"""Gradients on the line between two pictures: slopes, cosines of every pair of places, autocorrelation."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.map_colors import diverging_scale
from app.figures.theme import Arm, Palette

HEIGHT = 380  # px at scale 1
SLOPES, SQUARES, LAGS = (0.0, 0.3), (0.36, 0.66), (0.74, 1.0)  # shares of the width


class Way(NamedTuple):
    """One network: slopes (P,) at `places` (P,), cosines (P, P), autocorrelation (G,) at `lags` (G,)."""

    arm: Arm
    places: np.ndarray
    slopes: np.ndarray
    cosines: np.ndarray
    lags: np.ndarray
    autocorrelation: np.ndarray


def shattered(ways: Sequence[Way], palette: Palette, scale: float = 1.0, most: int = 2) -> go.Figure:
    """Three panels: slopes over their root mean square, one small map for each of `most` networks, lags."""
    paper = Paper(palette, scale)
    slopes, lags = axis_number(0), axis_number(1)
    layout = _line_axes(ways, paper)
    traces = [_nothing(slopes), _nothing(lags)]
    notes = [
        paper.heading("slope / its root mean square", SLOPES[0], 6),
        paper.heading("mean cosine", LAGS[0], 6),
    ]
    for index, way in enumerate(ways):
        traces.append(_line(way, (way.places, normalised(way.slopes)), slopes, paper))
        traces.append(_line(way, (way.lags, way.autocorrelation), lags, paper))
        traces.append(_map(way, axis_number(index + 2)))
    for index in range(most):
        left = _square(index, most)[0]
        layout |= _square_axes(paper, index, most)
        if index < len(ways):
            way = ways[index]
            font = paper.ink_font | {"color": way.arm.style.color(palette)}
            notes.append(paper.heading(f"<b>{way.arm.name}</b>", left, 6) | {"font": font})
        else:
            traces.append(_nothing(axis_number(index + 2)))
    colors = {"colorscale": diverging_scale(palette), "cmin": -1, "cmax": 1, "colorbar": _bar(paper)}
    return paper.figure(
        traces, {"t": 46, "l": 40}, height=paper.px(HEIGHT), annotations=notes, coloraxis=colors, **layout
    )


def _line_axes(ways: Sequence[Way], paper: Paper) -> dict[str, Any]:
    longest = max((way.lags.max() for way in ways if len(way.lags)), default=63)
    apart = paper.axis("distance of two places", domain=LAGS, anchor="y2", nticks=5)
    return {
        "xaxis": paper.axis("place between the pictures", domain=SLOPES, range=[0, 1], nticks=5),
        "yaxis": paper.axis(nticks=6),
        "xaxis2": apart | {"range": [0, longest + 1]},
        "yaxis2": paper.axis(range=[-0.5, 1.03], anchor="x2", tickvals=[-0.5, 0, 0.5, 1]),
    }


def normalised(slopes: np.ndarray) -> np.ndarray:
    """Over their root mean square; as they are where that is 0 or not finite."""
    size = np.sqrt(np.mean(np.square(slopes)))
    return slopes / size if np.isfinite(size) and size > 0 else slopes


def _square(index: int, most: int) -> tuple[float, float]:
    width = (SQUARES[1] - SQUARES[0] - 0.02 * (most - 1)) / most
    return SQUARES[0] + index * (width + 0.02), width


def _square_axes(paper: Paper, index: int, most: int) -> dict[str, Any]:
    number, (left, width) = axis_number(index + 2), _square(index, most)
    x = paper.axis(domain=[left, left + width], anchor=f"y{number}", nticks=3)
    shared = {"showgrid": False, "range": [0, 1], "constrain": "domain"}
    up = {"scaleanchor": f"x{number}", "anchor": f"x{number}", "nticks": 3, "constraintoward": "top"}
    return {
        f"xaxis{number}": x | shared,
        f"yaxis{number}": paper.axis() | shared | up | {"showticklabels": index == 0},
    }


def _bar(paper: Paper) -> dict[str, Any]:
    return {
        "orientation": "h", "x": SQUARES[0], "xanchor": "left", "len": SQUARES[1] - SQUARES[0], "y": 0.02,
        "yanchor": "bottom", "thickness": paper.px(10), "tickvals": [-1, 0, 1], "outlinewidth": 0,
        "title": {"text": "cosine of the gradients at two places", "side": "top", "font": paper.ink_font},
    }  # fmt: skip


def _nothing(number: str) -> dict[str, Any]:
    """One point at no place: Plotly draws no axes without a trace."""
    return {"type": "scatter", "x": [None], "y": [None], "xaxis": f"x{number}", "yaxis": f"y{number}"}


def _line(way: Way, points: tuple[np.ndarray, np.ndarray], number: str, paper: Paper) -> dict[str, Any]:
    style = way.arm.style
    line = {"color": style.color(paper.palette), "dash": style.dash, "width": 2 * paper.scale}
    return {
        "type": "scatter", "mode": "lines", "name": way.arm.name, "x": points[0], "y": points[1],
        "line": line, "xaxis": f"x{number}", "yaxis": f"y{number}", "hovertemplate": "%{x:.3~g}: %{y:.3~g}",
    }  # fmt: skip


def _map(way: Way, number: str) -> dict[str, Any]:
    return {
        "type": "heatmap", "name": way.arm.name, "x": way.places, "y": way.places, "z": way.cosines,
        "coloraxis": "coloraxis", "xaxis": f"x{number}", "yaxis": f"y{number}",
        "hovertemplate": "%{x:.2f} and %{y:.2f}: %{z:.2f}",
    }  # fmt: skip
