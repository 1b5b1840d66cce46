"""A quantity against depth: one line an arm, its initial state behind it as a ghost.

On a logarithmic axis 0, infinity and NaN have no place, so they get lanes of their own below and above:
nothing that was measured is left out.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper
from app.figures.history import History
from app.figures.theme import Arm, Palette

LANE = 0.075  # share of the height of one lane


class Quantity(NamedTuple):
    """How one quantity is drawn. `top` is the upper end of a linear axis where there is a natural one."""

    name: str
    title: str
    is_log: bool
    top: float | None = None


QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        Quantity("gradient_norm", "gradient norm", True),
        Quantity("activation_std", "std of activations", True),
        Quantity("activation_mean", "mean of activations", False),
        Quantity("dead_share", "share of dead units", False, 1.0),
        Quantity("branch_ratio", "‖F(x)‖ / ‖x‖", False),
        Quantity("update_ratio", "‖update‖ / ‖weight‖", True),
    )
}


def profile(
    arms: Sequence[Arm], palette: Palette, quantity: str = "gradient_norm", scale: float = 1.0
) -> go.Figure:
    """The empty figure; traces say in `meta` what they want: now, initial, projection, zero or nonfinite."""
    what, paper = QUANTITIES[quantity], Paper(palette, scale)
    along = "residual block" if quantity == "branch_ratio" else "depth (layer, 1 is next to the picture)"
    roles = ("initial", "now", "projection", "zero", "nonfinite")
    values = paper.log_axis(what.title, range=[-3, 1])
    return paper.figure(
        [
            _trace(role, arm, palette, scale)
            | {"name": arm.name, "meta": {"arm": index, "quantity": quantity, "role": role}}
            for role in roles
            for index, arm in enumerate(arms)
        ],
        meta={"panel": "profile", "quantity": quantity, "log": what.is_log, "top": what.top},
        xaxis=paper.axis(along, range=[0, 57], anchor="y2", nticks=8),
        yaxis=values if what.is_log else paper.axis(what.title, range=[0, what.top or 1]),
        yaxis2=_lane(paper, [0, 0.001], [-1, 1], ["0"]),
        yaxis3=_lane(paper, [0.999, 1], [-0.7, 1.7], ["∞", "NaN"]),
    )


def _lane(paper: Paper, domain: list[float], span: list[float], words: list[str]) -> dict[str, Any]:
    ticks = {"tickmode": "array", "tickvals": list(range(len(words))), "ticktext": words}
    return paper.axis(domain=domain, range=span, visible=False, fixedrange=True, **ticks)


def _trace(role: str, arm: Arm, palette: Palette, scale: float) -> dict[str, Any]:
    color, style = arm.style.color(palette), arm.style
    symbol = f"{style.symbol}-open" if role == "projection" else style.symbol
    marker = {"color": color, "symbol": symbol, "size": (8 if role == "projection" else 5) * scale}
    if role == "projection":
        marker["line"] = {"width": 2 * scale, "color": color}
    line = {"color": color, "width": 2.5 * scale, "dash": style.dash}
    looks: dict[str, dict[str, Any]] = {
        "initial": {
            "mode": "lines",
            "line": line | {"width": 5 * scale, "dash": "solid"},
            "opacity": palette.faint,
        },
        "now": {"mode": "lines+markers", "line": line, "marker": marker},
        "projection": {"mode": "markers", "marker": marker},
        "zero": {"mode": "markers", "marker": marker | {"size": 7 * scale}, "yaxis": "y2"},
        "nonfinite": {"mode": "markers", "marker": marker | {"size": 7 * scale}, "yaxis": "y3"},
    }
    when = {"initial": "step 0", "zero": "exactly 0", "nonfinite": "not finite"}.get(role, "now")
    value = "" if role in ("zero", "nonfinite") else ": %{y:.3~g}"
    hover = f"%{{text}}<br>{when}{value}"
    empty = {"type": "scatter", "x": [], "y": [], "text": []}
    return empty | {"hovertemplate": hover, "connectgaps": False} | looks[role]


def fill_profile(figure: go.Figure, histories: Sequence[History]) -> go.Figure:
    """Puts the newest reading, and the first as the ghost, into `profile`."""
    quantity, is_log = figure.layout.meta["quantity"], figure.layout.meta["log"]
    seen, deepest = [], 0
    for trace in figure.data:
        history = histories[trace.meta["arm"]]
        reading = history.readings.get(quantity)
        if reading is None or not len(reading.steps):
            continue
        places, names, is_side = _places(history, quantity)
        values = reading.values[0 if trace.meta["role"] == "initial" else -1].astype(np.float64)
        shown, heights = _shown(trace.meta["role"], values, is_side, is_log)
        trace.x, trace.y, trace.text = places[shown], heights, names[shown]
        deepest = max([deepest, *places])
        if trace.yaxis is None:
            seen.append(heights[np.isfinite(heights)])
    lanes = {trace.meta["role"] for trace in figure.data if trace.yaxis and len(trace.x)}
    _set_axes(figure, np.concatenate([np.empty(0), *seen]), deepest, lanes)
    return figure


def _places(history: History, quantity: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Position and name of each number of a reading, and whether it is beside the main path."""
    if quantity == "branch_ratio":
        count = len(history.blocks)
        return np.arange(1, count + 1), np.array(history.blocks), np.zeros(count, bool)
    layers = history.layers
    depths = np.array([layer.depth for layer in layers])
    return (
        depths,
        np.array([layer.name for layer in layers]),
        np.array([la.kind == "projection" for la in layers]),
    )


