"""Networks of one number: dy/dx over the input, one panel a network, and its autocorrelation in one more."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.theme import Arm, Palette

HEIGHT = 380  # px at scale 1
LEFT, GAP, LAST = 0.0, 0.035, 0.26  # shares of the width: where panels begin, between them, of the last one


class ScalarNet(NamedTuple):
    """One network: slopes (P,) over `grid` (P,), autocorrelation and its deviation (G,) over `lags` (G,)."""

    arm: Arm
    grid: np.ndarray
    slopes: np.ndarray
    lags: np.ndarray
    autocorrelation: np.ndarray
    spread: np.ndarray


def scalar_nets(nets: Sequence[ScalarNet], palette: Palette, scale: float = 1.0, most: int = 3) -> go.Figure:
    """`most` panels for slopes, each with its own axis, and one for all autocorrelations."""
    paper, layout, traces, notes = Paper(palette, scale), {}, [], []
    for index in range(most):
        number, place = axis_number(index), _place(index, most)
        layout[f"xaxis{number}"] = paper.axis("x", domain=place, anchor=f"y{number}", range=[-2, 2], nticks=5)
        layout[f"yaxis{number}"] = paper.axis(anchor=f"x{number}", nticks=5)
        if index < len(nets):
            font = paper.ink_font | {"color": nets[index].arm.style.color(palette)}
            notes.append(paper.heading(f"<b>{nets[index].arm.name}</b>, dy/dx", place[0], 6) | {"font": font})
        traces += [_slopes(nets[index], number, paper) if index < len(nets) else _nothing(number)]
    number = axis_number(most)
    last = [1 - LAST, 1.0]
    layout[f"xaxis{number}"] = paper.axis(
        "lag (steps of the grid)", domain=last, anchor=f"y{number}", nticks=5
    )
    layout[f"yaxis{number}"] = paper.axis(anchor=f"x{number}", range=[-0.4, 1.03], tickvals=[0, 0.5, 1])
    notes.append(paper.heading("autocorrelation of dy/dx", last[0], 6))
    traces += [_lags(net, number, paper) for net in nets] or [_nothing(number)]
    return paper.figure(traces, {"t": 30, "l": 40}, height=paper.px(HEIGHT), annotations=notes, **layout)


def _place(index: int, most: int) -> list[float]:
    width = (1 - LAST - LEFT - GAP * most - 0.02) / most
    left = LEFT + index * (width + GAP)
    return [left, left + width]


def _nothing(number: str) -> dict[str, Any]:
    """One point at no place: Plotly draws no axes without a trace."""
    return {"type": "scatter", "x": [None], "y": [None], "xaxis": f"x{number}", "yaxis": f"y{number}"}


def _slopes(net: ScalarNet, number: str, paper: Paper) -> dict[str, Any]:
    line = {"color": net.arm.style.color(paper.palette), "width": 1.5 * paper.scale}
    return {
        "type": "scatter", "mode": "lines", "name": net.arm.name, "x": net.grid, "y": net.slopes,
        "line": line, "xaxis": f"x{number}", "yaxis": f"y{number}",
        "hovertemplate": "x = %{x:.2f}: %{y:.3~g}",
    }  # fmt: skip


def _lags(net: ScalarNet, number: str, paper: Paper) -> dict[str, Any]:
    style, color = net.arm.style, net.arm.style.color(paper.palette)
    line = {"color": color, "dash": style.dash, "width": 2.5 * paper.scale}
    bars = {"type": "data", "array": net.spread, "thickness": 1, "width": 0, "color": color}
    return {
        "type": "scatter", "mode": "lines", "name": net.arm.name, "x": net.lags, "y": net.autocorrelation,
        "line": line, "error_y": bars, "xaxis": f"x{number}", "yaxis": f"y{number}",
        "hovertemplate": "lag %{x}: %{y:.2f}",
    }  # fmt: skip
