"""Curves in panels side by side, on the same axes: one line a network, with a band where it has one.

Below a panel's title stands a line of text a network, in its colour and with its marker. N = points.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.lanes import Heights, heights_of
from app.figures.map_colors import rgb
from app.figures.theme import Arm, Palette

HEIGHT = 330  # px at scale 1
GAP = 0.06  # of the width, between panels
TITLE, NOTE = 24, 19  # px of the lines of text above a panel
BAND = {"curve": 0.2, "control": 0.14}  # opacity, by role
GLYPHS = {"circle": "●", "square": "■", "diamond": "◆", "pentagon": "⬟",
          "triangle-up": "▲", "x": "✕", "triangle-down": "▼", "star": "★"}  # fmt: skip


class Curve(NamedTuple):
    """`x` and `y` (N,), `said` (N,) for the pointer, and a band from `low` to `high` (N,) where there is one.

    A control is dotted and has no markers.
    """

    arm: Arm
    x: np.ndarray
    y: np.ndarray
    said: Sequence[str]
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    is_control: bool = False


class Panel(NamedTuple):
    """`notes` are lines of text below the title, each about one network."""

    title: str
    curves: Sequence[Curve]
    notes: Sequence[tuple[Arm, str]] = ()


class Axes(NamedTuple):
    """What all panels share: the ends of both axes and what they are called."""

    along: str
    across: tuple[float, float]
    up: tuple[float, float]
    title: str = ""
    whole: bool = False  # ticks along at whole numbers alone


def panels(
    found: Sequence[Panel], axes: Axes, palette: Palette, scale: float = 1.0, *, height: float = HEIGHT
) -> go.Figure:
    """How high it is depends on `height` alone; values that are no numbers are in a lane above."""
    paper, count = Paper(palette, scale), len(found)
    width = (1 - GAP * (count - 1)) / count
    lanes = heights_of([curve.y for panel in found for curve in panel.curves], False).lanes
    heights = Heights(*axes.up, False, lanes)
    lines = max(len(panel.notes) for panel in found)
    layout, traces = {}, []
    for index, panel in enumerate(found):
        left, number = index * (width + GAP), axis_number(index)
        layout |= _axes(axes, heights, paper, (index, left, left + width))
        traces.append(
            {"type": "scatter", "x": [None], "y": [None], "xaxis": f"x{number}", "yaxis": f"y{number}"}
        )
        for curve in panel.curves:
            traces += _traces(curve, heights, number, paper)
    words = [note for i, panel in enumerate(found) for note in _words(panel, i * (width + GAP), paper, lines)]
    return paper.figure(
        traces, {"t": TITLE + 6 + NOTE * lines, "l": 56}, height=paper.px(height), annotations=words, **layout
    )


def _axes(
    axes: Axes, heights: Heights, paper: Paper, place: tuple[int, float, float]
) -> dict[str, dict[str, Any]]:
    index, left, right = place
    number, title = axis_number(index), axes.title if not index else ""
    ticks = {"tickformat": "d", "nticks": 8} if axes.whole else {"nticks": 7}
    x = paper.axis(axes.along, range=list(axes.across), domain=[left, right], anchor=f"y{number}", **ticks)
    return {
        f"xaxis{number}": x,
        f"yaxis{number}": heights.axis(paper, title, anchor=f"x{number}"),
    }


def _words(panel: Panel, left: float, paper: Paper, lines: int) -> list[dict[str, Any]]:
    words = [paper.heading(f"<b>{panel.title}</b>", left, 4 + NOTE * lines)]
    for line, (arm, said) in enumerate(panel.notes):
        font = {"color": arm.style.color(paper.palette), "size": paper.px(13)}
        text = f"{GLYPHS[arm.style.symbol]} {said}"
        words.append(paper.heading(text, left, 2 + NOTE * (lines - 1 - line)) | {"font": font})
    return words


def _traces(curve: Curve, heights: Heights, number: str, paper: Paper) -> list[dict[str, Any]]:
    color, style = curve.arm.style.color(paper.palette), curve.arm.style
    role = "control" if curve.is_control else "curve"
    shared = {"type": "scatter", "name": curve.arm.name, "xaxis": f"x{number}", "yaxis": f"y{number}"}
    placed, lost = heights.place(curve.y), heights.place_in_lanes(curve.y)
    line = {"color": color, "dash": "dot" if curve.is_control else style.dash,
            "width": (1.6 if curve.is_control else 2.5) * paper.scale}  # fmt: skip
    marker = {"symbol": style.symbol, "color": color, "size": 6 * paper.scale}
    drawn = shared | {
        "meta": role, "mode": "lines" if curve.is_control else "lines+markers", "x": curve.x, "y": placed,
        "line": line, "marker": marker, "text": list(curve.said), "hovertemplate": "%{text}",
    }  # fmt: skip
    missing = np.flatnonzero(np.isfinite(lost))
    odd = shared | {
        "meta": "lanes", "mode": "markers", "x": curve.x[missing], "y": lost[missing],
        "marker": marker | {"size": 8 * paper.scale}, "hoverinfo": "skip",
    }  # fmt: skip
    return [*_band(curve, shared, color, role), drawn, *([odd] if len(missing) else [])]


def _band(curve: Curve, shared: dict[str, Any], color: str, role: str) -> list[dict[str, Any]]:
    if curve.low is None or curve.high is None:
        return []
    known = np.isfinite(curve.low) & np.isfinite(curve.high)
    x, low, high = curve.x[known], curve.low[known], curve.high[known]
    red, green, blue = rgb(color)
    return [
        shared | {
            "meta": "band", "mode": "lines", "x": np.concatenate([x, x[::-1]]),
            "y": np.concatenate([high, low[::-1]]), "fill": "toself", "line": {"width": 0},
            "fillcolor": f"rgba({red},{green},{blue},{BAND[role]})", "hoverinfo": "skip",
        }
    ]  # fmt: skip
