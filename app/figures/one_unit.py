"""The feature maps of one unit, large, cell by cell: a panel a network, a colour scale each.

The colours are those of the montage. Tiles stand in rows, a column of nothing between them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.map_colors import diverging_scale, limits, rising_scale
from app.figures.montage import Sheet
from app.figures.theme import Palette

ACROSS = 4  # tiles in a row
BETWEEN = 0.1
HEIGHT = 330  # px at scale 1


def one_unit(sheets: Sequence[Sheet], palette: Palette, scale: float = 1.0) -> go.Figure:
    """The first row of each sheet; a sheet without rows has an empty panel."""
    paper, count = Paper(palette, scale), max(len(sheets), 1)
    width = (1 - BETWEEN * count) / count
    layout: dict[str, Any] = {"annotations": []}
    traces = []
    for index, sheet in enumerate(sheets):
        number, left = axis_number(index), index * (width + BETWEEN)
        layout |= _axes(number, left, width)
        font = {"font": paper.ink_font | {"color": sheet.arm.style.color(palette)}}
        layout["annotations"].append(paper.heading(f"<b>{sheet.arm.name}</b>", left, 3) | font)
        if sheet.rows:
            traces.append(_cells(sheet, number, left + width, paper))
    return paper.figure(traces, {"t": 28, "l": 4, "b": 6, "r": 4}, height=paper.px(HEIGHT), **layout)


def tiled(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(channels, h, w) as one sheet of values, NaN between tiles, and the channel, row and column of each."""
    if maps.shape[1:] == (1, 1):
        return maps.reshape(1, -1), np.array([[f"feature {i}" for i in range(len(maps))]])
    channels, h, w = maps.shape
    rows = -(-channels // ACROSS)
    values = np.full((rows * (h + 1) - 1, ACROSS * (w + 1) - 1), np.nan)
    words = np.full(values.shape, "", object)
    for channel in range(channels):
        top, left = channel // ACROSS * (h + 1), channel % ACROSS * (w + 1)
        values[top : top + h, left : left + w] = maps[channel]
        words[top : top + h, left : left + w] = [
            [f"channel {channel}, row {r}, column {c}" for c in range(w)] for r in range(h)
        ]
    return values, words


def _cells(sheet: Sheet, number: str, right: float, paper: Paper) -> dict[str, Any]:
    maps = sheet.rows[0].maps
    values, words = tiled(maps)
    low, high = limits(maps)
    return {
        "type": "heatmap", "name": sheet.arm.name, "z": values, "text": words, "hoverongaps": False,
        "hovertemplate": "%{text}: %{z:.4~g}", "zmin": low, "zmax": high or 1.0,
        "colorscale": diverging_scale(paper.palette) if low < 0 else rising_scale(paper.palette),
        "xaxis": f"x{number}", "yaxis": f"y{number}",
        "colorbar": {"x": right + 0.01, "xanchor": "left", "thickness": paper.px(12), "outlinewidth": 0,
                     "nticks": 6},
    }  # fmt: skip


def _axes(number: str, left: float, width: float) -> dict[str, Any]:
    hidden = {"visible": False, "constrain": "domain"}
    return {
        f"xaxis{number}": {**hidden, "domain": [left, left + width], "anchor": f"y{number}"},
        f"yaxis{number}": {**hidden, "autorange": "reversed", "anchor": f"x{number}"},
    }
