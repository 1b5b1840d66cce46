"""Same settings, same numbers: watched or not, interrupted or not, the first time or the second."""

import itertools
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_core.config import ProbeConfig, RunConfig, from_flat
from resnet_core.records import StepRecord, encode_step
from resnet_core.train import TrainingState, initial_state, train

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
PROBES = tuple(ProbeConfig.model_fields)
ON, OFF = ({f"probe_{name}": interval for name in PROBES} for interval in (1, 0))
KINDS = [
    {"skip": skip, "norm": norm, "augment": augment}
    for skip, norm, augment in itertools.product(("none", "identity"), ("batch", "none"), (False, True))
]
# With how many quantities besides the seven of every network: what multiplies a branch, and gates.
WATCHED = [(kind, int((kind["skip"], kind["norm"]) == ("identity", "batch"))) for kind in KINDS] + [
    ({"skip": "gated"}, 2),
    ({"init": "skipinit", "norm": "none"}, 1),
    ({"init": "fixup", "norm": "none"}, 1),
]


def tensors_of(state: TrainingState) -> Iterator[torch.Tensor]:
    """Weights, buffers and optimizer state."""
    yield from state.model.state_dict().values()
    for _, values in sorted(state.optimizer.state_dict()["state"].items()):
        yield from (value for value in values.values() if isinstance(value, torch.Tensor))


def are_bit_equal(one: TrainingState, other: TrainingState) -> bool:
    pairs = zip(tensors_of(one), tensors_of(other), strict=True)
    return one.step == other.step and all(a.numpy().tobytes() == b.numpy().tobytes() for a, b in pairs)


def numbers_of(records: list[StepRecord]) -> list[tuple[int, int, bytes]]:
    """Everything in the records but the clock, as it goes to disk."""
    return [(record.step, *encode_step(replace(record, seconds=0.0))) for record in records]


def whole_run(config: RunConfig, few) -> tuple[TrainingState, list[StepRecord]]:
    state = initial_state(config)
    return state, list(train(config, state, few))


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
    (watched, seen), (unwatched, unseen) = (
        whole_run(from_flat(TINY | kind | probes), few) for probes in (ON, OFF)
    )
    assert [record.loss for record in seen] == [record.loss for record in unseen]
    assert [record.accuracy for record in seen] == [record.accuracy for record in unseen]
    assert [record.evaluation for record in seen] == [record.evaluation for record in unseen]
    assert are_bit_equal(watched, unwatched)
    assert len(list(tensors_of(watched))) > 20
    assert all(len(record.quantities) == 7 + more for record in seen)
    assert all(not record.quantities and record.pictures is None for record in unseen)


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
    config, runs = from_flat(TINY | {"augment": True}), []
    for seed in (0, 1):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        runs.append(whole_run(config, few)[0])
        assert torch.equal(torch.get_rng_state(), before)
    assert are_bit_equal(*runs)


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
