"""What a race measured, in sentences: each branch of them, computed from numbers written here."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_core.config import from_flat
from resnet_core.records import Evaluation, Phase, RunInfo, StepRecord
from resnet_core.results import (
    SMOOTHING,
    ArmResult,
    arm_result,
    caveats,
    comparison,
    smoothed,
    standard_error,
)

NAMES = ("plain", "residual")
finite = st.floats(-1e6, 1e6)


def run_of(phase: Phase = Phase.DONE, **flat) -> RunInfo:
    return RunInfo("01K00000000000000000000000", "race", 0, from_flat(flat), phase)


def result(
    loss: float, accuracy: float | None = None, images: int = 2_000, steps: int = 300, **run
) -> ArmResult:
    evaluation = None if accuracy is None else Evaluation(accuracy, 1.0, images)
    return ArmResult(run_of(**run), steps, loss, evaluation, seconds=30.0)


# Smoothing.


def test_smoothing_by_hand():
    # Averages from 0 by halves: 2, 2, 1.5; each over what a constant 1 would have come to: 1/2, 3/4, 7/8.
    assert smoothed([4.0, 2.0, 1.0], constant=0.5) == pytest.approx([4.0, 8 / 3, 12 / 7])


@given(st.lists(finite, max_size=40))
def test_smoothing_is_a_mean_whose_weights_fade(losses):
    found = smoothed(losses)
    for i in range(len(losses)):
        weights = [SMOOTHING ** (i - k) for k in range(i + 1)]
        expected = sum(w * x for w, x in zip(weights, losses, strict=False)) / sum(weights)
        assert found[i] == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_a_constant_loss_is_not_smoothed_away():
    assert smoothed([2.5] * 200) == pytest.approx([2.5] * 200)


def test_the_page_smooths_with_the_same_weight():
    script = (Path(__file__).parents[2] / "app" / "live" / "stage" / "run.js").read_text(encoding="utf-8")
    assert f"SMOOTHING = {SMOOTHING};" in script


def test_smoothing_nothing_is_nothing():
    assert smoothed([]).size == 0


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_smoothing_ends_at_the_first_value_that_is_not_finite(broken):
    losses = np.array([1.0, broken, 1.0, 1.0])
    assert np.isnan(smoothed(losses)).tolist() == [False, True, True, True]
    assert losses[2] == 1.0


# One arm.


def test_an_arm_without_a_step_has_no_result():
    found = arm_result(run_of(), [])
    assert (found.steps, found.evaluation, found.seconds) == (0, None, 0.0)
    assert math.isnan(found.smoothed_loss)


def test_the_result_of_an_arm_is_its_last_evaluation_and_its_smoothed_loss():
    early, late = Evaluation(0.2, 2.0, 500), Evaluation(0.8, 0.5, 2_000)
    steps = [StepRecord(i, loss, 0.5, 0.1, i + 1.0) for i, loss in enumerate((4.0, 2.0, 1.0))]
    steps[0], steps[1] = (
        StepRecord(0, 4.0, 0.5, 0.1, 1.0, early),
        StepRecord(1, 2.0, 0.5, 0.1, 2.0, late),
    )
    found = arm_result(run_of(), steps)
    assert found.smoothed_loss == pytest.approx(smoothed([4.0, 2.0, 1.0])[-1])
    assert (found.steps, found.evaluation, found.seconds) == (3, late, 3.0)


def test_the_standard_error_is_the_binomial_one():
    assert standard_error(Evaluation(0.5, 1.0, 2_500)) == pytest.approx(0.01)  # sqrt(0.25 / 2500)
    assert standard_error(Evaluation(1.0, 0.0, 500)) == 0


# Two arms.


def test_a_clear_difference():
    # standard errors: sqrt(0.3 * 0.7 / 2000) = 0.01025, sqrt(0.86 * 0.14 / 2000) = 0.00776; together 0.0129
    assert comparison(result(1.9, 0.30), result(0.4, 0.86), NAMES) == (
        "residual ended with a smoothed training loss 1.50 lower than plain, and a test accuracy 56.0 points "
        "higher (±1.3 from 2,000 test pictures)."
    )


def test_the_other_way_round_the_signs_turn():
    assert comparison(result(0.4, 0.86), result(1.9, 0.30), NAMES) == (
        "residual ended with a smoothed training loss 1.50 higher than plain, and a test accuracy 56.0 "
        "points lower (±1.3 from 2,000 test pictures)."
    )


def test_a_difference_within_the_noise_of_the_test_pictures_is_said_to_be_none():
    said = comparison(result(0.52, 0.80, 500), result(0.50, 0.82, 500), NAMES)
    assert said == (
        "residual ended with a smoothed training loss 0.02 lower than plain, and a test accuracy 2.0 points "
        "higher, which these test pictures cannot tell from none (±2.5 from 500 test pictures)."
    )


@pytest.mark.parametrize(("accuracy", "is_clear"), [(0.80 + 0.0506, True), (0.80 + 0.0470, False)])
def test_two_standard_errors_are_where_a_difference_begins(accuracy, is_clear):
    # Two standard errors of the difference of 0.80 and about 0.85 of 500 pictures each are 4.8 points.
    said = comparison(result(0.5, 0.80, 500), result(0.5, accuracy, 500), NAMES)
    assert ("cannot tell" not in said) == is_clear


def test_the_same_loss_is_neither_higher_nor_lower():
    said = comparison(result(0.5, 0.80), result(0.5, 0.80), NAMES)
    assert said.startswith(
        "residual ended with the same smoothed training loss as plain, and a test accuracy 0.0 points"
    )
    assert "cannot tell" in said


def test_different_numbers_of_test_pictures_are_both_named():
    said = comparison(result(2.0, 0.2, 2_000), result(1.0, 0.8, 500), NAMES)
    assert said.endswith("(±2.0 from 2,000 and 500 test pictures).")


@pytest.mark.parametrize("accuracies", [(None, 0.8), (0.8, None), (None, None)])
def test_without_both_accuracies_only_the_losses_are_compared(accuracies):
    said = comparison(result(2.0, accuracies[0]), result(1.0, accuracies[1]), NAMES)
    assert said == (
        "residual ended with a smoothed training loss 1.00 lower than plain; test accuracy was not "
        "measured on both."
    )


@pytest.mark.parametrize(
    ("losses", "who"),
    [
        ((math.nan, 1.0), "plain"),
        ((1.0, math.inf), "residual"),
        ((math.nan, math.nan), "plain and residual"),
    ],
)
def test_a_loss_that_is_not_finite_is_not_compared(losses, who):
    said = comparison(result(losses[0], 0.1), result(losses[1], 0.1), NAMES)
    assert said == f"{who} ended without a finite training loss, so there is no difference to state."


@given(finite, finite, st.none() | st.floats(0, 1), st.none() | st.floats(0, 1), st.integers(1, 30_000))
def test_every_outcome_is_one_sentence_without_nan(loss, other, accuracy, another, images):
    said = comparison(result(loss, accuracy, images), result(other, another, images), NAMES)
    assert said.endswith(".")
    assert "nan" not in said
    assert "-" not in said


# Caveats.


def test_one_difference_and_one_seed():
    assert caveats([result(1, skip="none", seed=4), result(1, skip="identity", seed=4)]) == [
        "One seed (4) is one seed: another one gives other numbers.",
        "Training loss is of the batch, in training mode; test accuracy is with running BN statistics.",
    ]


def test_several_differences_have_no_single_cause():
    first, second, *_ = caveats([result(1, skip="none", depth=20), result(1, skip="identity", depth=56)])
    assert first == "The arms differ in depth and skip, so no difference has a single cause."
    assert second == "They differ in size as well: 67,906 to 214,402 parameters."


def test_unlike_members_differ_in_what_has_an_effect_on_more_than_one():
    gated = result(1, skip="gated", block="single", norm="none", depth=20, gate_bias=-4.0)
    first, *_ = caveats([gated, result(1, skip="identity", depth=20)])
    assert first == "The arms differ in block, norm and skip, so no difference has a single cause."
    first, *_ = caveats(
        [result(1, family="vgg", depth=11, skip="none"), result(1, family="alexnet", depth=8)]
    )
    assert first == "The arms differ in depth and family, so no difference has a single cause."


def test_chance_in_training_is_told():
    sentence = "Dropout and stochastic depth leave parts out in training, and nothing in the test."
    assert sentence not in caveats([result(1), result(1, skip="none")])
    assert sentence in caveats([result(1), result(1, survival=0.5)])
    assert sentence in caveats([result(1), result(1, family="vgg", depth=11)])


def test_different_seeds_are_a_difference_and_not_one_seed():
    said = caveats([result(1, seed=1), result(1, seed=2, depth=20)])
    assert said[0] == "The arms differ in depth and seed, so no difference has a single cause."
    assert not any("is one seed" in sentence for sentence in said)


def test_arms_of_unequal_length_and_diverged_arms_are_named():
    said = caveats([result(1, steps=300), result(math.nan, steps=12, phase=Phase.DIVERGED, depth=20)])
    assert "The arms did not do the same number of steps." in said
    assert "A diverged arm has no loss to compare: that it diverged is the result." in said


def test_networks_without_normalisation_have_no_running_statistics():
    said = caveats([result(1, norm="none", skip="none"), result(1, norm="none")])
    assert said[-1] == "Training loss is of the batch of each step."
    assert "running BN" in caveats([result(1, norm="none"), result(1)])[-1]
