"""On a GPU, too: same settings, same numbers, watched or not, interrupted or not."""

import itertools
from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from resnet_core.config import ProbeConfig, RunConfig, from_flat
from resnet_core.records import encode_step
from resnet_core.train import TrainingState, initial_state, train

pytestmark = pytest.mark.gpu

TINY = {"depth": 14, "width": 8, "steps": 12, "batch": 32, "eval_every": 5, "warmup_steps": 4}
PROBES = tuple(ProbeConfig.model_fields)
ON, OFF = ({f"probe_{name}": interval for name in PROBES} for interval in (1, 0))
KINDS = [
    {"skip": skip, "norm": norm, "shortcut": shortcut, "augment": True}
    for skip, norm, shortcut in itertools.product(("none", "identity"), ("batch", "none"), ("A", "B"))
] + [{"skip": "gated"}, {"init": "skipinit", "norm": "none"}, {"skip": "dropout", "survival": 0.5}]


def tensors_of(state: TrainingState) -> list[torch.Tensor]:
    """Weights, buffers and optimizer state."""
    kept = state.optimizer.state_dict()["state"].values()
    momentum = [value for values in kept for value in values.values() if isinstance(value, torch.Tensor)]
    return [*state.model.state_dict().values(), *momentum]


def are_bit_equal(one: TrainingState, other: TrainingState) -> bool:
    pairs = zip(tensors_of(one), tensors_of(other), strict=True)
    return all(a.cpu().numpy().tobytes() == b.cpu().numpy().tobytes() for a, b in pairs)


def numbers_of(records: list) -> list[tuple[int, int, bytes]]:
    return [(record.step, *encode_step(replace(record, seconds=0.0))) for record in records]


def whole_run(config: RunConfig, images, device) -> tuple[TrainingState, list]:
    state = initial_state(config, device)
    return state, list(train(config, state, images, device))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_watching_does_not_change_training_on_a_gpu(device, clothes, kind):
    (watched, seen), (unwatched, unseen) = (
        whole_run(from_flat(TINY | kind | probes), clothes, device) for probes in (ON, OFF)
    )
    assert next(watched.model.parameters()).device.type == device.type
    assert [record.loss for record in seen] == [record.loss for record in unseen]
    assert are_bit_equal(watched, unwatched)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_the_same_run_twice_is_bit_equal_on_a_gpu(device, clothes, kind):
    config = from_flat(TINY | kind)
    (first, one), (second, other) = (whole_run(config, clothes, device) for _ in range(2))
    assert numbers_of(one) == numbers_of(other)
    assert are_bit_equal(first, second)


@pytest.mark.parametrize("split", [0, 1, 5, 11])
def test_a_run_continued_from_its_state_is_bit_equal_on_a_gpu(device, clothes, split):
    config = from_flat(TINY)
    undisturbed, expected = whole_run(config, clothes, device)
    state = initial_state(config, device)
    found = list(itertools.islice(train(config, state, clothes, device), split))
    left = deepcopy((state.model.state_dict(), state.optimizer.state_dict()))
    again = initial_state(config, device)
    again.model.load_state_dict(left[0])
    again.optimizer.load_state_dict(left[1])
    again.step = split
    found += train(config, again, clothes, device)
    assert numbers_of(found) == numbers_of(expected)
    assert are_bit_equal(again, undisturbed)


def test_a_gpu_starts_with_the_weights_and_pictures_of_the_cpu(device, clothes):
    config, cpu = from_flat(TINY | {"augment": True}), torch.device("cpu")
    here, there = (initial_state(config, where).model.state_dict() for where in (cpu, device))
    assert all(torch.equal(here[name], there[name].cpu()) for name in here)
    on_cpu = replace(
        clothes, train_images=clothes.train_images.cpu(), train_labels=clothes.train_labels.cpu()
    )
    (here, labels), (there, others) = (images.batch(config.data, 0, 3, 32) for images in (on_cpu, clothes))
    assert torch.equal(here, there.cpu())
    assert torch.equal(labels, others.cpu())


def test_the_first_loss_on_a_gpu_is_that_of_the_cpu(device, clothes):
    config = from_flat(TINY)
    images, labels = clothes.batch(config.data, 0, 0, 32)
    here = initial_state(config, torch.device("cpu")).model(clothes.normalize(images).cpu())
    expected = torch.nn.functional.cross_entropy(here, labels.cpu()).item()
    assert next(train(config, images=clothes, device=device)).loss == pytest.approx(expected, rel=1e-4)


def test_a_diverging_run_ends_by_itself_on_a_gpu(device, clothes):
    config = from_flat(TINY | {"norm": "none", "learning_rate": 1000, "warmup_steps": 0, "steps": 40})
    state, records = whole_run(config, clothes, device)
    assert state.divergence is not None
    assert len(records) < 40
