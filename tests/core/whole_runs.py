"""Runs from the first step to the last in this process, watched or not, and what makes two of them equal."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import torch

from resnet_core.config import ProbeConfig, RunConfig, from_flat
from resnet_core.data.sets import ImageSet
from resnet_core.records import StepRecord, encode_step
from resnet_core.train import TrainingState, initial_state, train

PROBES = tuple(ProbeConfig.model_fields)
ON, OFF = ({f"probe_{name}": interval for name in PROBES} for interval in (1, 0))
Result = TypeVar("Result")


def whole_run(config: RunConfig, images: ImageSet) -> tuple[TrainingState, list[StepRecord]]:
    state = initial_state(config)
    return state, list(train(config, state, images))


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


def assert_watching_changes_nothing(
    settings: dict[str, object], images: ImageSet
) -> tuple[TrainingState, list[StepRecord]]:
    """Neither the numbers of a run nor where it ends; returns the watched one."""
    (watched, seen), (unwatched, unseen) = (whole_run(from_flat(settings | on), images) for on in (ON, OFF))
    for one, other in zip(seen, unseen, strict=True):
        assert (one.loss, one.accuracy, one.evaluation) == (other.loss, other.accuracy, other.evaluation)
    assert are_bit_equal(watched, unwatched)
    assert all(not record.quantities and record.pictures is None for record in unseen)
    return watched, seen


def made_under_two_global_seeds(make: Callable[[], Result]) -> list[Result]:
    """What `make` returns under two global random states, neither of which it may change."""
    found = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        found.append(make())
        assert torch.equal(torch.get_rng_state(), before)
    return found