def _shown(role: str, values: np.ndarray, is_side: np.ndarray, is_log: bool) -> tuple[np.ndarray, np.ndarray]:
    """Which numbers a role shows, as indices, and at which height. Gaps in a line are NaN."""
    has_place = np.isfinite(values) & (values > 0 if is_log else True)
    if role in ("initial", "now"):
        shown = np.flatnonzero(~is_side)
        return shown, np.where(has_place, values, np.nan)[shown]
    if role == "projection":
        shown = np.flatnonzero(is_side & has_place)
        return shown, values[shown]
    if role == "zero":
        shown = np.flatnonzero((values <= 0) & is_log & np.isfinite(values))
        return shown, np.zeros(len(shown))
    shown = np.flatnonzero(~np.isfinite(values))
    return shown, np.isnan(values[shown]).astype(np.float64)


def _set_axes(figure: go.Figure, seen: np.ndarray, deepest: float, lanes: set[str]) -> None:
    bottom, top = (LANE if "zero" in lanes else 0), 1 - (2 * LANE if "nonfinite" in lanes else 0)
    figure.update_layout(
        xaxis_range=[0, deepest + 1] if deepest else figure.layout.xaxis.range,
        yaxis_domain=[bottom + (0.02 if bottom else 0), top - (0.02 if top < 1 else 0)],
        yaxis2={"domain": [0, max(bottom, 0.001)], "visible": bool(bottom)},
        yaxis3={"domain": [min(top, 0.999), 1], "visible": top < 1},
    )
    if not len(seen):
        return
    if figure.layout.meta["log"]:
        decades = np.log10([seen.min(), seen.max()])
        span = [np.floor(2 * decades[0]) / 2, np.ceil(2 * decades[1]) / 2]
        figure.update_layout(yaxis={"range": span, "dtick": decade_ticks(span[1] - span[0])})
    elif QUANTITIES[figure.layout.meta["quantity"]].top is None:
        room = 0.06 * max(seen.max(), 0.1)
        figure.update_layout(yaxis_range=[min(0.0, seen.min() - room), seen.max() + room])


def decade_ticks(decades: float) -> str | int:
    """Plotly's `dtick` of a logarithmic axis: 1, 2, 5 within a decade or so, else whole decades."""
    return "D2" if decades <= 1.5 else int(np.ceil(decades / 9))
