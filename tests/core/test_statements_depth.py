"""Stochastic depth (Huang et al. 2016, arXiv:1603.09382): the linear decay, a dropped unit, evaluation."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from resnet_core.architecture import plan_of
from resnet_core.architecture.residual import survival_of
from resnet_core.config import ModelConfig
from resnet_core.models import build_model
from resnet_core.models.ops import DropPath


def built(**flat) -> nn.Module:
    return build_model(ModelConfig(**{"depth": 20, "width": 4, "survival": 0.5} | flat), 1, 10, seed=0)


def branch_of(network: nn.Module, name: str, x: Tensor) -> Tensor:
    """What the unit's branch computes, before chance has its say."""
    unit = next(unit for unit in network.plan.units if unit.name == name)
    for op in unit.branches[0].ops[:-1]:
        x = network.get_submodule(op.name)(x)
    return x


def is_dropped(unit: nn.Module) -> bool:
    return not unit.drop(torch.ones(1)).any()


def draw_until(network: nn.Module, is_wanted: Callable[[], bool]) -> None:
    """Draws for step after step until that is what chance brings."""
    step = 0
    network.draw_chances(0, step)
    while not is_wanted():
        step += 1
        network.draw_chances(0, step)


def inputs() -> Tensor:
    return torch.rand(6, 4, 8, 8, generator=torch.Generator().manual_seed(0))


def test_the_first_unit_nearly_always_takes_part_and_the_last_with_the_chosen_chance():
    assert survival_of(0, 54, 0.5) == 1
    assert survival_of(54, 54, 0.5) == 0.5
    assert survival_of(27, 54, 0.5) == 0.75
    assert survival_of(54, 54, 0.2) == pytest.approx(0.2)


@pytest.mark.parametrize("blocks", [3, 9, 27, 54, 600])
def test_three_quarters_of_the_units_take_part(blocks):
    expected = sum(survival_of(block, blocks, 0.5) for block in range(1, blocks + 1))
    assert expected == pytest.approx((3 * blocks - 1) / 4)
    if blocks == 54:
        assert expected == pytest.approx(40.25, abs=1e-12)


def test_a_network_of_110_layers_has_the_54_chances_of_the_linear_decay():
    plan = plan_of(ModelConfig(depth=110, survival=0.5), 3, 10, 32)
    chances = [op.value for op in plan.ops if op.kind == "drop path"]
    assert chances == [survival_of(block, 54, 0.5) for block in range(1, 55)]
    assert sum(chances) == pytest.approx(40.25, abs=1e-12)
    assert all(unit.branches[0].ops[-1].kind == "drop path" for unit in plan.skip_units)


def test_without_stochastic_depth_there_is_no_chance_in_the_network():
    assert not any(isinstance(module, DropPath) for module in built(survival=1).modules())


@torch.no_grad()
def test_a_dropped_unit_is_the_identity_for_what_a_relu_has_let_through():
    network, x = built(), inputs()
    for unit in network.layer1:
        draw_until(network, lambda unit=unit: is_dropped(unit))
        assert torch.equal(unit(x), x)


@torch.no_grad()
def test_a_dropped_unit_with_pre_activation_is_the_identity_for_anything():
    network, x = built(order="pre"), inputs() - 0.5
    for unit in network.layer1:
        draw_until(network, lambda unit=unit: is_dropped(unit))
        assert torch.equal(unit(x), x)


@torch.no_grad()
def test_when_all_take_part_the_network_is_as_it_would_be_without_chance(clothes):
    chancy, steady = built(), built(survival=1)
    images = clothes.normalize(clothes.train_images[:6])
    units = [unit for stage in (chancy.layer1, chancy.layer2, chancy.layer3) for unit in stage]
    draw_until(chancy, lambda: not any(map(is_dropped, units)))
    assert torch.equal(chancy(images), steady(images))
    draw_until(chancy, lambda: sum(map(is_dropped, units)) > 2)
    assert not torch.equal(chancy(images), steady(images))


@torch.no_grad()
def test_in_evaluation_a_branch_is_weighted_with_its_chance_to_take_part():
    network, x = built().eval(), inputs()
    for block, name in enumerate(("layer1.0", "layer1.1", "layer1.2"), 1):
        survival = 1 - block / 9 * 0.5
        expected = (x + survival * branch_of(network, name, x)).relu()
        assert torch.equal(network.get_submodule(name)(x), expected)


def test_the_layers_of_a_dropped_unit_get_gradients_of_zero():
    network = built()
    unit = network.layer1[2]
    draw_until(network, lambda: is_dropped(unit))
    unit(inputs()).sum().backward()
    assert not any(parameter.grad.any() for parameter in unit.parameters())
    draw_until(network, lambda: not is_dropped(unit))
    unit(inputs()).sum().backward()
    assert all(parameter.grad.any() for parameter in (unit.conv1.weight, unit.conv2.weight))
