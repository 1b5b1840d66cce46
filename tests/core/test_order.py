"""The order of pictures: a pure function of (seed, step), and every epoch a permutation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_core.data import order
from resnet_core.data.order import draw_batch

seeds = st.integers(0, 2**31 - 1)


def same(one: order.Batch, other: order.Batch) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def indices_of(seed: int, steps: int, size: int, images: int) -> np.ndarray:
    return np.concatenate([draw_batch(seed, step, size, images).indices for step in range(steps)])


@given(seeds, st.integers(0, 1000), st.integers(1, 40), st.integers(1, 50), st.integers(0, 4), st.booleans())
def test_a_batch_is_a_pure_function_of_seed_and_step(seed, step, size, images, pad, flips):
    drawn = draw_batch(seed, step, size, images, pad, flips)
    draw_batch(seed, step + 1, size, images, pad, flips)  # steps in between change nothing
    order._permutation.cache_clear()
    assert same(drawn, draw_batch(seed, step, size, images, pad, flips))


@given(seeds, st.integers(1, 40), st.integers(1, 50))
def test_every_epoch_is_a_permutation_though_batches_straddle_epochs(seed, size, images):
    steps = -(-3 * images // size)
    epochs = indices_of(seed, steps, size, images)[: 3 * images].reshape(3, images)
    assert (np.sort(epochs, axis=1) == np.arange(images)).all()


@given(seeds, st.integers(1, 12), st.integers(1, 12), st.integers(1, 12))
def test_the_size_of_a_batch_does_not_change_the_order(seed, images, one, other):
    count = one * other
    assert np.array_equal(indices_of(seed, other, one, images), indices_of(seed, one, other, images))
    assert count == len(indices_of(seed, one, other, images))


def test_a_straddling_batch_of_a_hand_checked_case():
    # 5 pictures in batches of 3: step 1 takes two of the first epoch and one of the second.
    first, second = (np.random.default_rng((9, 0, epoch)).permutation(5) for epoch in (0, 1))
    assert draw_batch(9, 1, 3, 5).indices.tolist() == [first[3], first[4], second[0]]


def test_a_batch_larger_than_the_set_sees_every_picture_several_times():
    counts = np.bincount(draw_batch(0, 0, 20, 5).indices, minlength=5)
    assert counts.tolist() == [4] * 5


def test_epochs_and_seeds_differ():
    assert not np.array_equal(*(draw_batch(0, step, 50, 50).indices for step in (0, 1)))
    assert not np.array_equal(*(draw_batch(seed, 0, 50, 50).indices for seed in (0, 1)))


def test_without_augmentation_nothing_is_shifted_or_mirrored():
    drawn = draw_batch(0, 3, 100, 1000)
    assert not drawn.rows.any()
    assert not drawn.columns.any()
    assert not drawn.mirrored.any()


def test_shifts_are_uniform_and_half_of_the_pictures_are_mirrored():
    drawn = draw_batch(0, 0, 90_000, 90_000, pad=4, flips=True)
    for shifts in (drawn.rows, drawn.columns):
        # 9 values of 10,000 expected each; the standard deviation of a count is 94
        assert np.bincount(shifts, minlength=9) == pytest.approx(np.full(9, 10_000), abs=500)
    assert drawn.mirrored.mean() == pytest.approx(0.5, abs=0.01)
    assert np.corrcoef(drawn.rows, drawn.columns)[0, 1] == pytest.approx(0, abs=0.02)


def test_each_step_and_each_seed_shifts_and_mirrors_anew():
    first, *others = (draw_batch(seed, step, 64, 1000, 4, True) for seed, step in ((0, 0), (0, 1), (1, 0)))
    for other in others:
        assert not np.array_equal(first.rows, other.rows)
        assert not np.array_equal(first.columns, other.columns)
        assert not np.array_equal(first.mirrored, other.mirrored)


def test_augmentation_does_not_change_which_pictures_come():
    plain, augmented = draw_batch(5, 8, 32, 100), draw_batch(5, 8, 32, 100, pad=2, flips=True)
    assert np.array_equal(plain.indices, augmented.indices)


def test_the_global_random_state_is_neither_read_nor_changed():
    np.random.seed(0)
    before = np.random.get_state()
    drawn = draw_batch(1, 2, 30, 100, 2, True)
    np.random.seed(1)
    order._permutation.cache_clear()
    assert same(drawn, draw_batch(1, 2, 30, 100, 2, True))
    np.random.set_state(before)
    draw_batch(1, 2, 30, 100, 2, True)
    assert np.array_equal(np.random.get_state()[1], before[1])
