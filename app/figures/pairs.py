"""What each pair of variants says, as one mark a pair: a triangle of rows and columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.figures.canvas import Paper
from resnet_core.ranking import Outcome, Pair, Verdict
from resnet_core.variants import FAIL, Variant

DIVERGED = "diverged"
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
            "marker": {"symbol": symbol, "size": paper.px(9), "color": color,
                       "line": {"width": paper.px(1.6 if symbol.endswith("open") else 0), "color": color}},
            "hovertext": [_pair_said(pair, named, outcomes) for pair in found], "hoverinfo": "text",
        })  # fmt: skip
    return traces


def _pair_said(pair: Pair, named: Mapping[str, Variant], outcomes: Mapping[str, Outcome]) -> str:
    def numbers(key: str) -> str:
        error, found = named[key].error, outcomes[key].error
        paper = FAIL if error is None else f"{error:.2f} %"
        return f"{named[key].name}: paper {paper}, measured {DIVERGED if found is None else f'{found:.1f} %'}"

    p = "" if pair.p is None else f" (p = {pair.p:.2g})"
    return f"{numbers(pair.above)}<br>{numbers(pair.below)}<br>{pair.verdict}{p}"
