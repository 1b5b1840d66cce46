"""Chance in a network is a function of (seed, step, name): it can be repeated, and nothing else has a say."""

import itertools
import math

import numpy as np
import pytest
import torch

from resnet_core.architecture import plan_of
from resnet_core.architecture.residual import survival_of
from resnet_core.config import ModelConfig, from_flat
from resnet_core.models import build_model
from resnet_core.models.ops import Dropout, DropPath
from resnet_core.runs.checkpoints import load_checkpoint, save_checkpoint
from resnet_core.train import evaluate, initial_state, train
from tests.core.whole_runs import (
    OFF,
    are_bit_equal,
    assert_watching_changes_nothing,
    made_under_two_global_seeds,
    numbers_of,
    whole_run,
)

TINY = {"depth": 8, "width": 2, "steps": 4, "batch": 8, "eval_images": 20, "eval_every": 3}
KINDS = [
    {"survival": 0.5, "depth": 14},
    {"skip": "dropout"},
    {"skip": "dropout", "survival": 0.5, "order": "pre", "augment": True},
    {"skip": "gated", "survival": 0.3, "norm": "none"},
    {"family": "mlp", "skip": "dropout", "survival": 0.5},
    {"family": "alexnet"},
    {"family": "vgg", "depth": 11},
    {"family": "googlenet", "depth": 22},
]
CPU = torch.device("cpu")


def named(kind: dict) -> str:
    return "-".join(map(str, kind.values()))


def dropped(model: ModelConfig, steps: int, seed: int = 0) -> list[set[str]]:
    """The units that do not take part, step by step."""
    network, one = build_model(model, 1, 10, seed=0), torch.ones(1)
    drops = [(name, module) for name, module in network.named_modules() if isinstance(module, DropPath)]
    found = []
    for step in range(steps):
        network.draw_chances(seed, step)
        found.append({name.removesuffix(".drop") for name, drop in drops if not drop(one).any()})
    return found


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_run_continued_from_disk_is_bit_equal_to_an_undisturbed_one(few, tmp_path, kind):
    config = from_flat(TINY | kind | OFF)
    whole, expected = whole_run(config, few)
    half = initial_state(config)
    first = list(itertools.islice(train(config, half, few), 2))
    save_checkpoint(tmp_path, config, half)
    resumed = load_checkpoint(tmp_path, 2, config, CPU)
    rest = list(train(config, resumed, few))
    assert numbers_of(first + rest) == numbers_of(expected)
    assert are_bit_equal(resumed, whole)


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_chance_does_not_look_at_who_is_watching(few, kind):
    assert_watching_changes_nothing(TINY | kind, few)


@pytest.mark.parametrize("kind", KINDS[:6], ids=named)
def test_chance_neither_reads_nor_changes_the_global_random_state(few, kind):
    config = from_flat(TINY | kind | OFF | {"steps": 2})
    assert are_bit_equal(*made_under_two_global_seeds(lambda: whole_run(config, few)[0]))


@pytest.mark.parametrize("kind", KINDS[:6], ids=named)
def test_evaluation_leaves_nothing_to_chance(few, kind):
    model = initial_state(from_flat(TINY | kind)).model
    results = set()
    for step in range(3):
        model.draw_chances(0, step)
        results.add(evaluate(model, few))
    assert len(results) == 1


@pytest.mark.parametrize("kind", KINDS[:6], ids=named)
def test_each_step_brings_something_else_and_the_same_step_the_same(few, kind):
    model = initial_state(from_flat(TINY | kind)).model.train()
    images, logits = few.normalize(few.train_images[:8]), []
    for seed, step in ((0, 0), (0, 1), (1, 0), (0, 0)):
        model.draw_chances(seed, step)
        with torch.no_grad():
            logits.append(model(images))
    assert torch.equal(logits[0], logits[3])
    if "survival" not in kind:  # of a few units all may take part more than once
        assert not any(torch.equal(one, other) for one, other in itertools.combinations(logits[:3], 2))


@pytest.fixture(scope="module")
def survivals() -> np.ndarray:
    """Who took part, (steps, units)."""
    model = ModelConfig(depth=56, width=2, survival=0.5)
    names = [unit.name for unit in plan_of(model, 1, 10, 32).skip_units]
    return np.array([[name not in gone for name in names] for gone in dropped(model, 1000)], dtype=float)


def test_units_are_dropped_as_often_as_the_linear_decay_says(survivals):
    steps, units = survivals.shape
    assert (steps, units) == (1000, 27)
    expected = np.array([survival_of(block, units, 0.5) for block in range(1, units + 1)])
    variances = expected * (1 - expected) / steps
    assert np.abs((survivals.mean(0) - expected) / np.sqrt(variances)).max() < 3
    assert abs(survivals.mean(0).sum() - expected.sum()) < 3 * math.sqrt(variances.sum())


def test_units_are_dropped_independently_of_each_other(survivals):
    steps, units = survivals.shape
    correlations = np.corrcoef(survivals, rowvar=False)
    assert np.abs(correlations - np.eye(units)).max() < 5 / math.sqrt(steps)


@pytest.mark.parametrize("other", [{"skip": "scaled"}, {"order": "pre"}, {"norm": "none"}], ids=named)
def test_arms_with_the_same_seed_drop_the_same_units(other):
    model = ModelConfig(depth=20, width=2, survival=0.3)
    one, same = (dropped(ModelConfig(**model.model_dump() | more), 20, seed=7) for more in ({}, other))
    assert one == same
    assert len({frozenset(gone) for gone in one}) > 10
    assert one != dropped(model, 20, seed=8)


def test_a_unit_that_is_less_likely_to_survive_is_dropped_whenever_the_other_is():
    often, seldom = (dropped(ModelConfig(depth=20, width=2, survival=last), 20) for last in (0.3, 0.7))
    assert all(fewer <= more for fewer, more in zip(seldom, often, strict=True))
    assert seldom != often


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(share):
    dropout, ones = Dropout(share), torch.ones(100, 10, 10, 10)
    dropout.draw_for(0, 0, "here")
    found = dropout(ones)
    dropped = float((found == 0).float().mean())
    assert dropped == pytest.approx(share, abs=3 * math.sqrt(share * (1 - share) / ones.numel()))
    assert found[found > 0].unique().tolist() == pytest.approx([1 / (1 - share)])
    assert torch.equal(dropout.eval()(ones), ones)


def test_two_dropouts_of_a_network_do_not_drop_alike():
    first, second, ones = Dropout(0.5), Dropout(0.5), torch.ones(1000)
    for name, module in (("a", first), ("b", second)):
        module.draw_for(0, 0, name)
    assert 400 < int((first(ones) == second(ones)).sum()) < 600


def test_the_gradient_goes_where_the_value_went():
    dropout, x = Dropout(0.5), torch.ones(1000, requires_grad=True)
    dropout.draw_for(0, 3, "here")
    y = dropout(x)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())
