"""Singular values of a unit's Jacobian: by hand, and against those of the Jacobian written out."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

from resnet_core.architecture import Path, Plan, Unit
from resnet_core.architecture.plan import Chain
from resnet_core.config import ModelConfig
from resnet_core.instruments.settled import settled
from resnet_core.instruments.singular_values import singular_values
from resnet_core.models import build_model
from resnet_core.models.network import Network
from tests.core.diverged import KINDS, VALUES, diverged
from tests.core.random_configs import members
from tests.core.twins import pictures


def network_of(**flat) -> nn.Module:
    network = build_model(ModelConfig(**({"depth": 8, "width": 2} | flat)), 3, 10, seed=2, side=16)
    return settled(network, pictures(8))


def linear_network(weight: Tensor) -> nn.Module:
    """x + W x, then a classifier."""
    size = len(weight)
    branch = Path("branch", tuple(Chain((size,), "b").linear("w", size, bias=False).ops))
    unit = Unit("b", "b", (size,), (size,), (Path("shortcut"), branch), "add")
    network = Network(Plan((size,), 2, (unit, Chain((size,)).linear("fc", 2).unit("head")))).eval()
    network.b.w.weight.data = weight
    return network


def whole(network: nn.Module, name: str, picture: Tensor) -> np.ndarray:
    """All singular values of dy/dx of the unit that is a module of this name, from its whole Jacobian."""
    seen: list[Tensor] = []
    handle = network.get_submodule(name).register_forward_hook(lambda m, inputs, y: seen.append(inputs[0]))
    network(picture[None])
    handle.remove()
    return _values(network.get_submodule(name), seen[0])


def _values(of, x: Tensor) -> np.ndarray:
    jacobian = torch.autograd.functional.jacobian(of, x.detach())
    return torch.linalg.svdvals(jacobian.reshape(-1, x.numel()).double()).numpy()


def test_a_linear_unit_has_the_values_of_its_matrix():
    # W = diag(3, -2): of I + W they are 4 and 1, with mean square 17 / 2; of W 3 and 2, with 13 / 2.
    found = singular_values(linear_network(torch.diag(torch.tensor([3.0, -2.0]))), torch.ones(2), "b")
    assert found.values == pytest.approx([4.0, 1.0])
    assert found.branch_values == pytest.approx([3.0, 2.0])
    assert (found.mean_square, found.branch_mean_square) == pytest.approx((8.5, 6.5))
    assert (found.block, found.has_skip, found.inputs, found.outputs) == ("b", True, 2, 2)


def test_a_large_linear_unit_has_the_values_of_its_matrix():
    weight = torch.randn(400, 400, generator=torch.Generator().manual_seed(0)) / 20
    found = singular_values(linear_network(weight), torch.ones(400), "b", 10)
    expected = torch.linalg.svdvals(torch.eye(400) + weight).numpy()
    assert found.values == pytest.approx(expected[:10], rel=0.01)
    assert found.branch_values == pytest.approx(torch.linalg.svdvals(weight).numpy()[:10], rel=0.01)
    assert found.mean_square == pytest.approx(np.mean(expected**2), rel=0.05)


@pytest.mark.parametrize(
    "flat", [{}, {"skip": "none"}, {"order": "pre"}, {"norm": "group"}, {"skip": "gated"}]
)
@pytest.mark.parametrize("name", ["layer1.0", "layer2.0"])
def test_values_are_those_of_the_whole_jacobian(flat, name):
    network, picture = network_of(**flat), pictures()[0]
    found, expected = singular_values(network, picture, name, 10), whole(network, name, picture)
    assert found.values == pytest.approx(expected[:10], rel=0.02)
    assert found.mean_square == pytest.approx(np.mean(expected**2), rel=0.15)
    assert found.values[0] == pytest.approx(expected[0], rel=0.005)


def test_branch_values_are_those_of_what_is_added():
    network, picture = network_of(), pictures()[0]
    block = network.layer1[0]
    x = network.units[0](picture[None])
    expected = _values(lambda x: block.bn2(block.conv2(block.relu1(block.bn1(block.conv1(x))))), x)
    found = singular_values(network, picture, "layer1.0", 10)
    assert found.branch_values == pytest.approx(expected[:10], rel=0.02)


def test_a_plain_unit_is_all_branch():
    found = singular_values(network_of(skip="none"), pictures()[0], "layer3.0", 5)
    assert not found.has_skip
    np.testing.assert_array_equal(found.values, found.branch_values)
    assert found.mean_square == found.branch_mean_square


def test_with_a_branch_of_zero_a_unit_without_activation_behind_it_is_the_identity():
    found = singular_values(network_of(order="relu-pre", init="zero-gamma"), pictures()[0], "layer1.0", 5)
    assert found.values == pytest.approx([1] * 5)
    assert found.mean_square == pytest.approx(1)
    assert not found.branch_values.any()


@pytest.mark.parametrize("skip", ["none", "identity"])
def test_no_name_is_the_first_unit_behind_the_stem(skip):
    assert singular_values(network_of(skip=skip), pictures()[0], values=1).block == "layer1.0"


def test_a_name_that_no_unit_has_is_answered_with_those_that_there_are():
    with pytest.raises(
        ValueError, match=r"block: 'layer4.0' is not in this network; there are conv1, layer1.0"
    ):
        singular_values(network_of(), pictures()[0], "layer4.0")


def test_of_very_many_units_the_first_and_the_last_are_named():
    with pytest.raises(ValueError, match=r"there are conv1, .*, \.\.\., .*, layer3.20, avgpool$") as refused:
        singular_values(network_of(depth=128), pictures()[0], "layer4.0")
    assert str(refused.value).count("layer") == 39  # 38 blocks, and the one that was asked for


@given(members(width=2))
@settings(max_examples=8)
def test_any_unit_of_any_member_can_be_asked_about(flat):
    network, picture = network_of(**flat), pictures()[0]
    for unit in network.plan.units[:2]:
        found = singular_values(network, picture, unit.name or next(unit.ops).name, 3)
        assert np.isfinite(found.values).all()
        assert (np.diff(found.values) <= 0).all()


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("value", VALUES)
def test_a_diverged_network_has_an_answer(kind, value, few):
    subject = diverged(kind, value, few)
    network = settled(subject.network, subject.batch[0])
    found = singular_values(network, few.normalize(few.test_images[:1])[0], values=3)
    assert len(found.values) > 0
    if math.isnan(value):
        assert np.isnan(found.values).all()
        assert np.isnan(found.mean_square)
