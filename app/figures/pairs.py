"""What each pair of variants says, as one mark a pair: a triangle of rows and columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.figures.canvas import Paper
from app.figures.errors import measured_words, published_words
from resnet_core.ranking import Outcome, Pair, Verdict
from resnet_core.variants import Variant

LOOKS = {  # symbol, and the colour's name in a palette
    Verdict.AGREES: ("circle", "right"),
    Verdict.DISAGREES: ("x", "wrong"),
    Verdict.OPEN: ("circle-open", "muted"),
}


def pair_marks(
    variants: Sequence[Variant], outcomes: Mapping[str, Outcome], pairs: Sequence[Pair], paper: Paper
) -> list[dict[str, Any]]:
    """A trace a verdict: a pair stands in the row of the paper's lower one, in the column of the other."""
    rows = {variant.key: row for row, variant in enumerate(variants)}
    named = {variant.key: variant for variant in variants}
    traces = []
    for verdict, (symbol, color_name) in LOOKS.items():
        color, found = getattr(paper.palette, color_name), [p for p in pairs if p.verdict is verdict]
        traces.append({
            "type": "scatter", "mode": "markers", "meta": f"pairs {verdict}", "name": verdict.value,
            "legendgroup": verdict.value, "xaxis": "x3", "yaxis": "y",
            # One point at no place where there is none: the legend keeps its entry.
            "x": [rows[pair.above] for pair in found] or [None],
            "y": [rows[pair.below] for pair in found] or [None],
            "marker": paper.mark(symbol, 9, color, line=1.6),
            "hovertext": [_pair_said(pair, named, outcomes) for pair in found], "hoverinfo": "text",
        })  # fmt: skip
    return traces


def _pair_said(pair: Pair, named: Mapping[str, Variant], outcomes: Mapping[str, Outcome]) -> str:
    def numbers(key: str) -> str:
        paper, found = published_words(named[key]), measured_words(outcomes[key].error)
        return f"{named[key].name}: paper {paper}, measured {found}"

    p = "" if pair.p is None else f" (p = {pair.p:.2g})"
    return f"{numbers(pair.above)}<br>{numbers(pair.below)}<br>{pair.verdict}{p}"
