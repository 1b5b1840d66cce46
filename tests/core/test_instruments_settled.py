"""BN's statistics held at those of a batch: what the batch gives in training, and no picture sees another."""

import pytest
import torch
from hypothesis import given, settings
from torch import nn

from resnet_core.config import ModelConfig
from resnet_core.instruments.settled import settled
from resnet_core.models import build_model
from tests.core.random_configs import members
from tests.core.twins import pictures


def test_statistics_of_a_hand_computed_batch():
    # The channel's values 1, 2, 3, 6 have mean 3 and biased variance (4 + 1 + 0 + 9) / 4 = 3.5.
    norm = nn.BatchNorm1d(1)
    held = settled(norm, torch.tensor([[1.0], [2.0], [3.0], [6.0]]))
    assert (held.running_mean.item(), held.running_var.item()) == (3.0, 3.5)
    assert (norm.running_mean.item(), norm.running_var.item(), norm.training) == (0.0, 1.0, True)


@pytest.mark.parametrize("order", ["post", "pre", "bn-after"])
def test_the_batch_gets_the_answer_of_training_mode_and_a_part_of_it_the_same(order):
    network = build_model(ModelConfig(depth=8, width=4, order=order), 3, 10, seed=2).train()
    held = settled(network, pictures(6))
    torch.testing.assert_close(held(pictures(6)), network(pictures(6)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(held(pictures(6)[:1]), held(pictures(6))[:1], rtol=1e-4, atol=1e-5)


@given(members())
@settings(max_examples=10)
def test_nothing_of_the_network_itself_changes(flat):
    network = build_model(ModelConfig(**flat), 3, 10, seed=2, side=16).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    held = settled(network, pictures())
    assert network.training
    assert not held.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any(module._forward_hooks for module in held.modules())
