"""Numbers against depth: one line a network with its name at the end, lanes for 0, infinity and NaN."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper
from app.figures.lanes import Heights, heights_of
from app.figures.theme import Arm, Palette

ALONG = "depth (layer, 1 is next to the picture)"
HEIGHT = 420  # px at scale 1
USUAL_DEPTH = 56  # of the axis where nothing is known yet
LETTER, LETTERS = 7.4, 18  # px a letter at scale 1; longer names have several lines


class Line(NamedTuple):
    """One network's numbers: `depths` and `values` (N,), `names` (N,) of the layers or blocks.

    `is_beside` (N,) marks those beside the main path, which no line goes through: projections, gates.
    """

    arm: Arm
    depths: np.ndarray
    values: np.ndarray
    names: np.ndarray
    is_beside: np.ndarray | None = None

    @property
    def beside(self) -> np.ndarray:
        return np.zeros(len(self.depths), bool) if self.is_beside is None else self.is_beside


class Band(NamedTuple):
    """Depths that stand out, and what they are called."""

    name: str
    first: float
    last: float


def unknown(arm: Arm) -> Line:
    """The line of a network of which nothing is known yet: its name has its room already."""
    return Line(arm, np.empty(0), np.empty(0), np.empty(0, str))


def by_depth(
    lines: Sequence[Line],
    title: str,
    palette: Palette,
    scale: float = 1.0,
    *,
    is_log: bool = True,
    along: str = ALONG,
    laws: Sequence[Line] = (),
    bands: Sequence[Band] = (),
    height: float = HEIGHT,
) -> go.Figure:
    """`laws`, dotted, are what is expected. `along` is the title of the depth axis."""
    paper, all_lines = Paper(palette, scale), [*lines, *laws]
    heights = heights_of([line.values for line in lines] + [_finite(law.values) for law in laws], is_log)
    deepest = max((line.depths.max() for line in all_lines if len(line.depths)), default=USUAL_DEPTH)
    traces = [trace for line in lines for trace in line_traces(line, heights, paper)]
    traces += [_law_trace(law, heights, paper) for law in laws]
    return paper.figure(
        traces,
        margins={"r": room_for_names([line.arm.name for line in all_lines])},
        height=paper.px(height),
        uirevision=f"{title} {along}",  # another quantity is looked at from the start
        xaxis=paper.axis(along, range=[0, deepest + 1], nticks=8),
        yaxis=heights.axis(paper, title),
        annotations=[*end_names(all_lines, heights, paper, height - 54), *_band_names(bands, paper)],
        shapes=[band_shape(band, palette) for band in bands],
    )


def line_traces(line: Line, heights: Heights, paper: Paper, **place: Any) -> list[dict[str, Any]]:
    """The line itself, open markers beside it, and marks in the lanes; `place` says on which axes."""
    color, style = line.arm.style.color(paper.palette), line.arm.style
    marker = {"symbol": style.symbol, "color": color, "size": 5 * paper.scale}
    main, beside = np.flatnonzero(~line.beside), np.flatnonzero(line.beside)
    placed, in_lanes = heights.place(line.values), heights.place_in_lanes(line.values)
    said = np.array([f"{n}: {v:.3g}" for n, v in zip(line.names, line.values, strict=True)], object)
    stroke = {"color": color, "dash": style.dash, "width": 2.5 * paper.scale}
    ring = paper.mark(f"{style.symbol}-open", 8, color, 2)

    def trace(role: str, which: np.ndarray, y: np.ndarray, **look: Any) -> dict[str, Any]:
        return {
            "type": "scatter", "name": line.arm.name, "meta": role, "x": line.depths[which], "y": y[which],
            "customdata": line.names[which], "text": said[which], "hovertemplate": "%{text}", **place, **look,
        }  # fmt: skip

    lost = np.flatnonzero(np.isfinite(in_lanes))
    return [
        trace("line", main, placed, mode="lines+markers", line=stroke, marker=marker),
        trace("beside", beside, placed, mode="markers", marker=ring),
        trace("lanes", lost, in_lanes, mode="markers", marker=marker | {"size": 8 * paper.scale}),
    ]


def _law_trace(law: Line, heights: Heights, paper: Paper) -> dict[str, Any]:
    line = {"color": law.arm.style.color(paper.palette), "dash": "dot", "width": 2 * paper.scale}
    return {
        "type": "scatter", "mode": "lines", "name": law.arm.name, "meta": "law", "line": line,
        "x": law.depths, "y": heights.place(law.values), "customdata": law.names, "text": law.values,
        "hovertemplate": "expected: %{text:.3~g}",
    }  # fmt: skip


def room_for_names(names: Sequence[str]) -> float:
    """Pixels at scale 1 to the right of the lines."""
    longest = max((len(part) for name in names for part in in_lines(name).split("<br>")), default=0)
    return 24 + LETTER * longest


def in_lines(name: str) -> str:
    """A long name in several lines, broken where a comma is."""
    return name if len(name) <= LETTERS else name.replace(", ", ",<br>")


def end_names(lines: Sequence[Line], heights: Heights, paper: Paper, pixels: float) -> list[dict[str, Any]]:
    """A name behind the last point of each line, moved apart where they would lie on each other."""
    ends = [(line, _last_height(line, heights)) for line in lines]
    ends = sorted((end for end in ends if end[1] is not None), key=lambda end: end[1])
    low, high = heights.span
    rows = [1 + in_lines(line.arm.name).count("<br>") for line, _ in ends]
    room = [17 * count * (high - low) / pixels for count in rows]
    spots = moved_apart([height for _, height in ends], room)
    return [
        {
            "x": float(line.depths[~line.beside].max()), "xshift": paper.px(8), "xanchor": "left", "y": spot,
            "yanchor": "middle", "align": "left", "showarrow": False, "text": in_lines(line.arm.name),
            "font": paper.ink_font | {"color": line.arm.style.color(paper.palette)},
        }
        for (line, _), spot in zip(ends, spots, strict=True)
    ]  # fmt: skip


def moved_apart(places: Sequence[float], room: Sequence[float]) -> list[float]:
    """Rising `places`, each at least half of its own and of its neighbour's `room` away from the next."""
    spots = list(places)
    for _ in range(3 * len(spots)):
        for i in range(len(spots) - 1):
            missing = (room[i] + room[i + 1]) / 2 - (spots[i + 1] - spots[i])
            if missing > 1e-9:
                spots[i], spots[i + 1] = spots[i] - missing / 2, spots[i + 1] + missing / 2
    return spots


def _last_height(line: Line, heights: Heights) -> float | None:
    main = np.flatnonzero(~line.beside)
    if not len(main):
        return None
    last = main[[np.argmax(line.depths[main])]]
    placed, in_lane = heights.place(line.values[last])[0], heights.place_in_lanes(line.values[last])[0]
    height = placed if np.isfinite(placed) else in_lane
    return float(height) if np.isfinite(height) else None


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def band_shape(band: Band, palette: Palette) -> dict[str, Any]:
    """The depths of a band, half a layer more on either side, over the height of the figure."""
    return {
        "type": "rect", "x0": band.first - 0.5, "x1": band.last + 0.5, "yref": "paper", "y0": 0, "y1": 1,
        "fillcolor": palette.ink, "opacity": 0.09, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def _band_names(bands: Sequence[Band], paper: Paper) -> list[dict[str, Any]]:
    return [
        paper.note(band.name, x=(band.first + band.last) / 2, y=0, yanchor="bottom", xanchor="center")
        for band in bands
    ]
