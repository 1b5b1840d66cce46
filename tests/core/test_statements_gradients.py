"""What the shortcut does to the gradient (He et al. 2016, arXiv:1603.05027, equations 5 and 8).

With x_L = x_l + sum F(x_i), dE/dx_l = dE/dx_L (1 + d/dx_l sum F(x_i)); with a factor on the shortcut the 1
becomes its power.
"""

import itertools

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.functional import jacobian
from torch.nn import functional as F

from resnet_core.config import ModelConfig
from resnet_core.models import build_model

UNITS = 3  # in a stage of 20 layers
STAGE_1 = [f"layer1.{i}" for i in range(UNITS)]


def built(**flat) -> nn.Module:
    usual = {"depth": 20, "width": 2, "order": "pre"}
    return build_model(ModelConfig(**usual | flat), 1, 3, seed=0).double()


def pictures(count: int = 2, side: int = 8) -> Tensor:
    draw = torch.Generator().manual_seed(0)
    return torch.randn(count, 1, side, side, generator=draw, dtype=torch.float64)


def signals_and_gradients(network: nn.Module, names: list[str]) -> tuple[list[Tensor], list[Tensor]]:
    """x and dE/dx where each of these units begins and where the last of them ends, E the cross-entropy."""
    signals: list[Tensor] = []
    for name in names:
        network.get_submodule(name).register_forward_pre_hook(
            lambda module, inputs: signals.append(inputs[0])
        )
    last = network.get_submodule(names[-1])
    last.register_forward_hook(lambda module, inputs, output: signals.append(output))
    loss = F.cross_entropy(network(pictures()), torch.tensor([0, 1]))
    return signals, list(torch.autograd.grad(loss, signals))


def branch_of(network: nn.Module, name: str, x: Tensor) -> Tensor:
    unit = next(unit for unit in network.plan.units if unit.name == name)
    for op in unit.branches[0].ops:
        x = network.get_submodule(op.name)(x)
    return x


def sum_of_branches(network: nn.Module, names: list[str], x: Tensor) -> Tensor:
    total = torch.zeros_like(x)
    for name in names:
        f = branch_of(network, name, x)
        total, x = total + f, x + f
    return total


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_the_gradient_is_the_last_ones_times_one_plus_the_derivative_of_the_sum_of_branches(norm):
    network = built(norm=norm)
    signals, gradients = signals_and_gradients(network, STAGE_1)
    last, size = gradients[-1].flatten(), signals[0].numel()
    for first, x in enumerate(signals[:-1]):
        slope = jacobian(lambda x, names=STAGE_1[first:]: sum_of_branches(network, names, x), x.detach())
        expected = last @ (torch.eye(size, dtype=torch.float64) + slope.view(size, size))
        torch.testing.assert_close(gradients[first].flatten(), expected, rtol=1e-5, atol=1e-12)
        assert not torch.allclose(gradients[first].flatten(), last, rtol=0.01)


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.25, 0.9])
def test_without_branches_the_gradient_is_a_power_of_the_shortcuts_factor(scale):
    network = built(skip="scaled", scale=scale, init="skipinit")
    signals, gradients = signals_and_gradients(network, STAGE_1)
    for first in range(UNITS + 1):
        torch.testing.assert_close(
            gradients[first], gradients[-1] * scale ** (UNITS - first), rtol=1e-12, atol=0
        )
        torch.testing.assert_close(signals[-1], signals[first] * scale ** (UNITS - first), rtol=1e-12, atol=0)
    assert gradients[-1].any()


@pytest.mark.parametrize(("scale", "passed"), [(0.5, 5.6e-17), (1.0, 1.0)])
def test_54_factors_of_a_half_leave_nothing_of_the_gradient(scale, passed):
    # Powers of two are exact in float32; option A leaves every fourth pixel of the two middle channels of 8.
    model = ModelConfig(depth=110, width=2, order="pre", skip="scaled", scale=scale, init="skipinit")
    network, x = build_model(model, 1, 10, seed=0), pictures(1).float().repeat(1, 2, 1, 1).requires_grad_()
    y = network.layer3(network.layer2(network.layer1(x)))
    weights = torch.randn(y.shape, generator=torch.Generator().manual_seed(1))
    (y * weights).sum().backward()
    assert torch.equal(x.grad[:, :, ::4, ::4], weights[:, 3:5] * scale**54)
    assert scale**54 == pytest.approx(passed, rel=0.01)
    assert torch.equal(y[:, 3:5], x[:, :, ::4, ::4] * scale**54)


SEAMS = [
    {"skip": skip, "order": order}
    for skip, order in itertools.product(
        ("none", "identity", "scaled", "gated", "conv1x1"), ("post", "pre", "relu-pre", "bn-after")
    )
]


@pytest.mark.parametrize("flat", SEAMS, ids=lambda flat: "-".join(flat.values()))
def test_the_std_of_every_response_behind_a_normalisation_is_1_at_first(clothes, flat):
    # sqrt(mean gamma^2 + var beta) in training mode, whatever comes in.
    network = build_model(ModelConfig(depth=14, width=4, **flat), 1, 10, seed=0)
    found = []
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(
                lambda module, inputs, output: found.append(output.detach().std().item())
            )
    network(clothes.normalize(clothes.train_images[:16]))
    assert len(found) >= 13
    assert found == pytest.approx([1.0] * len(found), abs=0.005)
