"""Networks of all depths of one kind as a family of curves, one panel a kind, all on the same axes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from app.figures.canvas import Paper, axis_number
from app.figures.depth import ALONG, USUAL_DEPTH
from app.figures.heat import SCALE
from app.figures.lanes import Heights, heights_of
from app.figures.theme import LIGHT, ArmStyle, Palette

HEIGHT = 590  # px at scale 1
GAPS = (0.06, 0.17)  # between columns and between rows, as shares of width and height
SHADES = {True: (0.0, 0.74), False: (0.3, 1.0)}  # of the colour scale, on a light page and on a dark one


class Curve(NamedTuple):
    """A network of `depth` layers: `depths` and `values` (N,) of its layers on the main path, and `names`."""

    depth: int
    depths: np.ndarray
    values: np.ndarray
    names: np.ndarray


class Panel(NamedTuple):
    """One kind of network: `said` stands behind its title."""

    title: str
    said: str
    style: ArmStyle
    curves: Sequence[Curve]


def families(
    panels: Sequence[Panel], all_depths: Sequence[int], palette: Palette, scale: float = 1.0
) -> go.Figure:
    """Two panels a row. The colour of a curve is the place of its depth among `all_depths`."""
    paper = Paper(palette, scale)
    heights = heights_of([curve.values for panel in panels for curve in panel.curves])
    colors = dict(zip(all_depths, depth_colors(len(all_depths), palette), strict=True))
    layout: dict[str, Any] = {"annotations": []}
    traces = []
    for index, panel in enumerate(panels):
        number = axis_number(index)
        across, up = _place(index, len(panels))
        x, y = _axes(paper, heights, index, len(panels))
        layout[f"xaxis{number}"] = x | {
            "domain": across,
            "range": [0, max(all_depths, default=USUAL_DEPTH) * 1.05],
        }
        layout[f"yaxis{number}"] = y | {"domain": up}
        layout["annotations"] += [_title(panel, across[0], up[1], paper)]
        layout["annotations"] += [
            _end(c, heights, colors[c.depth], number=number, paper=paper) for c in panel.curves
        ]
        # One point at no place: Plotly draws no axes without a trace.
        traces.append(
            {"type": "scatter", "x": [None], "y": [None], "xaxis": f"x{number}", "yaxis": f"y{number}"}
        )
        traces += [
            t for c in panel.curves for t in _traces(c, heights, colors[c.depth], number=number, scale=scale)
        ]
    return paper.figure(traces, margins={"t": 26}, height=paper.px(HEIGHT), **layout)


def depth_colors(count: int, palette: Palette) -> list[str]:
    """A sequential scale, without the end that is close to the page."""
    low, high = SHADES[palette is LIGHT]
    return sample_colorscale(SCALE, list(np.linspace(low, high, count))) if count else []


def _place(index: int, count: int) -> tuple[list[float], list[float]]:
    rows = -(-count // 2)
    width, height = (1 - GAPS[0]) / 2, (1 - GAPS[1] * (rows - 1)) / rows
    left, top = index % 2 * (width + GAPS[0]), 1 - index // 2 * (height + GAPS[1])
    return [left, left + width], [top - height, top]


def _axes(paper: Paper, heights: Heights, index: int, count: int) -> tuple[dict[str, Any], dict[str, Any]]:
    number, is_lowest, is_left = axis_number(index), index >= count - 2, index % 2 == 0
    x = paper.axis(ALONG if is_lowest else "", anchor=f"y{number}", nticks=8)
    y = heights.axis(paper, "‖∂L/∂W‖" if is_left else "", anchor=f"x{number}", showticklabels=is_left)
    together = ({}, {}) if index == 0 else ({"matches": "x"}, {"matches": "y"})
    return x | together[0], y | together[1]


def _title(panel: Panel, left: float, top: float, paper: Paper) -> dict[str, Any]:
    color = panel.style.color(paper.palette)
    text = f'<b style="color:{color}">{panel.title}</b>  {panel.said}'
    place = {"x": left, "xref": "paper", "xanchor": "left", "y": top, "yanchor": "bottom"}
    return paper.note(text, **place, yshift=paper.px(4), align="left")


def _traces(curve: Curve, heights: Heights, color: str, *, number: str, scale: float) -> list[dict[str, Any]]:
    said = [f"{curve.depth} layers<br>{n}: {v:.3g}" for n, v in zip(curve.names, curve.values, strict=True)]
    shared = {
        "type": "scatter", "name": f"{curve.depth} layers", "x": curve.depths, "text": said,
        "hovertemplate": "%{text}<extra></extra>", "xaxis": f"x{number}", "yaxis": f"y{number}",
    }  # fmt: skip
    in_lanes = heights.place_in_lanes(curve.values)
    line = {"mode": "lines", "line": {"color": color, "width": 2 * scale}, "y": heights.place(curve.values)}
    marks = {"mode": "markers", "marker": {"color": color, "size": 5 * scale}, "y": in_lanes}
    return [shared | line] + ([shared | marks] if np.isfinite(in_lanes).any() else [])


def _end(curve: Curve, heights: Heights, color: str, *, number: str, paper: Paper) -> dict[str, Any]:
    last = curve.values[-1:]
    height = np.nansum([heights.place(last)[0], heights.place_in_lanes(last)[0]])
    return {
        "text": f"{curve.depth}", "x": float(curve.depths[-1]), "y": float(height), "xref": f"x{number}",
        "yref": f"y{number}", "showarrow": False, "yanchor": "bottom", "yshift": paper.px(1),
        "font": {"color": color, "size": paper.px(13)},
    }  # fmt: skip
