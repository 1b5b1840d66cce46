"""The unrolled view against the numbers of Veit et al. 2016, and against a net that is unrolled."""

import math
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from resnet_core.architecture import plan_of
from resnet_core.architecture.paths import (
    length_deviation,
    length_probabilities,
    listed_paths,
    mean_length,
    path_count,
    paths_left,
    paths_of_length,
    share_between,
)
from resnet_core.config import ModelConfig


def test_resnet_110_as_in_the_paper():
    units = len(plan_of(ModelConfig(depth=110), 3, 10, 32).skip_units)
    assert units == 54
    assert path_count(units) == 2**54 == 18_014_398_509_481_984
    assert (mean_length(units), length_deviation(units)) == (27, pytest.approx(3.674, abs=5e-4))
    assert share_between(units, 5, 17) == pytest.approx(0.0045367, abs=5e-8)  # the paper's 0.45 %
    assert share_between(units, 19, 35) == pytest.approx(0.9802, abs=5e-5)  # "more than 95 %"


def test_resnet_56_and_resnet_20():
    assert (path_count(27), mean_length(27)) == (134_217_728, 13.5)
    assert length_deviation(27) == pytest.approx(2.60, abs=5e-3)
    assert (path_count(9), mean_length(9), length_deviation(9)) == (512, 4.5, 1.5)


def test_three_units_by_hand():
    assert paths_of_length(3) == [1, 3, 3, 1]
    assert length_probabilities(3) == [0.125, 0.375, 0.375, 0.125]
    assert share_between(3, 1, 2) == 0.75


def test_a_net_without_skips_is_one_path():
    assert (path_count(0), paths_of_length(0), listed_paths(0)) == (1, [1], [()])
    assert (mean_length(0), length_deviation(0), share_between(0, 0, 0)) == (0, 0, 1)


@given(st.integers(0, 400))
def test_lengths_add_up_to_all_paths_and_have_the_mean_and_deviation_that_are_said(units):
    counts, shares = paths_of_length(units), length_probabilities(units)
    assert counts == [math.comb(units, k) for k in range(units + 1)]
    assert sum(counts) == path_count(units)
    assert math.fsum(shares) == pytest.approx(1)
    mean = math.fsum(k * share for k, share in enumerate(shares))
    variance = math.fsum((k - mean) ** 2 * share for k, share in enumerate(shares))
    assert (mean, math.sqrt(variance)) == (
        pytest.approx(mean_length(units), abs=1e-9),
        pytest.approx(length_deviation(units), abs=1e-6),
    )


@given(st.integers(0, 60), st.integers(-3, 63), st.integers(-3, 63))
def test_a_share_is_the_sum_of_its_lengths(units, shortest, longest):
    inside = [share for k, share in enumerate(length_probabilities(units)) if shortest <= k <= longest]
    assert share_between(units, shortest, longest) == pytest.approx(math.fsum(inside), abs=1e-15)


def test_the_deepest_nets_do_not_overflow():
    assert path_count(600) == 1 << 600
    assert share_between(1_200, 0, 1_200) == 1
    assert sum(length_probabilities(1_200)) == pytest.approx(1)


@given(st.integers(0, 4))
def test_listed_paths_are_all_of_them_once_the_shortest_first(units):
    found = listed_paths(units)
    assert len(found) == len(set(found)) == path_count(units)
    lengths = [sum(path) for path in found]
    assert lengths == sorted(lengths)
    assert [lengths.count(k) for k in range(units + 1)] == paths_of_length(units)


def test_the_paths_of_two_units():
    assert listed_paths(2) == [(False, False), (False, True), (True, False), (True, True)]


def test_the_sum_over_the_listed_paths_is_the_output_of_a_linear_residual_net():
    # (1 + c)(1 + b)(1 + a) x = x + ax + bx + cx + bax + ... + cbax
    torch.manual_seed(0)
    branches, x = torch.randn(3, 5, 5, dtype=torch.float64), torch.randn(5, dtype=torch.float64)
    expected, total = x, torch.zeros_like(x)
    for branch in branches:
        expected = expected + branch @ expected
    for path in listed_paths(3):
        signal = x
        for goes_through, branch in zip(path, branches, strict=True):
            signal = branch @ signal if goes_through else signal
        total = total + signal
    assert torch.allclose(total, expected)


@given(st.integers(0, 10), st.data())
def test_a_deleted_branch_takes_every_path_through_it(units, data):
    deleted = data.draw(st.sets(st.integers(0, max(units - 1, 0)), max_size=units))
    left = [path for path in product((False, True), repeat=units) if not any(path[i] for i in deleted)]
    assert paths_left(units, len(deleted)) == len(left)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: listed_paths(5), "units: 5 is above the largest possible value, 4"),
        (lambda: path_count(-1), "units: -1 is below the smallest possible value, 0"),
        (lambda: paths_left(3, 4), "deleted: 4 is not possible with 3 units"),
    ],
)
def test_what_cannot_be_is_refused_with_its_bound(call, words):
    with pytest.raises(ValueError, match=words):
        call()
