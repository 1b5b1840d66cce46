"""Spreads of values, classes behind units, blocks over a run: what is drawn is what was found."""

from types import SimpleNamespace

import numpy as np
import pytest

from app.diagram.choice import network_of
from app.figures.answers import Answers, answers
from app.figures.block_times import BlockTimes, block_times, most
from app.figures.depth import Line, by_depth
from app.figures.reference_lines import level, made_neutral
from app.figures.spreads import CELLS, Spread, counters, ranges, shares_by_place, spreads
from app.figures.theme import LIGHT
from app.views.instrument_page import Scene
from app.views.instruments.near_steps import near_steps
from app.views.instruments.units import evenly, stage_ends, units_of
from tests.app.small_histories import PLAIN_AND_RESIDUAL

PLAIN, RESIDUAL = PLAIN_AND_RESIDUAL
COUNTS = ("values", "zeros", "dead", "channels", "nans", "infinities")


def spread(bins, counts, **of_each) -> Spread:
    units = np.array([f"layer1.{i}" for i in range(len(bins))])
    numbers = {name: np.atleast_1d(of_each.get(name, np.zeros(len(bins), int))) for name in COUNTS}
    return Spread(PLAIN, units, np.array(bins, float), np.array(counts), **numbers)


def test_spreads_of_nothing_have_axes_and_no_traces():
    assert len(spreads([], LIGHT).data) == 0
    nothing = spread(np.zeros((3, 33)), np.zeros((3, 32), int))
    assert len(spreads([nothing], LIGHT).data) == 0


def test_a_figure_of_spreads_is_as_high_before_anything_is_counted():
    known = spread([np.linspace(0, 1, 33)] * 3, np.ones((3, 32), int), values=[64] * 3)
    unknown = spread(np.zeros((3, 33)), np.zeros((3, 32), int))
    assert spreads([known], LIGHT).layout.height == spreads([unknown], LIGHT).layout.height


def test_shares_of_a_row_sum_to_all_values_and_0_is_in_the_middle():
    # 32 bins from 0 to 2, all alike: nothing to the left of 0, and the same share everywhere to its right.
    [row] = shares_by_place(np.linspace(0, 2, 33)[None], np.ones((1, 32), int))
    assert len(row) == CELLS
    assert np.isnan(row[: CELLS // 2]).all()
    assert np.nansum(row) == pytest.approx(1, abs=0.03)
    assert np.ptp(row[CELLS // 2 :]) == pytest.approx(0)


def test_a_row_without_a_finite_value_is_empty():
    assert np.isnan(shares_by_place(np.full((1, 33), np.nan), np.zeros((1, 32), int))).all()


def test_zeros_dead_channels_nan_and_infinity_are_counted_beside_the_row():
    bins, counts = [np.linspace(-1, 1, 33)] * 3, np.ones((3, 32), int)
    found = spread(
        bins, counts, values=[100, 1000, 100], zeros=[50, 1, 0], dead=[1, 0, 0], channels=[4, 4, 4],
        nans=[0, 20_000, 0], infinities=[7, 0, 0],
    )  # fmt: skip
    assert counters(found) == [["50 %", "1/4", "·", "7"], ["<1 %", "·", "2e4", "·"], ["·", "·", "·", "·"]]
    [heat, words] = spreads([found], LIGHT).data
    assert heat.z.shape == (3, CELLS)
    assert words.text[:4] == ("50 %", "1/4", "·", "7")


def test_the_range_of_zeros_alone_is_0_whatever_edges_their_histogram_has():
    found = spread([np.linspace(-0.5, 0.5, 33)], [np.ones(32, int)], values=[8], zeros=[6], nans=[2])
    assert [end.tolist() for end in ranges(found)] == [[0.0], [0.0]]


def test_classes_behind_units_are_cells_and_the_true_class_has_a_frame():
    shares = np.array([[0.25, 0.75], [np.nan, np.nan]])
    figure = answers([Answers(PLAIN, ["stem", "layer1.0"], ["cat", "dog"], shares, 1)], LIGHT)
    assert np.array_equal(figure.data[0].z, shares, equal_nan=True)
    assert figure.layout.xaxis.ticktext == ("cat", "<b>dog</b>")
    [frame] = figure.layout.shapes
    assert (frame.x0, frame.x1) == (0.5, 1.5)


def test_no_class_has_a_frame_before_the_picture_is_known():
    assert len(answers([], LIGHT).data) == 0
    nothing = Answers(PLAIN, ["stem"], ["cat", "dog"], np.full((1, 2), np.nan), -1)
    assert len(answers([nothing], LIGHT).layout.shapes) == 0


def test_blocks_over_a_run_are_a_row_each_and_the_step_has_a_line():
    values = np.array([[1.0, 2.0], [np.nan, np.inf], [3.0, 4.0]])
    times = BlockTimes(RESIDUAL, np.array([0, 10, 20]), ("layer1.0", "layer1.1"), values)
    figure = block_times([times], "ratio", LIGHT, step=30)
    cells = {trace.meta: trace for trace in figure.data}
    assert np.array_equal(cells["values"].z, [[1, np.nan, 3], [2, np.nan, 4]], equal_nan=True)
    assert cells["not a number"].z[0, 1] == cells["infinite"].z[1, 1] == 1
    assert (figure.layout.shapes[0].x0, *figure.layout.xaxis.range) == (30, 0, 30)
    assert most([times]) == pytest.approx(4, rel=0.01)


def test_no_run_is_no_map():
    assert len(block_times([], "ratio", LIGHT).data) == 0
    assert most([]) == 1


def test_a_level_line_is_in_the_colour_of_quiet_text():
    line = Line(PLAIN, np.arange(1, 4), np.ones(3), np.array(["a", "b", "c"]))
    figure = made_neutral(by_depth([line], "", LIGHT, laws=[level("chance", 0.1, 3)]), "chance", LIGHT)
    [law] = [trace for trace in figure.data if trace.meta == "law"]
    assert law.line.color == LIGHT.muted
    assert {note.font.color for note in figure.layout.annotations if note.text == "chance"} == {LIGHT.muted}
    assert LIGHT.muted not in {trace.line.color for trace in figure.data if trace.meta == "line"}


def test_units_have_names_titles_and_depths_without_a_network():
    places = units_of(network_of("identity-8~width:2@fashion-mnist-16").plan)
    assert [place.title for place in places] == ["stem", "layer1.0", "layer2.0", "layer3.0", "head"]
    assert places[0].name == "conv1"
    assert [place.depth for place in places] == [1, 3, 5, 7, 8]
    assert stage_ends(places) == [0, 1, 2, 3, 4]


def test_a_long_name_is_short_in_a_row():
    places = units_of(network_of("dense-40@fashion-mnist-16").plan)
    assert (places[1].block, places[1].title) == ("features.denseblock1.denselayer1", "denseblock1.1")


def test_few_of_many_are_evenly_spread_with_both_ends():
    assert evenly(3, 5) == [0, 1, 2]
    assert evenly(9, 5) == [0, 2, 4, 6, 8]
    assert evenly(600, 40)[-1] == 599


@pytest.mark.parametrize(
    ("step", "near"), [(0, [0, 10]), (10, [0, 10, 30]), (12, [0, 10, 30]), (60, [30, 60])]
)
def test_the_steps_beside_the_one_that_is_looked_at(step, near):
    look = SimpleNamespace(steps=(0, 10, 30, 60))
    assert near_steps(Scene([look], step, "", None)) == near
