"""Highway gates: how open they are at the start, and what is left of a unit when they are shut or open.

y = g H(x) + (1 - g) x with g = sigmoid(W x + b): Srivastava et al. 2015 (arXiv:1507.06228). He et al. 2016
(arXiv:1603.05027, section 3.1) also look at gates that close the shortcut only.
"""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.functional import jacobian

from resnet_core.config import ModelConfig
from resnet_core.models import build_model
from resnet_core.probes import attached
from resnet_core.probes.gate import Gate

SHUT, OPEN = -200.0, 200.0  # biases whose sigmoid is exactly 0 and exactly 1 in float32


def built(**flat) -> nn.Module:
    usual = {"depth": 14, "width": 4, "skip": "gated", "order": "pre"}
    return build_model(ModelConfig(**usual | flat), 1, 10, seed=0, side=16)


def with_gates_at(bias: float, **flat) -> nn.Module:
    network = built(**flat)
    for unit in network.plan.skip_units:
        nn.init.constant_(network.get_submodule(unit.name).gate.bias, bias)
    return network


def branch_of(unit: nn.Module, x: Tensor) -> Tensor:
    return unit.conv2(unit.relu2(unit.bn2(unit.conv1(unit.relu1(unit.bn1(x))))))


def sigmoid(bias: float) -> float:
    return 1 / (1 + math.exp(-bias))


def some(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("gate", ["exclusive", "shortcut"])
@pytest.mark.parametrize("order", ["pre", "post"])
@pytest.mark.parametrize(("bias", "opening"), [(-1, 0.269), (-2, 0.119), (-3, 0.0474), (-4, 0.0180)])
def test_gates_start_as_open_as_their_bias_says(clothes, gate, order, bias, opening):
    network, probe = built(gate=gate, order=order, gate_bias=bias), Gate()
    with attached([probe], network):
        network(clothes.normalize(clothes.train_images[:32]))
        found = probe.readings()["gate"]
    assert found == pytest.approx([sigmoid(bias)] * 6, rel=1e-6)
    assert found == pytest.approx([opening] * 6, rel=5e-3)


def test_every_value_of_a_gate_starts_alike(clothes):
    network, seen = built(gate_bias=-3), []
    for unit in network.plan.skip_units:
        gate = network.get_submodule(unit.name).gate_sigmoid
        gate.register_forward_hook(lambda module, inputs, output: seen.append(output))
    network(clothes.normalize(clothes.train_images[:8]))
    assert len(seen) == 6
    assert all((output == output.flatten()[0]).all() for output in seen)


@torch.no_grad()
def test_a_shut_gate_copies_its_input(clothes):
    network, found = with_gates_at(SHUT), {}
    for name in ("layer1.0", "layer1.1", "layer2.1", "layer3.1"):
        network.get_submodule(name).register_forward_hook(
            lambda module, inputs, output, name=name: found.update({name: (inputs[0], output)})
        )
    network(clothes.normalize(clothes.train_images[:8]))
    assert len(found) == 4
    assert all(torch.equal(x, y) for x, y in found.values())


@torch.no_grad()
def test_behind_a_relu_a_shut_gate_copies_what_the_relu_lets_through():
    unit, x = with_gates_at(SHUT, order="post").layer1[1], some(5, 4, 8, 8)
    assert torch.equal(unit(x), x.relu())


@torch.no_grad()
def test_an_open_gate_is_the_branch_and_nothing_else():
    unit, x = with_gates_at(OPEN).layer1[1], some(5, 4, 8, 8)
    assert torch.equal(unit(x), branch_of(unit, x))


def test_dy_dx_is_the_identity_behind_a_shut_gate_and_the_branchs_own_behind_an_open_one():
    shut, opened = (with_gates_at(bias, width=2).layer1[1] for bias in (SHUT, OPEN))
    x = some(2, 2, 3, 3)
    assert torch.equal(jacobian(shut, x).reshape(36, 36), torch.eye(36))
    assert torch.equal(jacobian(opened, x), jacobian(lambda x: branch_of(opened, x), x))
    assert jacobian(opened, x).any()


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_papers_layer_copies_or_computes(activation):
    # H(x) = f(W x + b), and nothing behind the sum: in a network of 50 layers of 50 units.
    paper = {"family": "mlp", "depth": 50, "width": 50, "block": "single", "norm": "none"}
    paper |= {"order": "relu-before", "activation": activation, "init": "pytorch"}
    shut, opened = (with_gates_at(bias, **paper) for bias in (SHUT, OPEN))
    x = some(3, 50)
    assert torch.equal(shut.layer1(x), x)
    unit = opened.layer1[0]
    function = torch.relu if activation == "relu" else torch.tanh
    assert torch.equal(unit(x), function(unit.linear1(x)))
    assert torch.equal(jacobian(shut.layer1, x[0]), torch.eye(50))
    assert torch.equal(jacobian(unit, x[0]), jacobian(lambda x: function(unit.linear1(x)), x[0]))


@pytest.mark.parametrize(("bias", "other"), [(SHUT, "identity"), (OPEN, "none")])
@pytest.mark.parametrize("order", ["post", "pre"])
@torch.no_grad()
def test_with_a_gate_on_the_shortcut_alone_shut_is_residual_and_open_is_plain(clothes, bias, other, order):
    gated = with_gates_at(bias, gate="shortcut", order=order)
    textbook = built(skip=other, order=order)
    images = clothes.normalize(clothes.train_images[:8])
    assert torch.equal(gated(images), textbook(images))


@pytest.mark.parametrize(("bias", "passed"), [(0, 5.6e-17), (-6, 0.875)])
def test_what_54_gates_on_the_shortcut_let_through_is_what_he_et_al_2016_found_to_matter(bias, passed):
    # The pattern of their table 1: hardly anything at b = 0, nearly all at b = -6.
    network = built(gate="shortcut", gate_bias=bias, depth=110, width=2, init="skipinit")
    x = some(1, 2, 8, 8).requires_grad_()
    y = network.layer3(network.layer2(network.layer1(x)))
    y.sum().backward()
    assert x.grad[:, :, ::4, ::4].numpy() == pytest.approx((1 - sigmoid(bias)) ** 54, rel=1e-4)
    assert float(x.grad[0, 0, 0, 0]) == pytest.approx(passed, rel=0.01)
