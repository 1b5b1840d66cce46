"""Bars by block, the arms side by side: what differs beside the colour, and where each bar stands."""

from collections.abc import Sequence
from typing import Any

from app.figures.canvas import Paper
from app.figures.theme import Arm

GROUP = 0.84  # share of a block's room that its bars take together
BAR = 0.88  # share of its own room that a bar takes
ROLES = ("now", "end", "initial", "nonfinite", "beyond")
_FILLS = ("", "hollow", "/", "x")  # by arm, so that a bar is never known by its colour alone


def bar_look(role: str, index: int, arm: Arm, paper: Paper) -> dict[str, Any]:
    """The bar of arm number `index`, the arm's marker at its end, or a tick at what it was at step 0."""
    color, scale, ink = arm.style.color(paper.palette), paper.scale, paper.palette.ink
    if role == "now":
        return {"type": "bar", "textposition": "none", "marker": _fill(index, color, scale)}
    if role == "end":
        marker = {"color": color, "symbol": arm.style.symbol, "size": 6 * scale}
        return {"mode": "markers", "marker": marker, "hoverinfo": "skip", "hovertemplate": None}
    tick = {"type": "constant", "value": GROUP / 2, "width": 0, "thickness": 2 * scale, "color": ink}
    return {"mode": "markers", "marker": {"color": ink, "size": 1}, "error_x": tick}


def _fill(index: int, color: str, scale: float) -> dict[str, Any]:
    fill, line = _FILLS[index % len(_FILLS)], {"color": color, "width": 1.5 * scale}
    if not fill:
        return {"color": color, "line": line}
    if fill == "hollow":
        return {"color": "rgba(0,0,0,0)", "line": line}
    pattern = {"shape": fill, "fgcolor": color, "bgcolor": "rgba(0,0,0,0)", "size": 5 * scale}
    return {"color": color, "pattern": pattern | {"fillmode": "replace"}, "line": line}


def slots(are_shown: Sequence[bool]) -> tuple[list[float], float]:
    """How far from its block's number each arm's bars stand, and their width; who has none takes no room."""
    room = GROUP / max(sum(are_shown), 1)
    left = -(sum(are_shown) - 1) / 2
    return [room * (left + sum(are_shown[:arm])) for arm in range(len(are_shown))], BAR * room


def widen(trace: Any, width: float) -> None:
    """Gives a bar, or the tick across it, its width on the axis of blocks."""
    if trace.type == "bar":
        trace.width = width
    elif trace.meta["role"] == "initial":
        trace.error_x.value = width / 2
