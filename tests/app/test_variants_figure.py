"""The figure of the variants: its marks are the numbers, empty first, no verdict by colour alone."""

import pytest

from app.figures.pairs import LOOKS
from app.figures.theme import DARK, LIGHT
from app.figures.variants import Titles, rankings
from resnet_core.ranking import Outcome, compare
from resnet_core.variants import by_published_error

ROWS = by_published_error()
ROW_OF = {variant.key: row for row, variant in enumerate(ROWS)}
TITLES = Titles(("Paper", "110 layers"), ("Here", "8 layers"))
# The paper: pre 6.37, original 6.61, 1x1 convolution 12.22, plain fails.
OUTCOMES = {
    "pre": Outcome((0.8,)),
    "original": Outcome((0.7,)),
    "conv1x1": Outcome((0.72,)),
    "plain": Outcome((None,)),
}


def figure(outcomes=None, palette=LIGHT, scale=1.0):
    found = outcomes or {}
    return rankings(ROWS, found, compare(found), TITLES, (palette, scale))


def points(drawn, meta: str) -> list[tuple]:
    [trace] = [trace for trace in drawn.data if trace.meta == meta]
    return [(x, y) for x, y in zip(trace.x, trace.y, strict=True) if x is not None]


def test_before_anything_is_measured_the_paper_stands_alone():
    empty = figure()
    assert "nothing measured yet" in [annotation.text for annotation in empty.layout.annotations]
    drawn = {trace.meta for trace in empty.data if points(empty, trace.meta)}
    assert drawn == {"published"}
    assert list(empty.layout.yaxis.range) == [14.5, -0.5]


def test_published_errors_are_drawn_in_their_rows_and_fail_in_a_lane():
    drawn = points(figure(), "published")
    assert [y for _, y in drawn] == list(range(15))
    assert [x for x, _ in drawn[:11]] == [6.37, 6.61, 6.71, 6.91, 7.84, 8.17, 8.70, 9.81, 12.22, 12.35, 12.86]
    [lane] = {x for x, _ in drawn[11:]}
    assert lane > 12.86
    assert list(figure().data[0].text[11:]) == ["fail"] * 4


def test_measured_errors_are_drawn_in_the_rows_of_their_variants():
    drawn = figure(OUTCOMES)
    assert points(drawn, "mean original") == [pytest.approx((30, ROW_OF["original"]))]
    assert points(drawn, "mean agrees")[0] == pytest.approx((20, ROW_OF["pre"]))
    assert points(drawn, "mean cannot be told apart") == [pytest.approx((28, ROW_OF["conv1x1"]))]
    assert "nothing measured yet" not in [annotation.text for annotation in drawn.layout.annotations]


def test_a_variant_that_diverged_stands_in_a_lane_of_its_own():
    [pre, (lane, row)] = points(figure(OUTCOMES), "mean agrees")
    assert row == ROW_OF["plain"]
    assert lane > 30 > pre[0]
    assert figure(OUTCOMES).layout.xaxis2.ticktext[-1] == "diverged"


def test_without_the_original_no_mark_says_a_verdict():
    drawn = figure({"pre": Outcome((0.8,))})
    assert points(drawn, "mean unmarked") == [pytest.approx((20, ROW_OF["pre"]))]


def test_every_seed_has_a_tick_and_one_seed_needs_none():
    several = {"pre": Outcome((0.8, 0.6, None)), "original": Outcome((0.5,))}
    drawn = figure(several)
    ticks = points(drawn, "seeds")
    assert [x for x, _ in ticks[:2]] == pytest.approx([20, 40])
    assert {y for _, y in ticks} == {ROW_OF["pre"]}
    assert ticks[2][0] > 90


def test_pairs_stand_in_the_row_of_the_lower_and_the_column_of_the_upper():
    drawn = figure(OUTCOMES)
    at = {key: row for key, row in ROW_OF.items() if key in OUTCOMES}
    # 0.8 and 0.7 are ten points apart, 0.7 and 0.72 two, and what diverged is below everything
    assert set(points(drawn, "pairs agrees")) == {
        (at["pre"], at["original"]), (at["pre"], at["conv1x1"]), (at["pre"], at["plain"]),
        (at["original"], at["plain"]), (at["conv1x1"], at["plain"]),
    }  # fmt: skip
    assert points(drawn, "pairs cannot be told apart") == [(at["original"], at["conv1x1"])]
    assert points(drawn, "pairs disagrees") == []


def test_a_pair_says_both_numbers_of_both():
    [trace] = [trace for trace in figure(OUTCOMES).data if trace.meta == "pairs cannot be told apart"]
    assert list(trace.hovertext) == [
        "original: paper 6.61 %, measured 30.0 %<br>1×1 convolution: paper 12.22 %, measured 28.0 %"
        "<br>cannot be told apart"
    ]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_verdicts_differ_in_symbol_and_not_in_colour_alone(palette):
    assert len({symbol for symbol, _ in LOOKS.values()}) == len(LOOKS)
    assert len({getattr(palette, color) for _, color in LOOKS.values()}) == len(LOOKS)
    shown = {trace.name for trace in figure(OUTCOMES, palette).data if trace.showlegend is not False}
    assert shown == {"agrees", "disagrees", "cannot be told apart", "original"}


@pytest.mark.parametrize("accuracies", [(0.5,), (0.5, 0.5), (0.1, 0.999)])
def test_ticks_stand_among_the_numbers(accuracies):
    axis = figure({"pre": Outcome(accuracies)}).layout.xaxis2
    *numbers, lane = axis.tickvals
    assert all(axis.range[0] <= tick < lane < axis.range[1] for tick in numbers)
    assert len(numbers) <= 7


def test_a_projector_enlarges_the_figure():
    assert figure(scale=2.0).layout.height == 2 * figure().layout.height
