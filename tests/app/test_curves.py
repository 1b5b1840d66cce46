"""Curves of loss and accuracy: what is drawn is what was stored."""

import numpy as np
import pytest

from app.figures.curves import curves, fill_curves
from app.figures.history import history_of
from app.figures.theme import DARK, LIGHT
from resnet_core.results import smoothed
from tests.app.small_histories import EMPTY, HISTORY, LAYOUT, PLAIN_AND_RESIDUAL, record, traces


def test_smoothing_of_a_hand_computed_case():
    # constant 1/2: averages 1, then (1/2 * 1/2 + 1/2 * 4) / (1 - 1/4) = 3
    assert smoothed(np.array([1.0, 4.0]), 0.5) == pytest.approx([1.0, 3.0])


def test_smoothing_ends_where_the_loss_ends():
    assert np.isnan(smoothed(np.array([1.0, np.nan, 1.0]))[1:]).all()


def test_curves_of_nothing_are_empty():
    figure = fill_curves(curves(PLAIN_AND_RESIDUAL, LIGHT), [EMPTY, EMPTY])
    assert all(len(trace.x) == 0 for trace in figure.data)


def test_curves_show_the_stored_numbers():
    figure = fill_curves(curves(PLAIN_AND_RESIDUAL, DARK), [EMPTY, HISTORY])
    assert traces(figure, "loss")[1].y.tolist() == [2.0, 1.0]
    assert traces(figure, "smoothed_loss")[1].y.tolist() == smoothed(np.array([2.0, 1.0])).tolist()
    assert (traces(figure, "test_accuracy")[1].x.tolist(), traces(figure, "test_accuracy")[1].y) == (
        [1],
        [0.25],
    )
    assert figure.layout.xaxis.range == (0, 300)
    assert figure.layout.yaxis2.range == (0, 1)


def test_a_loss_that_is_not_finite_is_marked_and_named():
    broken = history_of([record(0, [1] * 4), record(1, [1] * 4, loss=np.inf)], LAYOUT)
    figure = fill_curves(curves(PLAIN_AND_RESIDUAL[:1], LIGHT), [broken])
    assert traces(figure, "lost")[0].x.tolist() == [1]
    assert traces(figure, "lost")[0].text == (" no finite loss from step 1",)
    assert np.isnan(traces(figure, "loss")[0].y[1])


def test_only_what_was_known_at_a_step_is_shown():
    assert HISTORY.until(0).loss.tolist() == [2.0]
    assert len(HISTORY.until(0).accuracy.steps) == 0
    assert HISTORY.until(0).readings["gradient_norm"].values.tolist() == [[8, 4, 2, 1]]
