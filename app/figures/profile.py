"""A quantity against depth: one line an arm, or bars by block, and the initial state with it.

0 has no place on a logarithmic axis, and infinity, NaN and what is far beyond the initial state on none. They
get lanes of their own below and above: nothing that was measured is left out, and an arm whose numbers
explode does not flatten the others.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures import bars
from app.figures.canvas import Paper
from app.figures.history import History, Readings
from app.figures.theme import Arm, Palette
from resnet_core import records

LANE = 0.075  # share of the height of one lane
BEYOND, INFINITE, UNDEFINED = -1, 0, 1  # heights of the lanes above the axis
# Times the largest number of all arms at step 0: up to there an axis has room.
FAR_ON_LOG, FAR_ON_LINEAR = 1000.0, 10.0
ROLES = ("initial", "now", "projection", "zero", "nonfinite", "beyond")
SECOND_ROLES = ("now", "zero", "nonfinite", "beyond")  # of a quantity that shares the chart of another
_HOVERS = {
    "initial": "step 0: %{y:.3~g}",
    "zero": "exactly 0",
    "nonfinite": "not finite",
    "beyond": "now: %{customdata:.3~g}, beyond this axis",
}


class Quantity(NamedTuple):
    """How one quantity is drawn. `top` is the upper end of a linear axis where there is a natural one."""

    name: str
    title: str
    is_log: bool
    top: float | None = None
    has_bars: bool = False
    second: str = ""  # a quantity that is drawn with it, thin and with open markers

    @property
    def is_by_block(self) -> bool:
        return records.QUANTITIES[self.name] == "block"


QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        Quantity("gradient_norm", "gradient norm", True),
        Quantity("activation_std", "std of activations", True),
        Quantity("activation_mean", "mean of activations", False),
        Quantity("dead_share", "share of dead units", False, 1.0),
        Quantity("branch_ratio", "‖F(x)‖ / ‖x‖", False),
        Quantity("update_ratio", "‖update‖ / ‖weight‖", True),
        Quantity("gate", "mean gate", False, has_bars=True),
        Quantity("branch_gain", "|α|, or mean |γ|", False, has_bars=True),
        Quantity("shortcut_gradient", "gradient norm at x", True, second="branch_gradient"),
        Quantity("path_cosine", "cosine of the two ways", False),
    )
}


def profile(
    arms: Sequence[Arm], palette: Palette, quantity: str = "gradient_norm", scale: float = 1.0
) -> go.Figure:
    """The empty figure; traces say in `meta` what they want: their role of the arm's quantity."""
    what, paper = QUANTITIES[quantity], Paper(palette, scale)
    along = (
        "block (1 is next to the picture)" if what.is_by_block else "depth (layer, 1 is next to the picture)"
    )
    values = paper.log_axis(what.title, range=[-3, 1])
    return paper.figure(
        [
            _trace(role, index, arm, what, paper)
            for role in (bars.ROLES if what.has_bars else ROLES)
            for index, arm in enumerate(arms)
        ] + [
            _second_trace(role, index, arm, what, paper)
            for role in SECOND_ROLES * bool(what.second)
            for index, arm in enumerate(arms)
        ],
        meta={"panel": "profile", "quantity": quantity, "log": what.is_log, "top": what.top,
              "blocks": what.is_by_block, "bars": what.has_bars, "second": what.second},
        xaxis=paper.axis(along, range=[0, 57], anchor="y2", nticks=8),
        yaxis=values if what.is_log else paper.axis(what.title, range=[0, what.top or 1]),
        yaxis2=_lane(paper, [0, 0.001], [-1, 1], {"0": 0}),
        yaxis3=_lane(paper, [0.999, 1], [-0.7, 1.7], {"beyond": BEYOND, "∞": INFINITE, "NaN": UNDEFINED}),
    )  # fmt: skip


def _lane(paper: Paper, domain: list[float], span: list[float], words: dict[str, int]) -> dict[str, Any]:
    ticks = {"tickmode": "array", "tickvals": list(words.values()), "ticktext": list(words)}
    return paper.axis(domain=domain, range=span, visible=False, fixedrange=True, **ticks)


def _trace(role: str, index: int, arm: Arm, what: Quantity, paper: Paper) -> dict[str, Any]:
    meta = {"arm": index, "quantity": what.name, "role": role}
    empty = {"type": "scatter", "name": arm.name, "meta": meta, "x": [], "y": [], "text": []}
    hover = {"hovertemplate": f"%{{text}}<br>{_HOVERS.get(role, 'now: %{y:.3~g}')}"}
    if what.has_bars and role in ("now", "end", "initial"):
        return empty | hover | bars.bar_look(role, index, arm, paper)
    return empty | hover | _line_look(role, arm, paper)


def _second_trace(role: str, index: int, arm: Arm, what: Quantity, paper: Paper) -> dict[str, Any]:
    trace = _trace(role, index, arm, what._replace(name=what.second), paper)
    color, scale = arm.style.color(paper.palette), paper.scale
    ring = {"symbol": f"{arm.style.symbol}-open", "line": {"width": 1.5 * scale, "color": color}}
    trace["marker"] = trace["marker"] | ring
    if role == "now":
        trace["line"] = trace["line"] | {"width": 1.5 * scale, "dash": "dot"}
    return trace


