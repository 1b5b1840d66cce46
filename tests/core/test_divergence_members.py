"""Divergence of any member: the layer is found in a copy, which shares nothing with the network."""

import math
from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings

from resnet_core.config import ModelConfig, from_flat
from resnet_core.models import build_model
from resnet_core.models.layout import layout_of
from resnet_core.train import STEPS_AFTER_DIVERGENCE, Divergence, initial_state, train
from tests.core.random_configs import members
from tests.core.twins import pictures

TINY = {"depth": 8, "width": 2, "steps": 12, "batch": 8, "warmup_steps": 0, "schedule": "constant"}
TINY |= {"learning_rate": 1000, "weight_decay": 1, "eval_images": 20}
OFF = {"probe_gradient_norm": 0, "probe_activations": 0, "probe_branch_ratio": 0, "probe_update_ratio": 0}
KINDS = [
    {"activation": "gelu", "norm": "none"},
    {"activation": "tanh", "norm": "none"},
    {"activation": "sigmoid", "norm": "layer", "order": "pre"},
    {"skip": "gated", "order": "pre", "norm": "none"},
    {"skip": "conv1x1", "order": "bn-after"},
    {"skip": "scaled", "scale_on": "both", "norm": "group"},
    {"skip": "dropout", "survival": 0.5, "norm": "none"},
    {"init": "fixup", "norm": "none", "shortcut": "B"},
    {"skip": "dense", "depth": 7, "growth": 2, "norm": "none"},
    {"family": "mlp", "skip": "gated", "norm": "none"},
    {"family": "vgg", "depth": 11, "norm": "none"},
    {"family": "googlenet", "depth": 22, "norm": "none"},
]


def named(kind: dict) -> str:
    return "-".join(map(str, kind.values()))


@given(members())
@settings(max_examples=15)
def test_a_copy_is_the_same_network_and_shares_nothing_with_it(flat):
    network = build_model(ModelConfig(**flat), 1, 10, seed=0, side=16)
    twin = deepcopy(network)
    own = {id(module) for module in network.modules()} | {
        id(value) for value in network.state_dict().values()
    }
    assert not own & {id(module) for module in twin.modules()}
    expected = network(pictures(4, 1))
    with torch.no_grad():
        for value in network.parameters():
            value.fill_(math.nan)
    assert torch.equal(twin(pictures(4, 1)), expected)


@given(members())
@settings(max_examples=15)
def test_every_module_of_a_copy_takes_part_in_its_forward_pass(flat):
    twin, passed = deepcopy(build_model(ModelConfig(**flat), 1, 10, seed=0, side=16)), set()
    leaves = {name for name, module in twin.named_modules() if not list(module.children())}
    for name in leaves:
        twin.get_submodule(name).register_forward_hook(lambda *_, name=name: passed.add(name))
    twin(pictures(4, 1))
    assert passed == leaves


@given(members())
@settings(max_examples=10)
def test_moving_a_network_moves_all_of_it(flat):
    network = build_model(ModelConfig(**flat), 1, 10, seed=0, side=16)
    assert network.double()(pictures(4, 1).double()).dtype == torch.float64
    assert {value.dtype for value in network.parameters()} == {torch.float64}


@given(members())
@settings(max_examples=10)
def test_weights_that_are_loaded_are_the_ones_that_are_used(flat):
    one, other = (build_model(ModelConfig(**flat), 1, 10, seed, side=16).eval() for seed in (0, 1))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(pictures(4, 1)), other(pictures(4, 1)))


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_weight_that_is_not_finite_is_found_in_whatever_layer_it_is(few, kind):
    config = from_flat(TINY | kind | OFF)
    layers = [layer.name for layer in layout_of(initial_state(config).model).layers]
    for name in layers[:: max(len(layers) // 4, 1)]:
        state = initial_state(config)
        with torch.no_grad():
            state.model.get_submodule(name).weight[0] = math.nan
        next(train(config, state, few))
        assert state.divergence == Divergence(0, name)


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_rate_that_is_far_too_high_ends_the_run_watched_or_not(few, kind):
    # With a weight decay of 1 it multiplies every weight by about -1000 a step.
    ends = []
    for probes in ({}, OFF):
        state = initial_state(config := from_flat(TINY | kind | probes))
        records = list(train(config, state, few))
        ends.append((state.divergence, [repr(record.loss) for record in records]))
    assert ends[0] == ends[1]
    divergence, losses = ends[0]
    if kind.get("activation") == "tanh":  # which bounds what a layer hands on, so that its loss grows slowly
        assert divergence is None
    else:
        assert divergence.layer in [layer.name for layer in layout_of(state.model).layers]
        assert len(losses) == divergence.step + 1 + STEPS_AFTER_DIVERGENCE
        assert not {"nan", "inf"} & set(losses[: divergence.step])
