"""Same settings, same numbers: watched or not, interrupted or not, the first time or the second."""

import itertools
from copy import deepcopy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_core.config import RunConfig, from_flat
from resnet_core.train import TrainingState, initial_state, train
from tests.core.whole_runs import (
    OFF,
    PROBES,
    are_bit_equal,
    assert_watching_changes_nothing,
    made_under_two_global_seeds,
    numbers_of,
    tensors_of,
    whole_run,
)

STEPS = 7
TINY = {
    "depth": 8,
    "width": 4,
    "steps": STEPS,
    "batch": 8,
    "eval_images": 20,
    "eval_every": 3,
    "warmup_steps": 2,
}
KINDS = [
    {"skip": skip, "norm": norm, "augment": augment}
    for skip, norm, augment in itertools.product(("none", "identity"), ("batch", "none"), (False, True))
]
# With how many quantities besides the seven of every network: the three of two paths, what multiplies a
# branch, and gates.
WATCHED = [
    (kind, 3 * (kind["skip"] == "identity") + ((kind["skip"], kind["norm"]) == ("identity", "batch")))
    for kind in KINDS
] + [
    ({"skip": "gated"}, 5),
    ({"init": "skipinit", "norm": "none"}, 4),
    ({"init": "fixup", "norm": "none"}, 4),
]


def restored(config: RunConfig, state: TrainingState) -> TrainingState:
    """What a new process makes of the state dicts that an old one left."""
    left = deepcopy((state.model.state_dict(), state.optimizer.state_dict()))
    again = initial_state(config)
    again.model.load_state_dict(left[0])
    again.optimizer.load_state_dict(left[1])
    again.step, again.seconds, again.divergence = state.step, state.seconds, state.divergence
    return again


@pytest.mark.parametrize(("kind", "more"), WATCHED, ids=str)
def test_watching_does_not_change_training(few, kind, more):
    watched, seen = assert_watching_changes_nothing(TINY | kind, few)
    assert len(list(tensors_of(watched))) > 20
    assert all(len(record.quantities) == 7 + more for record in seen)


@given(
    st.fixed_dictionaries({f"probe_{name}": st.integers(0, 4) for name in PROBES}),
    st.sampled_from(["none", "identity"]),
)
@settings(max_examples=6)
def test_no_choice_of_intervals_changes_training(few, intervals, skip):
    chosen, _ = whole_run(from_flat(TINY | intervals | {"skip": skip}), few)
    unwatched, _ = whole_run(from_flat(TINY | OFF | {"skip": skip}), few)
    assert are_bit_equal(chosen, unwatched)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_the_same_seed_twice_is_bit_equal_and_another_seed_is_not(few, kind):
    config = from_flat(TINY | kind)
    torch.manual_seed(1)
    (first, one), (second, same) = whole_run(config, few), whole_run(config, few)
    assert numbers_of(one) == numbers_of(same)
    assert are_bit_equal(first, second)
    _, other = whole_run(from_flat(TINY | kind | {"seed": 1}), few)
    assert all(a.loss != b.loss for a, b in zip(one, other, strict=True))


def test_training_neither_reads_nor_changes_the_global_random_state(few):
    config = from_flat(TINY | {"augment": True})
    assert are_bit_equal(*made_under_two_global_seeds(lambda: whole_run(config, few)[0]))


@given(
    st.lists(st.integers(0, STEPS), max_size=3).map(sorted),
    st.sampled_from(KINDS),
    st.sampled_from([0.0, 0.9]),
    st.sampled_from(["he", "pytorch"]),
)
@settings(max_examples=10)
def test_a_run_continued_from_its_state_is_bit_equal_to_an_undisturbed_one(few, splits, kind, momentum, init):
    config = from_flat(TINY | kind | {"momentum": momentum, "init": init})
    undisturbed, expected = whole_run(config, few)
    state, found = initial_state(config), []
    for split in [*splits, STEPS]:
        # A new process each time, and another one's unfinished steps are thrown away with it.
        found += list(itertools.islice(train(config, state, few), split - state.step))
        state = restored(config, state)
    assert numbers_of(found) == numbers_of(expected)
    assert are_bit_equal(state, undisturbed)


def test_the_clock_of_a_continued_run_goes_on(few):
    config = from_flat(TINY)
    state = initial_state(config)
    first = next(train(config, state, few))
    second = next(train(config, restored(config, state), few))
    assert second.seconds > first.seconds


def test_steps_lost_with_a_process_are_done_again_alike(few):
    config = from_flat(TINY)
    state = initial_state(config)
    steps = train(config, state, few)
    next(steps)
    kept = restored(config, state)
    lost = list(itertools.islice(steps, 3))
    again = list(itertools.islice(train(config, kept, few), 3))
    assert numbers_of(lost) == numbers_of(again)


def test_a_deep_race_is_bit_equal_the_second_time(few):
    config = from_flat({"depth": 56, "width": 2, "steps": 2, "batch": 8, "eval_images": 1} | OFF)
    losses = [[record.loss for record in whole_run(config, few)[1]] for _ in range(2)]
    assert losses[0] == losses[1]
    assert np.isfinite(losses[0]).all()
