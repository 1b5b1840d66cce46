"""What a picture is taken for behind every unit: a row a unit, a column a class, colours from 0 to 1.

U = units, K = classes.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.heat import SCALE
from app.figures.theme import Arm, Palette

ROWS = (15, 26)  # px at scale 1 of a row, the least and the most
ROOM = 360  # px that all rows may take before they get the least
BETWEEN, NAMES = 0.03, 0.16  # shares of the width: gap; of a panel: the names of the units


class Answers(NamedTuple):
    """One network: `shares` (U, K); NaN where there is no answer."""

    arm: Arm
    units: Sequence[str]
    classes: Sequence[str]
    shares: np.ndarray
    label: int  # of the picture


def answers(found: Sequence[Answers], palette: Palette, scale: float = 1.0) -> go.Figure:
    """Panels beside each other, the unit next to the picture at the top; the true class has a frame."""
    paper, count = Paper(palette, scale), max(len(found), 1)
    width = (1 - BETWEEN * (count - 1)) / count
    layout: dict[str, Any] = {"annotations": [], "shapes": []}
    for index, each in enumerate(found):
        left = index * (width + BETWEEN)
        layout |= _axes(each, index, (left + NAMES * width, left + width), paper)
        font = {"font": paper.ink_font | {"color": each.arm.style.color(palette)}}
        layout["annotations"].append(paper.heading(f"<b>{each.arm.name}</b>", left, 84) | font)
        layout["shapes"] += _frame(each, axis_number(index), palette)
    rows = max((len(each.units) for each in found), default=1)
    row = min(max(ROOM // max(rows, 1), ROWS[0]), ROWS[1])
    return paper.figure(
        [_cells(each, axis_number(index)) for index, each in enumerate(found)],
        {"l": 4, "r": 48, "t": 110, "b": 62},
        height=paper.px(172 + row * max(rows, 8)),
        coloraxis=_color_axis(paper),
        **layout,
    )


def _cells(each: Answers, number: str) -> dict[str, Any]:
    names = [[f"{unit}: {name}" for name in each.classes] for unit in each.units]
    return {
        "type": "heatmap", "name": each.arm.name, "z": each.shares, "text": names, "coloraxis": "coloraxis",
        "hovertemplate": "%{text} %{z:.3~f}", "hoverongaps": False, "xgap": 1, "ygap": 1,
        "xaxis": f"x{number}", "yaxis": f"y{number}",
    }  # fmt: skip


def _axes(each: Answers, index: int, domain: tuple[float, float], paper: Paper) -> dict[str, Any]:
    number = axis_number(index)
    small = {"tickfont": {"size": paper.px(12)}, "showgrid": False, "fixedrange": True}
    shown = range(len(each.classes)) if len(each.classes) <= 20 else [each.label]
    names = [f"<b>{each.classes[i]}</b>" if i == each.label else each.classes[i] for i in shown]
    return {
        f"xaxis{number}": paper.axis(
            domain=list(domain), anchor=f"y{number}", side="top", tickangle=-50, tickvals=list(shown),
            ticktext=names, range=[-0.5, len(each.classes) - 0.5], **small,
        ),
        f"yaxis{number}": paper.axis(
            range=[max(len(each.units), 8) - 0.5, -0.5], anchor=f"x{number}",
            tickvals=list(range(len(each.units))), ticktext=list(each.units), **small,
        ),
    }  # fmt: skip


def _frame(each: Answers, number: str, palette: Palette) -> list[dict[str, Any]]:
    if each.label < 0:
        return []
    line, place = {"color": palette.ink, "width": 2}, {"xref": f"x{number}", "yref": f"y{number}"}
    ends = {"x0": each.label - 0.5, "x1": each.label + 0.5, "y0": -0.5, "y1": len(each.units) - 0.5}
    return [{"type": "rect", "line": line, **place, **ends}]


def _color_axis(paper: Paper) -> dict[str, Any]:
    return {
        "colorscale": SCALE, "cmin": 0, "cmax": 1,
        "colorbar": {"orientation": "h", "thickness": paper.px(10), "len": 0.4, "x": 0.5, "y": 0,
                     "yanchor": "top", "ypad": paper.px(8), "nticks": 6,
                     "outlinewidth": 0},
    }  # fmt: skip
