"""The gradient by path length: how many paths there are, what one carries, what all of a length carry.

Veit et al. 2016 (arXiv:1605.06431) multiply the first two: an upper bound of the third. K = lengths.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.lanes import Heights, heights_of
from app.figures.theme import Arm, Palette

HEIGHT = 400  # px at scale 1
PANELS = ((0.0, 0.25), (0.33, 0.58), (0.66, 1.0))  # shares of the width
TITLES = ("number of paths", "gradient along one path (mean)", "gradient of all paths of a length")
KEY = "solid: their sum, measured<br>dotted: number × one path"
USUAL_BLOCKS = 27


class Spectrum(NamedTuple):
    """One network: `counts`, `one_path` and `carried` (K,) over `lengths` (K,); NaN where not measured.

    `most` are the first and the last of the lengths that carry most of it, if that is known.
    """

    arm: Arm
    lengths: np.ndarray
    counts: np.ndarray
    one_path: np.ndarray
    carried: np.ndarray
    most: tuple[float, float] | None = None

    @property
    def product(self) -> np.ndarray:
        with np.errstate(invalid="ignore", over="ignore"):
            return self.counts * self.one_path


def path_lengths(spectra: Sequence[Spectrum], palette: Palette, scale: float = 1.0) -> go.Figure:
    """Three panels over the same lengths, each with its own logarithmic axis."""
    paper = Paper(palette, scale)
    longest = max((s.lengths.max() for s in spectra if len(s.lengths)), default=USUAL_BLOCKS)
    contents = [
        [(s, s.counts, "solid") for s in spectra],
        [(s, s.one_path, "solid") for s in spectra],
        [(s, s.carried, "solid") for s in spectra] + [(s, s.product, "dot") for s in spectra],
    ]
    traces, layout = [], {}
    for index, lines in enumerate(contents):
        number = axis_number(index)
        heights = heights_of([_known(values) for _, values, _ in lines])
        x = paper.axis("branches crossed", domain=PANELS[index], anchor=f"y{number}", nticks=7)
        layout[f"xaxis{number}"] = x | {"range": [-0.5, longest + 0.5]}
        layout[f"yaxis{number}"] = heights.axis(paper, anchor=f"x{number}")
        traces.append(
            {"type": "scatter", "x": [None], "y": [None], "xaxis": f"x{number}", "yaxis": f"y{number}"}
        )
        traces += [_trace(line, heights, number, paper) for line in lines]
    headings = [paper.heading(t, p[0], 6) for t, p in zip(TITLES, PANELS, strict=True)]
    key = paper.note(KEY, x=1, xref="paper", xanchor="right", y=1, yanchor="top", align="right")
    return paper.figure(
        traces, {"t": 30, "l": 48}, height=paper.px(HEIGHT), annotations=[*headings, key],
        shapes=[_band(s, palette) for s in spectra if s.most], **layout,
    )  # fmt: skip


def _known(values: np.ndarray) -> np.ndarray:
    """NaN here is what was not measured, and no number to be shown."""
    return values[~np.isnan(values)]


def _trace(
    line: tuple[Spectrum, np.ndarray, str], heights: Heights, number: str, paper: Paper
) -> dict[str, Any]:
    spectrum, values, dash = line
    known = ~np.isnan(values)
    placed, in_lanes = heights.place(values[known]), heights.place_in_lanes(values[known])
    style, color = spectrum.arm.style, spectrum.arm.style.color(paper.palette)
    said = [f"{k:.0f} branches: {v:.3g}" for k, v in zip(spectrum.lengths[known], values[known], strict=True)]
    marker = {"symbol": style.symbol, "color": color, "size": 5 * paper.scale}
    return {
        "type": "scatter", "mode": "lines" if dash == "dot" else "lines+markers", "name": spectrum.arm.name,
        "meta": dash, "x": spectrum.lengths[known], "y": np.where(np.isnan(placed), in_lanes, placed),
        "line": {"color": color, "dash": dash, "width": 2.5 * paper.scale}, "marker": marker,
        "text": said, "hovertemplate": "%{text}", "xaxis": f"x{number}", "yaxis": f"y{number}",
    }  # fmt: skip


def _band(spectrum: Spectrum, palette: Palette) -> dict[str, Any]:
    """The lengths that carry most, behind the last panel."""
    first, last = spectrum.most
    return {
        "type": "rect", "xref": "x3", "x0": first - 0.5, "x1": last + 0.5, "yref": "paper", "y0": 0, "y1": 1,
        "fillcolor": spectrum.arm.style.color(palette), "opacity": 0.12, "line": {"width": 0},
        "layer": "below",
    }  # fmt: skip
