"""How far gates are open, and what multiplies a branch: by hand, at the start, against slow twins."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

from resnet_core.config import ModelConfig
from resnet_core.models import build_model
from resnet_core.models.layout import layout_of
from resnet_core.models.merges import Addition, ExclusiveGate, ShortcutGate
from resnet_core.probes import BranchGain, Gate, attached
from tests.core.random_configs import members


def network_of(**settings) -> nn.Module:
    return build_model(ModelConfig(depth=8, width=4, **settings), 3, 10, seed=2, side=16)


def images() -> Tensor:
    return torch.randn(6, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def readings(probe, network: nn.Module) -> dict[str, np.ndarray]:
    with attached([probe], network):
        network(images())
        return probe.readings()


# Gates.


@pytest.mark.parametrize("kind", [ExclusiveGate, ShortcutGate])
def test_a_gate_of_a_hand_computed_case(kind):
    # Two pictures of two channels: gates 0, 1/2 and 1/4, 1/4, on average 1/4.
    model, probe = nn.Sequential(Addition(), kind()), Gate()
    x = torch.ones(2, 2)
    with attached([probe], model):
        model[1](x, x, torch.tensor([[0.0, 0.5], [0.25, 0.25]]))
        np.testing.assert_array_equal(probe.read(), [np.nan, 0.25])  # the addition has no gate


@pytest.mark.parametrize("bias", [0.0, -1.0, -2.0, -3.0, -4.0])
@pytest.mark.parametrize("gate", ["exclusive", "shortcut"])
def test_gates_start_at_the_sigmoid_of_their_bias(gate, bias):
    found = readings(Gate(), network_of(skip="gated", gate=gate, gate_bias=bias))["gate"]
    assert found == pytest.approx([1 / (1 + math.exp(-bias))] * 3, rel=1e-6)


@pytest.mark.parametrize("block", ["single", "basic"])
def test_gates_are_what_a_loop_over_pictures_channels_and_pixels_finds(block):
    network, expected = build_model(ModelConfig(depth=8, width=4, skip="gated", block=block), 3, 10, 2), []
    for name in layout_of(network).blocks:
        nn.init.normal_(network.get_submodule(f"{name}.gate").weight)
    hooks = [
        network.get_submodule(f"{name}.gate_sigmoid").register_forward_hook(
            lambda module, inputs, output: expected.append(output.double().numpy())
        )
        for name in layout_of(network).blocks
    ]
    with torch.no_grad():
        network(images())
    for hook in hooks:
        hook.remove()
    means = [sum(value for value in gates.flatten()) / gates.size for gates in expected]
    assert len(set(means)) == len(means)
    assert readings(Gate(), network)["gate"] == pytest.approx(means, rel=1e-5)


@pytest.mark.parametrize("skip", ["none", "identity", "conv1x1", "dense"])
def test_a_network_without_gates_has_no_reading_of_them(skip):
    depth = 7 if skip == "dense" else 8
    network = build_model(ModelConfig(depth=depth, width=4, skip=skip), 3, 10, seed=0)
    assert readings(Gate(), network) == {}


# Gains.

STARTS = [
    ({"init": "skipinit"}, 0.0),
    ({"init": "skipinit", "norm": "none"}, 0.0),
    ({"init": "fixup", "norm": "none"}, 1.0),
    ({"init": "zero-gamma"}, 0.0),
    ({"init": "he"}, 1.0),
    ({"norm": "group"}, 1.0),
    ({"order": "pre"}, 1.0),
]


@pytest.mark.parametrize(("chosen", "start"), STARTS)
def test_gains_start_where_the_initial_values_put_them(chosen, start):
    assert readings(BranchGain(), network_of(**chosen))["branch_gain"].tolist() == [start] * 3


def test_a_gain_of_a_hand_computed_case():
    # gamma = 1, -3, 0, 0 on average 1 in size; with SkipInit alpha = -1/2 is all that counts.
    by_norm, by_alpha = network_of(), network_of(init="skipinit")
    with torch.no_grad():
        for network in (by_norm, by_alpha):
            network.layer1[0].bn2.weight[:] = torch.tensor([1.0, -3.0, 0.0, 0.0])
            network.layer1[0].bn1.weight[:] = 7.0  # within the branch, not at its end
        by_alpha.layer1[0].alpha.weight.fill_(-0.5)
    assert readings(BranchGain(), by_norm)["branch_gain"].tolist() == [1.0, 1.0, 1.0]
    assert readings(BranchGain(), by_alpha)["branch_gain"].tolist() == [0.5, 0.0, 0.0]


def test_a_gain_that_is_not_a_number_is_read_as_one():
    network = network_of()
    nn.init.constant_(network.layer2[0].bn2.weight, math.nan)
    nn.init.constant_(network.layer3[0].bn2.weight, math.inf)
    np.testing.assert_array_equal(readings(BranchGain(), network)["branch_gain"], [1, np.nan, np.inf])


@pytest.mark.parametrize("chosen", [{"skip": "none"}, {"norm": "none"}])
def test_where_nothing_multiplies_a_branch_there_is_no_reading(chosen):
    assert readings(BranchGain(), network_of(**chosen)) == {}
    assert readings(BranchGain(), nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))) == {}


def branch_of_first_block(network: nn.Module) -> Tensor:
    found = []
    hook = network.layer1[0].add.register_forward_hook(lambda seam, inputs, output: found.append(inputs[1]))
    with torch.no_grad():
        network(images())
    hook.remove()
    return found[0]


@pytest.mark.parametrize(
    ("order", "last"),
    [("post", "bn2"), ("relu-before", "bn2"), ("relu-pre", "bn2"), ("pre", "bn2"), ("bn-after", "bn1")],
)
@pytest.mark.parametrize("block", ["basic", "bottleneck"])
def test_a_branch_grows_with_what_is_read_of_it(order, last, block):
    depth = {"basic": 8, "bottleneck": 11}[block]
    network = build_model(ModelConfig(depth=depth, width=4, order=order, block=block), 3, 10, 2)
    before = branch_of_first_block(network)
    name = f"bn{int(last[2:]) + (block == 'bottleneck')}"
    nn.init.constant_(network.get_submodule(f"layer1.0.{name}").weight, 4.0)
    assert readings(BranchGain(), network)["branch_gain"].tolist() == [4.0, 1.0, 1.0]
    torch.testing.assert_close(branch_of_first_block(network), 4 * before)


@given(members())
@settings(max_examples=15)
def test_gates_and_gains_of_any_member_fit_its_blocks(flat):
    network = build_model(ModelConfig(**flat), 3, 10, seed=1, side=16)
    blocks = len(layout_of(network).blocks)
    gates, gains = Gate(), BranchGain()
    with attached([gates, gains], network):
        network(images())
        found = gates.readings() | gains.readings()
    assert ("gate" in found) == (flat["skip"] == "gated" and blocks > 0)
    for values in found.values():
        assert (values.shape, values.dtype) == ((blocks,), np.float32)
