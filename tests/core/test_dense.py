"""DenseNet: counted against the paper, by hand, and compared with a textbook one."""

from collections import OrderedDict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.architecture import Plan, plan_of
from resnet_core.config import ModelConfig
from resnet_core.models import build_model
from resnet_core.models.layout import activations, layout_of
from tests.core.twins import assert_same_network, pictures


class TextbookLayer(nn.Module):
    """BN-ReLU-convolution, or with a 1x1 convolution in front of it, appended to what there was."""

    def __init__(self, channels: int, growth: int, has_bottleneck: bool):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.has_bottleneck = has_bottleneck
        if has_bottleneck:
            self.conv1 = nn.Conv2d(channels, 4 * growth, kernel_size=1, bias=False)
            self.norm2 = nn.BatchNorm2d(4 * growth)
            self.conv2 = nn.Conv2d(4 * growth, growth, kernel_size=3, padding=1, bias=False)
        else:
            self.conv1 = nn.Conv2d(channels, growth, kernel_size=3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        new = self.conv1(F.relu(self.norm1(x)))
        if self.has_bottleneck:
            new = self.conv2(F.relu(self.norm2(new)))
        return torch.cat([x, new], 1)


class TextbookTransition(nn.Module):
    def __init__(self, channels: int, fewer: int):
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(channels), nn.Conv2d(channels, fewer, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(self.conv(F.relu(self.norm(x))), 2)


class TextbookDenseNet(nn.Module):
    def __init__(self, layers: int, growth: int, has_bottleneck: bool, compression: float):
        super().__init__()
        channels = 2 * growth if has_bottleneck else 16
        parts = OrderedDict(conv0=nn.Conv2d(3, channels, 3, padding=1, bias=False))
        for block in (1, 2, 3):
            rows = OrderedDict()
            for layer in range(1, layers + 1):
                rows[f"denselayer{layer}"] = TextbookLayer(channels, growth, has_bottleneck)
                channels += growth
            parts[f"denseblock{block}"] = nn.Sequential(rows)
            if block < 3:
                parts[f"transition{block}"] = TextbookTransition(channels, int(channels * compression))
                channels = int(channels * compression)
        parts["norm4"] = nn.BatchNorm2d(channels)
        self.features, self.classifier = nn.Sequential(parts), nn.Linear(channels, 10)

    def forward(self, x: Tensor) -> Tensor:
        maps = F.relu(self.features(x))
        return self.classifier(F.adaptive_avg_pool2d(maps, 1).flatten(1))


def dense(**settings) -> ModelConfig:
    return ModelConfig(**{"skip": "dense", "depth": 7, "growth": 2} | settings)


def plan_for(model: ModelConfig, channels: int = 3, side: int = 32) -> Plan:
    return plan_of(model, channels, 10, side)


@pytest.mark.parametrize(
    ("depth", "growth", "is_bc", "parameters"),
    [
        (40, 12, False, 1_019_722), (100, 12, False, 6_979_642), (100, 24, False, 27_249_082),
        (100, 12, True, 769_162), (250, 24, True, 15_324_406), (190, 40, True, 25_624_430),
    ],
)  # fmt: skip
def test_the_papers_networks_to_the_digit(depth, growth, is_bc, parameters):
    bc = {"block": "bottleneck", "compression": 0.5} if is_bc else {}
    plan = plan_for(dense(depth=depth, growth=growth, **bc))
    assert plan.parameter_count == parameters
    assert plan.depth == depth


def test_densenet_40_is_built_with_all_its_parameters():
    network = build_model(dense(depth=40, growth=12), 3, 10, seed=0)
    assert sum(parameter.numel() for parameter in network.parameters()) == 1_019_722


def test_the_parameters_of_the_smallest_one_counted_by_hand():
    # One layer a block, growth 1, half kept: 16 -> 17 -> 8 -> 9 -> 4 -> 5 maps. One input channel.
    stem = 9 * 16
    layers = [2 * 16 + 9 * 16, 2 * 8 + 9 * 8, 2 * 4 + 9 * 4]
    transitions = [2 * 17 + 17 * 8, 2 * 9 + 9 * 4]
    end = 2 * 5 + 5 * 10 + 10
    plan = plan_for(dense(depth=7, growth=1, compression=0.5), channels=1, side=16)
    assert plan.parameter_count == stem + sum(layers) + sum(transitions) + end == 746
    assert plan.multiply_adds == 144 * 256 + 144 * 256 + 136 * 256 + 72 * 64 + 36 * 64 + 36 * 16 + 50


@settings(max_examples=25)
@given(st.booleans(), st.integers(1, 3), st.integers(1, 4), st.sampled_from([0.5, 0.75, 1.0]), st.booleans())
def test_the_network_is_the_textbook_one(has_bottleneck, layers, growth, compression, is_training):
    block, step = ("bottleneck", 6) if has_bottleneck else ("basic", 3)
    model = dense(depth=step * layers + 4, growth=growth, block=block, compression=compression)
    ours = build_model(model, 3, 10, seed=3)
    textbook = TextbookDenseNet(layers, growth, has_bottleneck, compression)
    assert_same_network(ours, textbook, pictures(), is_training)


def test_a_layer_hands_on_what_it_got_unchanged_and_its_own_maps_behind():
    network = build_model(dense(), 1, 10, seed=0)
    layer, x = network.features.denseblock1.denselayer1, torch.randn(2, 16, 4, 4)
    found = layer(x)
    assert found.shape == (2, 18, 4, 4)
    assert torch.equal(found[:, :16], x)
    assert torch.equal(found[:, 16:], layer.conv1(layer.norm1(x).relu()))


@pytest.mark.parametrize("compression", [0.001, 0.5, 0.999, 1.0])
def test_a_transition_rounds_down_and_never_to_nothing(compression):
    plan = plan_for(dense(compression=compression))
    kept = {0.001: 1, 0.5: 9, 0.999: 17, 1.0: 18}[compression]
    assert next(op for op in plan.ops if op.name == "features.transition1.conv").outputs == (kept, 32, 32)


def test_the_stem_of_a_network_with_bottlenecks_has_twice_the_growth():
    for growth in (6, 12):
        stems = [plan_for(dense(depth=10, growth=growth, block=b)).units[0] for b in ("basic", "bottleneck")]
        assert [stem.outputs[0] for stem in stems] == [16, 2 * growth]


def test_the_layers_of_a_small_network_by_name():
    model = dense(depth=10, block="bottleneck")
    layout = layout_of(build_model(model, 1, 10, 0))
    assert [layer.name.removeprefix("features.") for layer in layout.layers] == [
        "conv0", "denseblock1.denselayer1.conv1", "denseblock1.denselayer1.conv2", "transition1.conv",
        "denseblock2.denselayer1.conv1", "denseblock2.denselayer1.conv2", "transition2.conv",
        "denseblock3.denselayer1.conv1", "denseblock3.denselayer1.conv2", "classifier",
    ]  # fmt: skip
    assert [layer.depth for layer in layout.layers] == list(range(1, 11))
    assert layout.blocks == tuple(f"features.denseblock{block}.denselayer1" for block in (1, 2, 3))


def test_what_a_layer_hands_on_is_seen_behind_the_relu_with_which_the_next_one_begins():
    network = build_model(dense(depth=7), 1, 10, 0)
    names = {id(module): name.removeprefix("features.") for name, module in network.named_modules()}
    assert [names[id(module)] for module in activations(network)] == [
        "denseblock1.denselayer1.relu1", "transition1.relu", "denseblock2.denselayer1.relu1",
        "transition2.relu", "denseblock3.denselayer1.relu1", "relu4", "classifier",
    ]  # fmt: skip


def test_norm_and_activation_follow_the_settings():
    plan = plan_for(dense(norm="group", activation="gelu"))
    kinds = {op.kind for op in plan.ops}
    assert {"group", "gelu"} <= kinds
    assert not {"batch", "relu"} & kinds
    plain = plan_for(dense(norm="none"))
    assert not {op.kind for op in plain.ops} & {"batch", "group", "layer"}
    assert all(op.bias for op in plain.ops if op.kind == "conv")


def test_a_drawing_has_a_row_for_each_dense_block():
    stages = [unit.stage for unit in plan_for(dense(depth=40)).units]
    assert list(dict.fromkeys(stages)) == ["stem", "denseblock1", "denseblock2", "denseblock3", "head"]
