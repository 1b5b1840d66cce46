"""The paper's errors, the measured ones, and every pair of variants, on the same rows: three panels.

Rows are the variants, the paper's best at the top. A variant without a number, because it failed or diverged,
stands in a lane of its own at the right end of its axis.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from app.figures.canvas import Paper
from app.figures.errors import DIVERGED, error_of, measured_words, seed_words
from app.figures.pairs import LOOKS, pair_marks
from app.figures.theme import Palette
from resnet_core.ranking import Outcome, Pair, Verdict, against_original
from resnet_core.variants import FAIL, ORIGINAL, Variant

DOMAINS = ([0, 0.25], [0.29, 0.66], [0.72, 1])
HEADING_HEIGHT = 46  # px at scale 1, as are the others
ROW_HEIGHT, MARGINS = 26, {"l": 196, "r": 12, "t": 84, "b": 34}
TICK_STEPS = (1, 2, 5, 10, 20)
LANE = 0.14  # of an axis' span: from its last number to the middle of the lane
LEAST_SPAN = 5.0  # percentage points; the paper's numbers span more
ONLY_LANE = (0.0, 100.0)  # of the errors' axis, while there are none
_ORIGINAL_SYMBOL, _SEED_SYMBOL = "star", "line-ns-open"


class Titles(NamedTuple):
    """What stands above the first two panels: one line what it is, one under which conditions."""

    paper: tuple[str, str]
    here: tuple[str, str]


def rankings(
    variants: Sequence[Variant],
    outcomes: Mapping[str, Outcome],
    pairs: Sequence[Pair],
    titles: Titles,
    look: tuple[Palette, float],
) -> go.Figure:
    """The figure. `variants` are its rows from the top; `outcomes` may lack any or all of them."""
    paper = Paper(*look)
    published = [variant.error for variant in variants if variant.error is not None]
    measured = [error_of(a) for one in outcomes.values() if not one.failed for a in one.values]
    scales = _scale(published), _scale(measured)
    return paper.figure(
        [
            _published(variants, scales[0], paper),
            _seeds(variants, outcomes, scales[1], paper),
            *_means(variants, outcomes, scales[1], paper),
            *pair_marks(variants, outcomes, pairs, paper),
        ],
        MARGINS,
        height=paper.px(ROW_HEIGHT * len(variants) + MARGINS["t"] + MARGINS["b"]),
        annotations=_headings(titles, paper) + _emptiness(outcomes, paper),
        shapes=_reference_line(outcomes, paper) + _lanes(scales, paper),
        showlegend=True,
        legend=_legend(len(variants), paper),
        dragmode=False,
        **_axes(variants, scales, paper),
    )


class _Scale(NamedTuple):
    """An axis of errors from `low` to `high`, and the place of its lane."""

    low: float
    high: float
    lane: float
    end: float

    @property
    def ticks(self) -> list[float]:
        """At most six round numbers, none of them in the lane."""
        step = next(step for step in TICK_STEPS if (self.high - self.low) / step <= 6)
        return [step * k for k in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]

    @property
    def border(self) -> float:
        """Between the numbers and the lane."""
        return self.high + 0.45 * (self.lane - self.high)


def _scale(errors: Sequence[float]) -> _Scale:
    low, high = (min(errors), max(errors)) if errors else ONLY_LANE
    widening = max(LEAST_SPAN - (high - low), 0) / 2
    low, high = low - widening, high + widening
    span = high - low
    return _Scale(low - 0.07 * span, high, high + LANE * span, high + 1.8 * LANE * span)


def _published(variants: Sequence[Variant], scale: _Scale, paper: Paper) -> dict[str, Any]:
    ink, blue = paper.palette.ink, paper.palette.residual[0]
    failed = [variant.error is None for variant in variants]
    is_original = [variant.key == ORIGINAL for variant in variants]
    said = [FAIL if variant.error is None else f"{variant.error:.2f}" for variant in variants]
    return {
        "type": "scatter", "mode": "markers+text", "meta": "published", "showlegend": False,
        "x": [scale.lane if variant.error is None else variant.error for variant in variants],
        "y": list(range(len(variants))),
        "text": said,
        "textposition": ["middle center" if without else "middle right" for without in failed],
        "textfont": {"color": ink},
        "marker": {
            "symbol": [_ORIGINAL_SYMBOL if it else "diamond" for it in is_original],
            "size": [0 if without else paper.px(9 + 4 * it)
                     for without, it in zip(failed, is_original, strict=True)],
            "color": [blue if it else ink for it in is_original],
        },
        "cliponaxis": False, "hoverinfo": "text",
        "hovertext": [f"{variant.name}: {text}" for variant, text in zip(variants, said, strict=True)],
    }  # fmt: skip


def _seeds(
    variants: Sequence[Variant], outcomes: Mapping[str, Outcome], scale: _Scale, paper: Paper
) -> dict[str, Any]:
    """A tick a seed, where there are several."""
    found = [
        (row, accuracy)
        for row, variant in enumerate(variants)
        for accuracy in _several(outcomes.get(variant.key))
    ]
    return {
        "type": "scatter", "mode": "markers", "meta": "seeds", "name": "one seed",
        "xaxis": "x2", "yaxis": "y",
        "x": [scale.lane if a is None else error_of(a) for _, a in found],
        "y": [row for row, _ in found],
        "marker": paper.mark(_SEED_SYMBOL, 13, paper.palette.muted, line=2),
        "hovertext": [f"{variants[row].name}, one seed: {seed_words(a)}" for row, a in found],
        "hoverinfo": "text", "cliponaxis": False, "showlegend": bool(found),
    }  # fmt: skip


def _several(outcome: Outcome | None) -> Sequence[float | None]:
    return outcome.accuracies if outcome and len(outcome.accuracies) > 1 else ()


def _means(
    variants: Sequence[Variant], outcomes: Mapping[str, Outcome], scale: _Scale, paper: Paper
) -> list[dict[str, Any]]:
    """The mean of each variant, marked by what its pair with the original says."""
    verdicts = {key: pair.verdict for key, pair in against_original(outcomes).items()}
    groups = {"original": _ORIGINAL_SYMBOL, **{verdict: symbol for verdict, (symbol, _) in LOOKS.items()}}
    groups["unmarked"] = "diamond"  # while the original has not been measured
    traces = []
    for group, symbol in groups.items():
        rows = [
            (row, variant, outcomes[variant.key])
            for row, variant in enumerate(variants)
            if variant.key in outcomes
            and ("original" if variant.key == ORIGINAL else verdicts.get(variant.key, "unmarked")) == group
        ]
        traces.append(_mean_trace(group, symbol, rows, scale, paper))
    return traces


def _mean_trace(
    group: str, symbol: str, rows: Sequence[tuple[int, Variant, Outcome]], scale: _Scale, paper: Paper
) -> dict[str, Any]:
    is_original = group == "original"
    return {
        "type": "scatter", "mode": "markers", "meta": f"mean {group}", "name": group,
        "legendgroup": group, "showlegend": is_original and bool(rows), "xaxis": "x2", "yaxis": "y",
        "x": [scale.lane if outcome.failed else outcome.error for _, _, outcome in rows],
        "y": [row for row, _, _ in rows],
        "marker": paper.mark(symbol, 14 if is_original else 12, _color(group, paper.palette), line=2),
        "hovertext": [_said(variant, outcome) for _, variant, outcome in rows],
        "hoverinfo": "text", "cliponaxis": False,
    }  # fmt: skip


def _color(group: str, palette: Palette) -> str:
    if group == "original":
        return palette.residual[0]
    return palette.ink if group == "unmarked" else getattr(palette, LOOKS[Verdict(group)][1])


def _said(variant: Variant, outcome: Outcome) -> str:
    seeds = len(outcome.accuracies)
    mean = f", mean of {seeds} seeds" if seeds > 1 else ""
    return f"{variant.name}: {measured_words(outcome.error)}{mean}"


def _axes(variants: Sequence[Variant], scales: Sequence[_Scale], paper: Paper) -> dict[str, Any]:
    count = len(variants)
    numbers = [str(row + 1) for row in range(count)]
    names = [f"{v.name}&nbsp;&nbsp;<b>{number}</b>" for v, number in zip(variants, numbers, strict=True)]
    fixed = {"fixedrange": True}
    return {
        "yaxis": paper.axis(range=[count - 0.5, -0.5], tickvals=list(range(count)), ticktext=names,
                            tickfont=paper.ink_font, domain=[0, 1], **fixed),
        "xaxis": _error_axis(scales[0], DOMAINS[0], FAIL, paper),
        "xaxis2": _error_axis(scales[1], DOMAINS[1], DIVERGED, paper) | {"anchor": "y"},
        "xaxis3": paper.axis(domain=DOMAINS[2], range=[-0.7, count - 1.3], tickvals=list(range(count)),
                             ticktext=numbers, anchor="y", **fixed),
    }  # fmt: skip


def _error_axis(scale: _Scale, domain: list[float], lane: str, paper: Paper) -> dict[str, Any]:
    ticks = scale.ticks
    return paper.axis(domain=domain, range=[scale.low, scale.end], tickvals=[*ticks, scale.lane],
                      ticktext=[*(f"{tick:g} %" for tick in ticks), lane], fixedrange=True)  # fmt: skip


def _headings(titles: Titles, paper: Paper) -> list[dict[str, Any]]:
    pair = ("Pair by pair", "row against column")
    return [
        paper.heading(f"<b>{what}</b><br>{how}", domain[0], 4)
        for (what, how), domain in zip((*titles, pair), DOMAINS, strict=True)
    ]


def _emptiness(outcomes: Mapping[str, Outcome], paper: Paper) -> list[dict[str, Any]]:
    if outcomes:
        return []
    middle = sum(DOMAINS[1]) / 2
    font = paper.ink_font | {"color": paper.palette.muted}
    return [paper.note("nothing measured yet", x=middle, xref="paper", y=0.5, font=font)]


def _reference_line(outcomes: Mapping[str, Outcome], paper: Paper) -> list[dict[str, Any]]:
    """The measured error of the original."""
    if ORIGINAL not in outcomes or outcomes[ORIGINAL].failed:
        return []
    error = outcomes[ORIGINAL].error
    line = {"color": paper.palette.residual[0], "width": paper.px(1.5), "dash": "dot"}
    return [{"type": "line", "xref": "x2", "yref": "y domain", "x0": error, "x1": error, "y0": 0, "y1": 1,
             "line": line, "layer": "below"}]  # fmt: skip


def _lanes(scales: Sequence[_Scale], paper: Paper) -> list[dict[str, Any]]:
    return [
        {"type": "rect", "xref": axis, "yref": "y domain", "x0": scale.border, "x1": scale.end,
         "y0": 0, "y1": 1, "fillcolor": paper.palette.grid, "opacity": 0.55, "line": {"width": 0},
         "layer": "below"}
        for axis, scale in zip(("x", "x2"), scales, strict=True)
    ]  # fmt: skip


def _legend(count: int, paper: Paper) -> dict[str, Any]:
    """Above the headings of the panels, which take two lines."""
    above = 1 + HEADING_HEIGHT / (ROW_HEIGHT * max(count, 1))
    return {"orientation": "h", "x": 0, "xanchor": "left", "y": above, "yanchor": "bottom",
            "font": paper.ink_font, "itemclick": False, "itemdoubleclick": False}  # fmt: skip
