"""Training loss above test accuracy, over the same steps."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper
from app.figures.history import History
from app.figures.theme import Arm, Palette
from resnet_core.results import smoothed

ACCURACY_TOP = 0.37  # share of the height that the accuracy has
LOSS_BOTTOM = 0.45
LOST_HEIGHT = 0.95  # of the first arm's mark for a loss that no axis has a place for
LOST_SPACING = 0.1  # between the marks of two arms
LEAST_TOP = 2.5  # of the loss axis: guessing among ten classes costs log 10 = 2.3
MOST_TOP = (
    4.0  # times the loss of guessing: an arm that explodes leaves by the top and does not flatten the rest
)


def curves(arms: Sequence[Arm], palette: Palette, classes: int = 10, scale: float = 1.0) -> go.Figure:
    """The empty figure: every trace is there, with its look and, in `meta`, what it wants to show."""
    paper = Paper(palette, scale)
    dotted = {"color": palette.muted, "width": 1.5 * scale, "dash": "1px,4px"}
    chance = {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "yref": "y2", "line": dotted}
    chance |= {"y0": 1 / classes, "y1": 1 / classes}
    return paper.figure(
        [trace for index, arm in enumerate(arms) for trace in _arm_traces(index, arm, paper)],
        meta={"panel": "curves", "highest": MOST_TOP * math.log(classes)},
        shapes=[chance],
        xaxis=paper.axis("step", anchor="y2", range=[0, 1], tickformat=",d"),
        yaxis=paper.axis("training loss", domain=[LOSS_BOTTOM, 1], range=[0, LEAST_TOP], nticks=6),
        yaxis2=paper.axis("test accuracy", domain=[0, ACCURACY_TOP], range=[0, 1], tickvals=[0, 0.5, 1]),
        # A height of its own, 0 to 1, for losses that are not finite.
        yaxis3={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
    )


def _arm_traces(index: int, arm: Arm, paper: Paper) -> list[dict[str, Any]]:
    color, style, scale = arm.style.color(paper.palette), arm.style, paper.scale
    bold = {"color": color, "width": 3 * scale, "dash": style.dash}
    marker = {"color": color, "size": 8 * scale, "symbol": style.symbol}

    def trace(role: str, **look: Any) -> dict[str, Any]:
        meta = {"arm": index, "role": role}
        return {"type": "scatter", "x": [], "y": [], "name": arm.name, "meta": meta, **look}

    return [
        trace("loss", mode="lines", line={"color": color, "width": scale}, opacity=paper.palette.faint,
              hoverinfo="skip"),
        trace("smoothed_loss", mode="lines", line=bold, hovertemplate="step %{x}: %{y:.3f}"),
        trace("test_accuracy", mode="lines+markers", line=bold, marker=marker, yaxis="y2",
              cliponaxis=False, hovertemplate="after step %{x}: %{y:.1%}"),
        trace("lost", mode="markers+text", yaxis="y3", marker=marker | {"symbol": "x", "size": 11 * scale},
              textposition="middle right", textfont={"color": color}, cliponaxis=False,
              hovertemplate="step %{x}: the loss is not a finite number"),
    ]  # fmt: skip


def fill_curves(figure: go.Figure, histories: Sequence[History]) -> go.Figure:
    """Puts stored numbers into `curves`; the page's script does the same with what it receives."""
    tops = [LEAST_TOP]
    for trace in figure.data:
        history, role = histories[trace.meta["arm"]], trace.meta["role"]
        steps, values = _series(history, role)
        trace.x, trace.y = steps, values - (LOST_SPACING * trace.meta["arm"] if role == "lost" else 0)
        if role == "smoothed_loss" and np.isfinite(trace.y).any():
            tops.append(float(np.nanmax(trace.y)))
        if role == "lost":
            trace.text = [f" no finite loss from step {step}" for step in trace.x]
    steps = max((max(history.planned_steps, *history.steps[-1:], 1) for history in histories), default=1)
    figure.update_layout(
        xaxis_range=[0, steps], yaxis_range=[0, min(1.08 * max(tops), figure.layout.meta["highest"])]
    )
    return figure


def _series(history: History, role: str) -> tuple[np.ndarray, np.ndarray]:
    finite = np.isfinite(history.loss)
    if role == "test_accuracy":
        return history.accuracy.steps, history.accuracy.values[:, 0]
    if role == "lost":
        first = history.steps[~finite][:1]
        return first, np.full(len(first), LOST_HEIGHT)
    loss = history.loss if role == "loss" else smoothed(history.loss)
    return history.steps, np.where(np.isfinite(loss), loss, np.nan)
