"""The unrolled view: how many of the 2^n paths go through how many branches, and the paths themselves."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go

from app.figures.canvas import Paper
from app.figures.theme import ArmStyle, Palette
from resnet_core.architecture.paths import (
    Choices,
    length_deviation,
    length_probabilities,
    mean_length,
    paths_of_length,
)

SHOWN_DEVIATIONS = 5  # beyond them a bar would be lower than a pixel
EXACT_BELOW = 10**7  # larger counts are written as powers of ten


def path_lengths(units: int, style: ArmStyle, palette: Palette, scale: float = 1.0) -> go.Figure:
    """One bar a length: the share of the paths of `units` blocks that go through so many branches."""
    paper, color = Paper(palette, scale), style.color(palette)
    mean, deviation = mean_length(units), length_deviation(units)
    shares, counts = length_probabilities(units), paths_of_length(units)
    low = max(int(mean - SHOWN_DEVIATIONS * deviation) - 1, 0)
    lengths = list(range(low, min(int(mean + SHOWN_DEVIATIONS * deviation) + 2, units + 1)))
    bars = {
        "type": "bar",
        "x": lengths,
        "y": [shares[length] for length in lengths],
        "customdata": [count_in_words(counts[length]) for length in lengths],
        "marker": {"color": color},
        "hovertemplate": "%{x} branches<br>%{customdata} paths, %{y:.3~%}<extra></extra>",
    }
    return paper.figure(
        [bars],
        margins={"t": 34},
        height=paper.px(320),
        bargap=0.25,
        hovermode="x",
        xaxis=paper.axis("branches on the path", range=[lengths[0] - 0.7, lengths[-1] + 0.7], showgrid=False),
        yaxis=paper.axis("share of the paths", tickformat=".0~%", rangemode="tozero"),
        shapes=_middle(mean, deviation, palette),
        annotations=[_mean_text(mean, deviation, paper)],
    )


def count_in_words(count: int) -> str:
    """Exact below ten million, then rounded and as a power of ten: any size of integer."""
    if count < EXACT_BELOW:
        return f"{count:,}"
    digits, _, power = f"{Decimal(count):.1e}".partition("e+")
    return f"{digits} · 10^{power}"


def _middle(mean: float, deviation: float, palette: Palette) -> list[dict[str, Any]]:
    line = {"color": palette.ink, "width": 2, "dash": "dot"}
    ends = {"yref": "paper", "y0": 0, "y1": 1}
    band = {"type": "rect", "x0": mean - deviation, "x1": mean + deviation, "line": {"width": 0}}
    return [
        {**band, **ends, "fillcolor": palette.ink, "opacity": 0.08, "layer": "below"},
        {"type": "line", "x0": mean, "x1": mean, "line": line, **ends},
    ]


def _mean_text(mean: float, deviation: float, paper: Paper) -> dict[str, Any]:
    text = f"mean {mean:g}, standard deviation {deviation:.2f}"
    return paper.note(text, x=mean, y=1, yanchor="bottom", font=paper.ink_font | {"size": paper.px(15)})


def drawn_paths(
    paths: Sequence[Choices], blocks: Sequence[str], style: ArmStyle, palette: Palette
) -> go.Figure:
    """Every path as a row: a square where it goes through a block's branch, a line where it goes past it."""
    paper, color = Paper(palette), style.color(palette)
    ends = [-0.6, len(blocks) - 0.4]
    line = {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "line": {"color": color, "width": 3}}
    lines = [line | {"x": ends, "y": [row, row]} for row in range(len(paths))]
    rows = paper.axis(
        "branches on the path", tickvals=list(range(len(paths))), ticktext=[sum(path) for path in paths],
        showgrid=False, range=[len(paths) - 0.4, -0.6],
    )  # fmt: skip
    columns = paper.axis(tickvals=list(range(len(blocks))), ticktext=list(blocks), side="top", showgrid=False)
    return paper.figure(
        [*lines, _squares(paths, color, palette)], {"t": 34, "b": 10}, height=50 + 34 * len(paths),
        xaxis=columns, yaxis=rows,
    )  # fmt: skip


def _squares(paths: Sequence[Choices], color: str, palette: Palette) -> dict[str, Any]:
    through = [(i, row) for row, path in enumerate(paths) for i, is_branch in enumerate(path) if is_branch]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [x for x, _ in through],
        "y": [y for _, y in through],
        "text": ["F"] * len(through),
        "textfont": {"color": palette.paper, "size": 15},
        "marker": {"symbol": "square", "size": 24, "color": color},
        "hovertemplate": "through the branch<extra></extra>",
    }
