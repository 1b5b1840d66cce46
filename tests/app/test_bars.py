"""Bars by block: as high as what was measured, side by side, and told apart without their colour."""

import numpy as np
import pytest

from app.figures.history import History, Readings
from app.figures.profile import fill_profile, profile
from app.figures.theme import LIGHT, arms
from tests.app.small_histories import EMPTY, LAYOUT, labels, traces


def gained(*values) -> History:
    """A run of three blocks whose gains were `values`, step after step."""
    steps, rows = np.arange(len(values)), np.array(values, np.float32)
    readings = {"branch_gain": Readings(steps, rows)}
    return History(steps, np.zeros(len(values)), EMPTY.accuracy, LAYOUT.layers, ("a", "b", "c"), readings)


def bars_of(*histories: History):
    looks = arms(labels(*[{"seed": seed} for seed in range(len(histories))]))
    return fill_profile(profile(looks, LIGHT, "branch_gain"), histories)


def test_bars_stand_side_by_side_at_their_block():
    figure = bars_of(gained([0, 0, 0], [0.5, 0.25, 1]), gained([1, 1, 1]))
    one, other = traces(figure, "now")
    assert (one.y.tolist(), other.y.tolist()) == ([0.5, 0.25, 1], [1, 1, 1])
    assert (one.x + other.x).tolist() == pytest.approx([2, 4, 6])  # the blocks are between them
    assert other.x[0] - one.x[0] > one.width
    assert one.text.tolist() == ["a", "b", "c"]


def test_a_bar_has_its_arms_marker_at_its_end_and_a_tick_where_it_began():
    figure = bars_of(gained([0, 0, 0], [0.5, 0.25, 1]))
    bar, [end], [tick] = traces(figure, "now")[0], traces(figure, "end"), traces(figure, "initial")
    assert (end.x.tolist(), end.y.tolist()) == (bar.x.tolist(), bar.y.tolist())
    assert (tick.y.tolist(), 2 * tick.error_x.value) == ([0, 0, 0], bar.width)


def test_an_arm_without_bars_takes_no_room():
    [alone] = [trace for trace in traces(bars_of(EMPTY, gained([1, 1, 1])), "now") if len(trace.x)]
    assert alone.x.tolist() == [1, 2, 3]
    assert alone.width > 0.5


@pytest.mark.parametrize("gain", [1e-6, 0.01, 1.0, 9.0])
def test_bars_fill_the_axis_however_small_they_are(gain):
    bottom, top = bars_of(gained([gain, gain / 2, 0])).layout.yaxis.range
    assert -0.1 * gain < bottom < 0 < gain < top < 1.1 * gain


def test_bars_that_are_all_0_have_an_axis():
    bottom, top = bars_of(gained([0, 0, 0])).layout.yaxis.range
    assert bottom < 0 < top


def test_four_arms_have_bars_of_four_fills():
    bars = traces(bars_of(*[gained([1, 1, 1])] * 4), "now")
    looks = {(bar.marker.pattern.shape, bar.marker.color == "rgba(0,0,0,0)") for bar in bars}
    assert len(looks) == 4


def test_a_gain_that_is_no_number_is_in_a_lane_and_has_no_bar():
    figure = bars_of(gained([1, 1, 1], [np.nan, np.inf, 1e9]))
    assert np.isnan(traces(figure, "now")[0].y).all()
    assert traces(figure, "nonfinite")[0].y.tolist() == [1, 0]
    assert traces(figure, "beyond")[0].x.tolist() == [3]
