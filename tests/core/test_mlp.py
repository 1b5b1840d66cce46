"""The MLP: by hand, counted, and compared with a textbook one."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.architecture import plan_of
from resnet_core.architecture.plan import Op
from resnet_core.config import ModelConfig
from resnet_core.models import build_model
from resnet_core.models.layout import layout_of
from tests.core.twins import assert_same_network, pictures


class TextbookUnit(nn.Module):
    """Two linear layers, each with a norm, and what goes past them."""

    def __init__(self, width: int, skip: str, has_norm: bool):
        super().__init__()
        self.skip = skip
        self.linear1 = nn.Linear(width, width, bias=not has_norm)
        self.bn1 = nn.BatchNorm1d(width) if has_norm else nn.Identity()
        self.linear2 = nn.Linear(width, width, bias=not has_norm)
        self.bn2 = nn.BatchNorm1d(width) if has_norm else nn.Identity()
        if skip == "conv1x1":
            self.downsample = nn.Linear(width, width, bias=not has_norm)
        if skip == "gated":
            self.gate = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.linear2(F.relu(self.bn1(self.linear1(x)))))
        if self.skip == "identity":
            out = out + x
        if self.skip == "conv1x1":
            out = out + self.downsample(x)
        if self.skip == "gated":
            gate = torch.sigmoid(self.gate(x))
            out = gate * out + (1 - gate) * x
        return F.relu(out)


class TextbookMLP(nn.Module):
    def __init__(self, model: ModelConfig, inputs: int):
        super().__init__()
        width, has_norm = model.width, model.norm == "batch"
        self.linear1 = nn.Linear(inputs, width, bias=not has_norm)
        self.bn1 = nn.BatchNorm1d(width) if has_norm else nn.Identity()
        units = [TextbookUnit(width, model.skip, has_norm) for _ in range(model.blocks_per_stage)]
        self.layer1, self.fc = nn.Sequential(*units), nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.layer1(F.relu(self.bn1(self.linear1(x.flatten(1))))))


def mlp(**settings) -> ModelConfig:
    return ModelConfig(**{"family": "mlp", "depth": 6, "width": 4} | settings)


def layers_of(model: ModelConfig) -> list[Op]:
    return [op for op in plan_of(model, 1, 10, 16).ops if op.kind in ("conv", "linear")]


@settings(max_examples=30)
@given(
    st.sampled_from(["none", "identity", "conv1x1", "gated"]),
    st.sampled_from(["batch", "none"]),
    st.sampled_from([6, 10]),
    st.booleans(),
)
def test_the_network_is_the_textbook_one(skip, norm, depth, is_training):
    model = mlp(skip=skip, norm=norm, depth=depth)
    ours, textbook = build_model(model, 1, 10, seed=3, side=16), TextbookMLP(model, 256)
    assert_same_network(ours, textbook, pictures(8, 1), is_training)


@torch.no_grad()
def test_a_hand_computed_case():
    # A picture 1, 2, 3, 4: its sum 10 and minus its sum, behind the ReLU (10, 0). Each of three units adds
    # the identity's (x + x), so 80; the classifier takes half of it, and a quarter.
    network = build_model(mlp(depth=5, width=2, block="single", norm="none"), 1, 2, seed=0, side=2)
    network.linear1.weight.copy_(torch.tensor([[1.0] * 4, [-1.0] * 4]))
    for unit in network.layer1:
        unit.linear1.weight.copy_(torch.eye(2))
    network.fc.weight.copy_(torch.tensor([[0.5, 1.0], [0.25, 1.0]]))
    network.fc.bias.zero_()
    assert network(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])).tolist() == [[40.0, 20.0]]


@pytest.mark.parametrize(("block", "layers"), [("single", 1), ("basic", 2), ("triple", 3)])
def test_the_depth_is_2_and_the_layers_of_each_unit(block, layers):
    for units in (3, 5):
        plan = plan_of(mlp(depth=2 + layers * units, block=block), 1, 10, 16)
        assert plan.depth == 2 + layers * units
        assert [unit.name for unit in plan.skip_units] == [f"layer1.{i}" for i in range(units)]


def test_the_parameters_counted_by_hand():
    # 256 pixels to 4 features, two units of two 4 x 4 matrices, ten classes; each norm has 2 x 4.
    with_norm = 256 * 4 + 8 + 4 * (16 + 8) + 4 * 10 + 10
    without = 256 * 4 + 4 + 4 * (16 + 4) + 4 * 10 + 10
    assert plan_of(mlp(), 1, 10, 16).parameter_count == with_norm
    assert plan_of(mlp(norm="none"), 1, 10, 16).parameter_count == without
    assert plan_of(mlp(), 1, 10, 16).multiply_adds == 256 * 4 + 4 * 16 + 40


def test_a_network_of_100_layers_by_name():
    network = build_model(mlp(depth=100, block="single"), 1, 10, 0, side=16)
    layout = layout_of(network)
    expected = ["linear1", *(f"layer1.{i}.linear1" for i in range(98)), "fc"]
    assert [layer.name for layer in layout.layers] == expected
    assert [layer.depth for layer in layout.layers] == list(range(1, 101))


def test_no_layer_is_a_convolution_and_only_gates_have_a_bias_beside_a_norm():
    for skip in ("none", "identity", "scaled", "gated", "conv1x1", "dropout"):
        layers = layers_of(mlp(skip=skip))
        assert {op.kind for op in layers} == {"linear"}
        assert {op.name.rpartition(".")[2] for op in layers if op.bias} <= {"gate", "fc"}
        assert all(op.bias for op in layers_of(mlp(skip=skip, norm="none")))


@pytest.mark.parametrize("shortcut", ["A", "B", "C"])
def test_nothing_is_padded_or_projected_since_no_shape_changes(shortcut):
    assert plan_of(mlp(shortcut=shortcut), 1, 10, 16) == plan_of(mlp(), 1, 10, 16)
    assert all(not unit.shortcut.ops for unit in plan_of(mlp(shortcut=shortcut), 1, 10, 16).skip_units)


def test_stochastic_depth_decays_linearly_over_the_units():
    plan = plan_of(mlp(depth=10, survival=0.6), 1, 10, 16)
    chances = [op.value for op in plan.ops if op.kind == "drop path"]
    assert chances == pytest.approx([0.9, 0.8, 0.7, 0.6])


def test_twins_share_every_parameter_they_have_in_common():
    plain, gated = (build_model(mlp(skip=skip), 1, 10, 5, side=16).state_dict() for skip in ("none", "gated"))
    assert plain.keys() < gated.keys()
    assert all(torch.equal(plain[name], gated[name]) for name in plain)
