"""The gradient by its two ways past every block: two norms against depth, and the cosine between the parts.

Blue and solid is the shortcut's part, the next shade with dashes the branch's.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper
from app.figures.depth import (
    ALONG,
    USUAL_DEPTH,
    Band,
    Line,
    band_shape,
    end_names,
    line_traces,
    room_for_names,
)
from app.figures.lanes import Heights, heights_of
from app.figures.theme import Arm, ArmStyle, Palette

HEIGHT = 470  # px at scale 1
NORMS, COSINE = (0.34, 1.0), (0.0, 0.24)  # shares of the height


class Ways(NamedTuple):
    """One network with skips: norms and cosine (B,) of its blocks. `name` is empty if there is no other."""

    name: str
    order: int
    depths: np.ndarray
    blocks: np.ndarray
    shortcut: np.ndarray
    branch: np.ndarray
    cosine: np.ndarray


def two_paths(
    networks: Sequence[Ways], palette: Palette, scale: float = 1.0, bands: Sequence[Band] = ()
) -> go.Figure:
    """Norms on a logarithmic axis above, cosines from -1 to 1 below, over the same depths."""
    paper = Paper(palette, scale)
    lines = [line for network in networks for line in way_lines(network)]
    cosines = [Line(_arm(n, 0, "cosine"), n.depths, n.cosine, n.blocks) for n in networks]
    heights, flat = heights_of([line.values for line in lines]), _cosine_heights(cosines)
    deepest = max((n.depths.max() for n in networks if len(n.depths)), default=USUAL_DEPTH)
    traces = [t for line in lines for t in line_traces(line, heights, paper)]
    traces += [t for line in cosines for t in line_traces(line, flat, paper, yaxis="y2")]
    return paper.figure(
        traces or [{"type": "scatter", "x": [None], "y": [None], "yaxis": "y2"}],
        margins={"r": room_for_names([line.arm.name for line in lines] or ["shortcut"])},
        height=paper.px(HEIGHT),
        xaxis=paper.axis(ALONG, range=[0, deepest + 1], nticks=8, anchor="y2"),
        yaxis=heights.axis(paper, "‖part of ∂L/∂x‖", domain=NORMS),
        yaxis2=flat.axis(paper, "cosine", domain=COSINE) | _thirds(flat),
        annotations=end_names(lines, heights, paper, (HEIGHT - 54) * (NORMS[1] - NORMS[0])),
        shapes=[band_shape(band, palette) for band in bands],
    )


def way_lines(network: Ways) -> list[Line]:
    """The line of the shortcut's part and that of the branch's."""
    values = (("shortcut", network.shortcut), ("branch", network.branch))
    return [
        Line(_arm(network, i, word), network.depths, found, network.blocks)
        for i, (word, found) in enumerate(values)
    ]


def _arm(network: Ways, i: int, word: str) -> Arm:
    name = f"{network.name}, {word}" if network.name else word
    return Arm(name, ArmStyle("residual", 2 * network.order + i))


def _cosine_heights(lines: Sequence[Line]) -> Heights:
    found = heights_of([line.values for line in lines], False)
    return Heights(-1.0, 1.0, False, found.lanes)


def _thirds(flat: Heights) -> dict[str, Any]:
    ticks = {-1.0: "−1", 0.0: "0", 1.0: "1"} | {flat.of_lane(lane): "NaN" for lane in flat.lanes}
    return {"tickvals": list(ticks), "ticktext": list(ticks.values())}
