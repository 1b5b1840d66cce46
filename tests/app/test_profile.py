"""Profiles over depth: what is drawn is what was stored, and what an axis has no place for is beside it."""

import numpy as np
import pytest

from app.figures.history import History, Readings, history_of
from app.figures.profile import QUANTITIES, decade_ticks, fill_profile, profile
from app.figures.theme import LIGHT
from resnet_core import records
from tests.app.small_histories import EMPTY, HISTORY, LAYOUT, PLAIN_AND_RESIDUAL, record, traces


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_profiles_of_nothing_are_empty(quantity):
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL, LIGHT, quantity), [EMPTY, EMPTY])
    assert all(len(trace.x) == 0 for trace in figure.data)


def test_every_probed_quantity_has_a_profile():
    by_layer = {name for name, axis in records.QUANTITIES.items() if axis in ("layer", "block")}
    drawn = {*QUANTITIES, *(what.second for what in QUANTITIES.values() if what.second)}
    assert drawn == by_layer - {"nonfinite_gradients"}


def test_two_quantities_share_a_chart_the_second_with_open_markers():
    readings = {
        "shortcut_gradient": Readings(np.array([0]), np.array([[4.0, 2.0]])),
        "branch_gradient": Readings(np.array([0]), np.array([[0.0, 1.0]])),
    }
    history = History(HISTORY.steps, HISTORY.loss, HISTORY.accuracy, LAYOUT.layers, ("a", "b"), readings)
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL[1:], LIGHT, "shortcut_gradient"), [history])
    first, second = traces(figure, "now")
    assert (first.y.tolist(), second.y.tolist()[1:]) == ([4, 2], [1])
    assert traces(figure, "zero")[1].x.tolist() == [1]
    assert (first.marker.symbol, second.marker.symbol) == ("circle", "circle-open")


def test_a_profile_shows_now_before_its_start_and_projections_apart():
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL, LIGHT), [EMPTY, HISTORY])
    now, initial, side = (traces(figure, role)[1] for role in ("now", "initial", "projection"))
    assert (now.x.tolist(), now.y.tolist()) == ([1, 2, 3], [1, 2, 4])
    assert initial.y.tolist() == [8, 4, 1]
    assert (side.x.tolist(), side.y.tolist(), side.text.tolist()) == ([2], [3], ["down"])
    assert [trace.meta["role"] for trace in figure.data][:2] == ["initial", "initial"]  # drawn first: behind


def test_zero_infinity_and_nan_have_lanes_and_are_never_left_out():
    odd = history_of([record(0, [0, np.inf, np.nan, 1])], LAYOUT)
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL[:1], LIGHT), [odd])
    assert traces(figure, "zero")[0].x.tolist() == [1]
    assert traces(figure, "nonfinite")[0].x.tolist() == [2, 2]
    assert traces(figure, "nonfinite")[0].y.tolist() == [0, 1]  # the lanes of infinity and NaN
    assert figure.layout.yaxis2.visible
    assert figure.layout.yaxis3.visible
    shown = sum(np.isfinite(np.array(t.y, float)).sum() for t in figure.data if t.meta["role"] != "initial")
    assert shown == len(LAYOUT.layers)


def test_lanes_are_hidden_while_nobody_needs_them():
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL[:1], LIGHT), [HISTORY])
    assert not figure.layout.yaxis2.visible
    assert not figure.layout.yaxis3.visible


def test_blocks_are_numbered_and_a_plain_network_has_none():
    plain = History(HISTORY.steps, HISTORY.loss, HISTORY.accuracy, LAYOUT.layers, (),
                    {"branch_ratio": Readings(np.array([0]), np.empty((1, 0)))})  # fmt: skip
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL, LIGHT, "branch_ratio"), [plain, HISTORY])
    assert len(traces(figure, "now")[0].x) == 0
    assert traces(figure, "now")[1].y.tolist() == [0.5]


@pytest.mark.parametrize(("decades", "ticks"), [(1, "D2"), (4, 1), (9, 1), (10, 2), (30, 4)])
def test_a_logarithmic_axis_has_at_most_ten_labels(decades, ticks):
    assert decade_ticks(decades) == ticks


@pytest.mark.parametrize(("quantity", "room"), [("gradient_norm", 1000), ("activation_mean", 10)])
def test_what_is_far_beyond_step_0_is_marked_at_the_edge_and_does_not_stretch_the_axis(quantity, room):
    def history(*values) -> History:
        readings = {quantity: Readings(np.arange(len(values)), np.array(values, np.float32))}
        return History(np.arange(2), np.zeros(2), EMPTY.accuracy, LAYOUT.layers, LAYOUT.blocks, readings)

    # The largest of any arm at step 0 is 8, so the axis has room for 8 times `room`.
    calm, wild = history([8, 4, 2, 1]), history([1, 1, 1, 1], [8 * room, 9 * room, 1, 2.0**99])
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL, LIGHT, quantity), [wild, calm])
    line, beyond = traces(figure, "now")[0], traces(figure, "beyond")[0]
    assert (beyond.x.tolist(), beyond.customdata.tolist()) == ([2, 3], [9 * room, 2.0**99])
    np.testing.assert_array_equal(line.y, [8 * room, np.nan, np.nan])
    top = figure.layout.yaxis.range[1]
    assert (10**top if QUANTITIES[quantity].is_log else top) <= 8 * room * 10**0.5
    assert figure.layout.yaxis3.visible