def _line_look(role: str, arm: Arm, paper: Paper) -> dict[str, Any]:
    style, scale = arm.style, paper.scale
    color = style.color(paper.palette)
    line = {"color": color, "width": 2.5 * scale, "dash": style.dash}
    marker = {"color": color, "symbol": style.symbol, "size": 5 * scale}
    if role == "initial":
        wide = line | {"width": 5 * scale, "dash": "solid"}
        return {"mode": "lines", "line": wide, "opacity": paper.palette.faint}
    if role == "now":
        return {"mode": "lines+markers", "line": line, "marker": marker}
    if role == "projection":
        ring = {
            "symbol": f"{style.symbol}-open",
            "size": 8 * scale,
            "line": {"width": 2 * scale, "color": color},
        }
        return {"mode": "markers", "marker": marker | ring}
    return {
        "mode": "markers",
        "marker": marker | {"size": 7 * scale},
        "yaxis": "y2" if role == "zero" else "y3",
    }


def fill_profile(figure: go.Figure, histories: Sequence[History]) -> go.Figure:
    """Puts the newest reading, and the first as the ghost, into `profile`."""
    what = QUANTITIES[figure.layout.meta["quantity"]]
    readings = [_reading(history, what.name) for history in histories]
    shifts, width = bars.slots([reading is not None for reading in readings])
    most, seen, deepest = _most(readings, what), [], 0
    for trace in figure.data:
        arm, role = trace.meta["arm"], trace.meta["role"]
        reading = _reading(histories[arm], trace.meta["quantity"])
        if reading is None:
            continue
        places, names, is_beside = _places(histories[arm], what)
        values = reading.values[0 if role == "initial" else -1].astype(np.float64)
        shown, heights = _shown(role, values, is_beside, (what.is_log, most))
        trace.x, trace.y, trace.text = places[shown] + shifts[arm] * what.has_bars, heights, names[shown]
        trace.customdata = values[shown]
        if what.has_bars:
            bars.widen(trace, width)
        deepest = max(deepest, *places)
        if trace.yaxis is None:
            seen.append(heights[np.isfinite(heights)])
    lanes = {trace.meta["role"] for trace in figure.data if trace.yaxis and len(trace.x)}
    _set_axes(figure, np.concatenate([np.empty(0), *seen]), deepest, lanes)
    return figure


def _reading(history: History, quantity: str) -> Readings | None:
    found = history.readings.get(quantity)
    return found if found is not None and found.values.size else None


def _most(readings: Sequence[Readings | None], what: Quantity) -> float:
    """The largest number that has a place on the axis."""
    first = np.concatenate(
        [np.empty(0), *[np.abs(found.values[0]) for found in readings if found is not None]]
    )
    largest = max(first[np.isfinite(first)], default=0.0)
    if what.is_log:
        return FAR_ON_LOG * float(largest) or np.inf
    return FAR_ON_LINEAR * max(float(largest), 1.0)


def _places(history: History, what: Quantity) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Position and name of each number of a reading, and whether it is beside the main path."""
    if what.is_by_block:
        count = len(history.blocks)
        return np.arange(1, count + 1), np.array(history.blocks), np.zeros(count, bool)
    layers = history.layers
    return (
        np.array([layer.depth for layer in layers]),
        np.array([layer.name for layer in layers]),
        np.array([layer.is_beside for layer in layers]),
    )


def _shown(
    role: str, values: np.ndarray, is_beside: np.ndarray, axis: tuple[bool, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Which numbers a role shows, as indices, and at which height. Gaps in a line are NaN."""
    is_log, most = axis
    is_zero = np.isfinite(values) & (values <= 0) & is_log
    is_beyond = np.isfinite(values) & (np.abs(values) > most) & ~is_zero
    has_place = np.isfinite(values) & ~is_zero & ~is_beyond
    if role in ("initial", "now", "end"):
        shown = np.flatnonzero(~is_beside)
        return shown, np.where(has_place, values, np.nan)[shown]
    if role == "projection":
        shown = np.flatnonzero(is_beside & has_place)
        return shown, values[shown]
    if role in ("zero", "beyond"):
        shown = np.flatnonzero(is_zero if role == "zero" else is_beyond)
        return shown, np.full(len(shown), 0.0 if role == "zero" else BEYOND)
    shown = np.flatnonzero(~np.isfinite(values))
    return shown, np.where(np.isnan(values[shown]), UNDEFINED, INFINITE).astype(np.float64)


def _set_axes(figure: go.Figure, seen: np.ndarray, deepest: float, lanes: set[str]) -> None:
    low = BEYOND if "beyond" in lanes else INFINITE
    high = UNDEFINED if "nonfinite" in lanes else BEYOND
    bottom, top = (LANE if "zero" in lanes else 0), 1 - LANE * (high - low + 1)
    figure.update_layout(
        xaxis_range=[0, deepest + 1] if deepest else figure.layout.xaxis.range,
        yaxis_domain=[bottom + (0.02 if bottom else 0), top - (0.02 if top < 1 else 0)],
        yaxis2={"domain": [0, max(bottom, 0.001)], "visible": bool(bottom)},
        yaxis3={"domain": [min(top, 0.999), 1], "visible": top < 1, "range": [low - 0.7, high + 0.7]},
    )
    if not len(seen):
        return
    if figure.layout.meta["log"]:
        decades = np.log10([seen.min(), seen.max()])
        span = [np.floor(2 * decades[0]) / 2, np.ceil(2 * decades[1]) / 2]
        figure.update_layout(yaxis={"range": span, "dtick": decade_ticks(span[1] - span[0])})
    elif QUANTITIES[figure.layout.meta["quantity"]].top is None:
        high = seen.max()
        room = 0.06 * (high if figure.layout.meta["bars"] and high > 0 else max(high, 0.1))
        figure.update_layout(yaxis_range=[min(0.0, seen.min() - room), high + room])


def decade_ticks(decades: float) -> str | int:
    """Plotly's `dtick` of a logarithmic axis: 1, 2, 5 within a decade or so, else whole decades."""
    return "D2" if decades <= 1.5 else int(np.ceil(decades / 9))
