"""The gradient by the number of branches crossed: by hand, and against every single path."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from resnet_core.config import from_flat
from resnet_core.instruments.path_lengths import EXACT_BLOCKS, path_lengths
from resnet_core.instruments.two_paths import two_paths
from tests.core.random_configs import members
from tests.core.split_gradients import (
    RESIDUAL,
    are_equal,
    linear_blocks,
    masked_paths,
    member,
    state_of,
    two_linear_blocks,
)
from tests.core.whole_runs import whole_run

WITH_SKIPS = members(width=2, families=RESIDUAL).filter(lambda flat: flat["skip"] != "none")
SIX_BLOCKS = {"depth": 14, "width": 2}


def test_two_linear_blocks_by_hand():
    # g = (3, 4) at y2. By no branch: g. By one: B^T g = (4, 3) and A^T g = (6, -8), together (10, -5). By
    # both: A^T B^T g = (8, -6). The three add up to (21, -7).
    found = path_lengths(*two_linear_blocks())
    assert found.lengths.tolist() == [0, 1, 2]
    assert found.counts.tolist() == found.samples.tolist() == [1, 2, 1]
    np.testing.assert_allclose(found.carried, [5, 125**0.5, 10])
    np.testing.assert_allclose(found.one_path, [5, 7.5, 10])
    assert found.whole == pytest.approx(490**0.5)
    assert found.error < 1e-15
    assert found.blocks == 2


def test_a_plain_network_has_one_path_and_all_goes_through_it():
    found = path_lengths(*member({"depth": 8, "width": 2, "skip": "none"}))
    assert (found.lengths.tolist(), found.counts.tolist()) == ([0], [1])
    np.testing.assert_allclose([*found.carried, *found.one_path], found.whole)


@given(WITH_SKIPS)
@settings(max_examples=200)
def test_all_lengths_and_at_each_block_both_ways_add_up_to_what_autograd_finds(flat):
    network, images, labels = member(flat)
    errors = two_paths(network, images, labels).error
    assert len(errors) > 0
    assert (errors < 1e-10).all()
    found = path_lengths(network, images, labels, 1, lengths=2)
    assert found.blocks == len(network.plan.skip_units) == len(found.lengths) - 1
    assert found.error < 1e-10


@pytest.mark.parametrize(
    "kind", [{}, {"order": "pre", "shortcut": "B"}, {"norm": "none", "skip": "scaled", "scale_on": "both"}]
)
def test_the_spectrum_of_six_blocks_is_that_of_all_64_masked_paths(kind):
    network, images, labels = member(SIX_BLOCKS | kind)
    every = masked_paths(network, images, labels)
    by_length = [[path for chosen, path in every.items() if len(chosen) == k] for k in range(7)]
    found = path_lengths(network, images, labels, samples=20)
    assert found.counts.tolist() == found.samples.tolist() == [1, 6, 15, 20, 15, 6, 1]
    np.testing.assert_allclose(found.carried, [sum(paths).norm() for paths in by_length], rtol=1e-9)
    np.testing.assert_allclose(
        found.one_path, [np.mean([path.norm() for path in paths]) for paths in by_length], rtol=1e-9
    )


def test_sampled_paths_are_some_of_them_and_the_same_for_the_same_seed():
    network, images, labels = member(SIX_BLOCKS)
    norms = {chosen: float(path.norm()) for chosen, path in masked_paths(network, images, labels).items()}
    several = [path_lengths(network, images, labels, 1, seed=seed) for seed in (0, 0, 1, 2, 3)]
    for found in several:
        for length, one in enumerate(found.one_path):
            assert min(abs(one / norms[chosen] - 1) for chosen in norms if len(chosen) == length) < 1e-9
    assert (several[0].one_path == several[1].one_path).all()
    assert len({found.one_path[3] for found in several}) > 1


def test_only_so_many_lengths_are_sampled_and_all_are_carried():
    found = path_lengths(*member(SIX_BLOCKS), samples=2, lengths=3)
    assert found.samples.tolist() == [1, 0, 0, 2, 0, 0, 1]
    assert np.isnan(found.one_path).tolist() == [False, True, True, False, True, True, False]
    assert np.isfinite(found.carried).all()


def test_beyond_thirty_blocks_lengths_are_only_sampled():
    blocks = EXACT_BLOCKS + 1
    network, images, labels = member({"family": "mlp", "width": 4, "depth": 2 * blocks + 2})
    found = path_lengths(network, images, labels, 1, lengths=5)
    assert found.blocks == blocks
    assert found.lengths.tolist() == [0, 8, 16, 23, 31]
    assert found.counts.tolist() == [math.comb(blocks, length) for length in (0, 8, 16, 23, 31)]
    assert np.isnan([*found.carried, found.error]).all()
    assert np.isfinite(found.one_path).all()


def test_counts_beyond_any_float_are_infinite():
    # The branches add nothing, so only the path past all of them carries the gradient (3, 4).
    network = linear_blocks(*[[[0, 0], [0, 0]]] * 1100, head=[[0, 0], [6, 8]])
    found = path_lengths(network, torch.zeros(1, 2).double(), torch.tensor([0]), 1, lengths=3)
    assert found.counts.tolist() == [1, np.inf, 1]
    assert found.one_path.tolist() == [5, 0, 0]


def test_the_share_that_is_done_grows_to_all():
    shares = []
    path_lengths(*member(SIX_BLOCKS), report=shares.append)
    assert shares == sorted(shares)
    assert (shares[0] < 0.1, shares[-1]) == (True, 1.0)


def test_after_a_short_training_a_path_carries_less_the_longer_it_is(few):
    # Fifteen blocks after fifteen steps. Here one of 15 branches carries a thousandth of that of none, and
    # the lengths that carry most are below half of 15, where there are most paths (Veit et al. 2016).
    settings = {"depth": 32, "width": 4, "steps": 15, "batch": 32, "eval_images": 20, "eval_every": 100}
    config = from_flat(settings)
    state, _ = whole_run(config, few)
    images, labels = few.batch(config.data, config.seed, 15, 32)
    found = path_lengths(state.model, few.normalize(images), labels, samples=4, lengths=16)
    assert found.one_path[-1] < found.one_path[0] / 100
    assert np.polyfit(found.lengths, np.log(found.one_path), 1)[0] < -0.3
    assert np.argmax(found.carried) < 7.5


def test_the_instrument_leaves_weights_buffers_and_gradients_as_they_were():
    network, images, labels = member({"depth": 8, "width": 2})
    next(network.parameters()).grad = torch.ones_like(next(network.parameters()))
    before = state_of(network)
    path_lengths(network, images, labels, 2)
    assert are_equal(before, state_of(network))
