"""The paper's ranking against a measured one: verdicts worked out by hand, the test against scipy's."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from resnet_core.ranking import (
    Outcome,
    Verdict,
    against_original,
    compare,
    count,
    measured_rank,
    order,
    rule,
    welch_p,
    widest,
)

# The paper: pre 6.37, original 6.61, 1x1 convolution 12.22, plain and dropout fail.


def one_seed(**accuracies: float | None) -> dict[str, Outcome]:
    return {key: Outcome((accuracy,)) for key, accuracy in accuracies.items()}


def verdicts(outcomes: dict[str, Outcome]) -> dict[tuple[str, str], Verdict]:
    return {(pair.above, pair.below): pair.verdict for pair in compare(outcomes)}


def test_nothing_measured_makes_no_pair():
    assert compare({}) == []
    assert against_original({}) == {}
    assert rule({}) == ""
    assert set(count([]).values()) == {0}


def test_one_variant_makes_no_pair_and_is_first():
    alone = one_seed(pre=0.5)
    assert compare(alone) == []
    assert measured_rank("pre", alone) == 1


def test_with_one_seed_four_points_decide_and_less_does_not():
    # 0.80 - 0.76 is 0.04 exactly; 0.80 - 0.761 is less
    assert verdicts(one_seed(pre=0.80, original=0.76)) == {("pre", "original"): Verdict.AGREES}
    assert verdicts(one_seed(pre=0.80, original=0.761)) == {("pre", "original"): Verdict.OPEN}
    assert verdicts(one_seed(pre=0.76, original=0.80)) == {("pre", "original"): Verdict.DISAGREES}


def test_a_variant_that_failed_is_below_every_other():
    outcomes = one_seed(original=None, conv1x1=0.11, plain=None)
    assert verdicts(outcomes) == {
        ("original", "conv1x1"): Verdict.DISAGREES,
        ("original", "plain"): Verdict.OPEN,
        ("conv1x1", "plain"): Verdict.AGREES,
    }
    assert [measured_rank(key, outcomes) for key in outcomes] == [2, 1, 2]
    assert outcomes["plain"].error is None


def test_two_that_fail_in_the_paper_are_not_ranked():
    [pair] = compare(one_seed(plain=0.2, dropout=0.8))
    assert pair.verdict is Verdict.UNRANKED
    assert pair.points == pytest.approx(-60)


def test_a_run_that_diverged_counts_as_guessing_unless_most_did():
    # mean of 0.5, 0.3 and a guess of 0.1 is 0.3, so the error is 70 %
    assert Outcome((0.5, 0.3, None)).error == pytest.approx(70)
    assert Outcome((0.5, None)).error == pytest.approx(70)
    assert Outcome((0.5, None, None)).error is None


def test_welch_of_a_hand_computed_case():
    # means 2 and 5, variances 1 and 1 of three each: t = -3 / sqrt(2/3) = -3.674, 4 degrees of freedom
    assert welch_p(np.array([1.0, 2, 3]), np.array([4.0, 5, 6])) == pytest.approx(0.02131, abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_welch_is_scipys(seed):
    draw = np.random.default_rng(seed)
    one, other = draw.normal(0.7, 0.02, 3), draw.normal(0.68, 0.1, 2 + seed % 2)
    assert welch_p(one, other) == pytest.approx(ttest_ind(one, other, equal_var=False).pvalue)


def test_seeds_decide_by_their_spread_and_not_by_a_fixed_difference():
    close, apart = Outcome((0.800, 0.801, 0.802)), Outcome((0.780, 0.781, 0.782))
    assert order(close, apart)[0] == -1  # two points, which one seed could not have told
    wide, wider = Outcome((0.9, 0.5, 0.7)), Outcome((0.4, 0.8, 0.6))
    assert order(wide, wider)[0] == 0  # ten points
    [pair] = compare({"pre": apart, "original": close})
    assert pair.verdict is Verdict.DISAGREES
    assert pair.p < 0.05
    assert pair.points == pytest.approx(-2)


def test_seeds_without_any_spread_fall_back_to_the_fixed_difference():
    same = Outcome((0.1, 0.1, 0.1))
    assert order(same, same) == (0, None)
    assert order(Outcome((0.12, 0.12)), same) == (0, None)
    assert order(Outcome((0.2, 0.2)), same) == (-1, None)


def test_one_seed_against_several_is_one_seed():
    assert order(Outcome((0.80,)), Outcome((0.770, 0.771, 0.772))) == (0, None)


def test_pairs_with_the_original_are_found_from_both_sides():
    pairs = against_original(one_seed(pre=0.8, original=0.7, conv1x1=0.5, plain=0.1))
    assert {key: pair.verdict for key, pair in pairs.items()} == dict.fromkeys(
        ("pre", "conv1x1", "plain"), Verdict.AGREES
    )


def test_verdicts_are_counted():
    counts = count(compare(one_seed(pre=0.8, original=0.79, conv1x1=0.9, plain=0.1, dropout=0.1)))
    # pre-original open; conv1x1 above both of them here, below in the paper; three pairs with each that fails
    assert counts == {Verdict.AGREES: 6, Verdict.DISAGREES: 2, Verdict.OPEN: 1, Verdict.UNRANKED: 1}


def test_the_rule_is_said_as_far_as_it_was_used():
    one, several = one_seed(pre=0.8), {"original": Outcome((0.8, 0.7, None))}
    assert "4 points" in rule(one)
    assert "Welch" not in rule(one)
    assert "diverged" not in rule(one)
    assert "Welch" in rule(several)
    assert "4 points" not in rule(several)
    assert "counts as guessing" in rule(several)


def test_the_widest_spread_is_found_where_seeds_differ():
    assert widest({}) is None
    assert widest(one_seed(pre=0.8, original=0.2)) is None
    assert widest({"dropout": Outcome((0.1, None))}) is None  # a guess is 0.1, too
    key, low, high = widest({"pre": Outcome((0.8, 0.7)), "conv1x1": Outcome((0.1, 0.69, 0.77))})
    assert (key, low, high) == ("conv1x1", pytest.approx(23), pytest.approx(90))
