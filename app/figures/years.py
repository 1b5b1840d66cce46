"""Depth through the years: layers, parameters, multiply-adds and one kind of published error."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.theme import Palette


class Panel(NamedTuple):
    """One quantity: its title, a value for each network (None where there is none) and how it is written."""

    title: str
    values: Sequence[float | None]
    texts: Sequence[str]


def years(
    names: Sequence[str], is_residual: Sequence[bool], panels: Sequence[Panel], palette: Palette
) -> go.Figure:
    """A row for each network, a column of bars for each quantity, every column with a scale of its own."""
    paper = Paper(palette)
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {}
    width = 1 / len(panels)
    for i, panel in enumerate(panels):
        number = axis_number(i)
        traces.append(_bars(names, is_residual, panel, palette) | {"xaxis": f"x{number}", "yaxis": "y"})
        most = max([value for value in panel.values if value is not None], default=1.0)
        layout[f"xaxis{number}"] = paper.axis(
            panel.title, domain=[i * width, (i + 0.9) * width], range=[0, 1.45 * most], showgrid=False,
            showticklabels=False, side="top", fixedrange=True,
        )  # fmt: skip
    rows = paper.axis(
        autorange="reversed", showgrid=False, fixedrange=True, tickfont={"size": 16, "color": palette.ink}
    )
    margins = {"l": 190, "r": 6, "t": 46, "b": 6}
    return paper.figure(
        traces, margins, height=70 + 54 * len(names), bargap=0.3, yaxis=rows, dragmode=False, **layout
    )


def _bars(
    names: Sequence[str], is_residual: Sequence[bool], panel: Panel, palette: Palette
) -> dict[str, Any]:
    colors = [palette.residual[0] if residual else palette.plain[0] for residual in is_residual]
    patterns = ["" if residual else "/" for residual in is_residual]  # hue alone would not do for everybody
    return {
        "type": "bar",
        "orientation": "h",
        "x": [value or 0 for value in panel.values],
        "y": list(names),
        "text": list(panel.texts),
        "textposition": "outside",
        "cliponaxis": False,
        "textfont": {"size": 16, "color": palette.ink},
        "marker": {"color": colors, "pattern": {"shape": patterns, "fgcolor": palette.paper, "size": 7}},
        "hovertemplate": "%{y}<br>%{text}<extra></extra>",
    }
