"""AlexNet, VGG and GoogLeNet: shapes by hand, names and channels of torchvision's, textbook twins."""

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from resnet_core.architecture import Plan, plan_of
from resnet_core.config import ModelConfig
from resnet_core.models import build_model
from resnet_core.models.layout import activations, layout_of
from tests.core.twins import assert_same_network, pictures

VGG = {11: "vgg11", 13: "vgg13", 16: "vgg16", 19: "vgg19"}
CFG = {
    11: "1M2M44M88M88M", 13: "11M22M44M88M88M", 16: "11M22M444M888M888M", 19: "11M22M4444M8888M8888M",
}  # fmt: skip


class TextbookVGG(nn.Module):
    """As in every tutorial: a string says what comes, M a max pool, a number a convolution."""

    def __init__(self, model: ModelConfig, side: int):
        super().__init__()
        parts, channels, width = [], 3, model.width
        for letter in CFG[model.depth]:
            if letter == "M":
                parts += [nn.MaxPool2d(2, 2)] if side > 1 else []
                side = max(side // 2, 1)
                continue
            has_norm = model.norm == "batch"
            parts += [nn.Conv2d(channels, int(letter) * width, 3, padding=1, bias=not has_norm)]
            parts += [nn.BatchNorm2d(int(letter) * width)] if has_norm else []
            parts += [nn.ReLU()]
            channels = int(letter) * width
        hidden = 8 * width
        self.features = nn.Sequential(*parts)
        self.classifier = nn.Sequential(
            nn.Linear(channels * side**2, hidden), nn.ReLU(), nn.Dropout(),
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, 10),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))


class TextbookAlexNet(nn.Module):
    """torchvision's with a 5x5 convolution of stride 1 in front, and pools that do not lose the edge."""

    def __init__(self, width: int, side: int):
        super().__init__()
        pool = nn.MaxPool2d(3, 2, padding=1)
        self.features = nn.Sequential(
            nn.Conv2d(3, 4 * width, 5, padding=2), nn.ReLU(), pool,
            nn.Conv2d(4 * width, 12 * width, 5, padding=2), nn.ReLU(), pool,
            nn.Conv2d(12 * width, 24 * width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(24 * width, 16 * width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(16 * width, 16 * width, 3, padding=1), nn.ReLU(), pool,
        )  # fmt: skip
        end = -(-side // 8)
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Linear(16 * width * end**2, 64 * width), nn.ReLU(),
            nn.Dropout(), nn.Linear(64 * width, 64 * width), nn.ReLU(), nn.Linear(64 * width, 10),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))


class TextbookInception(nn.Module):
    """The figure of the paper: four ways from the same maps, put one behind the other."""

    def __init__(self, ours: nn.Module):
        super().__init__()
        self.ours = ours

    def forward(self, x: Tensor) -> Tensor:
        ways = self.ours
        one = ways.branch1.conv(x).relu()
        three = ways.branch2[1].conv(ways.branch2[0].conv(x).relu()).relu()
        five = ways.branch3[1].conv(ways.branch3[0].conv(x).relu()).relu()
        pooled = nn.functional.max_pool2d(x, 3, stride=1, padding=1)
        return torch.cat([one, three, five, ways.branch4[1].conv(pooled).relu()], 1)


def plan_for(model: ModelConfig, side: int = 32) -> Plan:
    return plan_of(model, 3, 10, side)


def ancestor(family: str, depth: int, **settings) -> ModelConfig:
    return ModelConfig(**{"family": family, "depth": depth, "width": 2} | settings)


@settings(max_examples=20)
@given(st.sampled_from(sorted(VGG)), st.sampled_from(["batch", "none"]), st.sampled_from([16, 28, 32]))
def test_vgg_is_the_textbook_one(depth, norm, side):
    model = ancestor("vgg", depth, norm=norm)
    ours, textbook = build_model(model, 3, 10, 3, side=side), TextbookVGG(model, side)
    assert_same_network(ours, textbook, pictures(side=side), is_training=False)


@pytest.mark.parametrize("side", [16, 28, 32])
def test_alexnet_is_the_textbook_one(side):
    model = ancestor("alexnet", 8, norm="none")
    ours, textbook = build_model(model, 3, 10, 3, side=side), TextbookAlexNet(2, side)
    assert_same_network(ours, textbook, pictures(side=side), is_training=False)


def test_an_inception_module_is_the_papers_figure():
    network = build_model(ancestor("googlenet", 22, width=8, norm="none"), 3, 10, 3)
    module, x = network.inception4a, torch.randn(2, 60, 6, 6)
    torch.testing.assert_close(module(x), TextbookInception(module)(x))


def shapes_in(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(parameter.shape) for name, parameter in network.named_parameters()}


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("depth", sorted(VGG))
def test_vggs_features_are_torchvisions_at_width_64(depth, norm):
    with torch.device("meta"):
        theirs = getattr(torchvision.models, VGG[depth] + ("_bn" if norm == "batch" else ""))()
    expected = shapes_in(theirs)
    found = plan_for(ancestor("vgg", depth, width=64, norm=norm)).parameters
    # Convolutions have no bias beside a norm here.
    theirs_only = expected.keys() - found.keys()
    assert found.keys() <= expected.keys()
    assert all(name.endswith("bias") for name in theirs_only)
    assert bool(theirs_only) == (norm == "batch")
    assert all(found[name] == expected[name] for name in found if name.startswith("features"))


def test_alexnets_features_behind_the_first_are_torchvisions_at_width_16():
    with torch.device("meta"):
        expected = shapes_in(torchvision.models.alexnet())
    found = plan_for(ancestor("alexnet", 8, width=16, norm="none")).parameters
    assert list(found) == list(expected)
    same = {name for name in found if found[name] == expected[name]}
    assert {name for name in found if name.startswith("features")} - same == {"features.0.weight"}
    assert found["features.0.weight"] == (64, 3, 5, 5)


def test_googlenet_is_torchvisions_at_width_64_but_for_the_first_convolution_and_the_5x5():
    with torch.device("meta"):
        expected = shapes_in(torchvision.models.googlenet(aux_logits=False, init_weights=False))
    found = plan_for(ancestor("googlenet", 22, width=64)).parameters
    assert list(found) == list(expected)
    differing = {name for name in found if found[name] != expected[name]} - {"fc.weight", "fc.bias"}
    fives = {name for name in found if name.endswith("branch3.1.conv.weight")}
    assert len(fives) == 9
    assert differing == {"conv1.conv.weight"} | fives
    assert all(found[name][2:] == (5, 5) for name in fives)
    assert found["conv1.conv.weight"] == (64, 3, 3, 3)


@pytest.mark.parametrize(
    ("side", "sides"), [(16, [8, 4, 2, 1, 1]), (28, [14, 7, 3, 1, 1]), (32, [16, 8, 4, 2, 1])]
)
def test_vgg_halves_the_side_while_there_is_anything_to_halve(side, sides):
    plan = plan_for(ancestor("vgg", 19), side)
    assert [unit.outputs for unit in plan.units[:5]] == [
        (channels, s, s) for channels, s in zip((2, 4, 8, 16, 16), sides, strict=True)
    ]


@pytest.mark.parametrize(("side", "sides"), [(16, [8, 4, 2]), (28, [14, 7, 4]), (32, [16, 8, 4])])
def test_alexnet_pools_three_times(side, sides):
    plan = plan_for(ancestor("alexnet", 8), side)
    assert [unit.outputs for unit in plan.units[:3]] == [
        (channels, s, s) for channels, s in zip((8, 24, 32), sides, strict=True)
    ]


def test_the_channels_of_the_inception_modules_are_those_of_the_papers_table_1():
    plan = plan_for(ancestor("googlenet", 22, width=64))
    assert {unit.name: unit.outputs[:2] for unit in plan.units if unit.merge} == {
        "inception3a": (256, 32), "inception3b": (480, 32),
        "inception4a": (512, 16), "inception4b": (512, 16), "inception4c": (512, 16),
        "inception4d": (528, 16), "inception4e": (832, 16),
        "inception5a": (832, 8), "inception5b": (1024, 8),
    }  # fmt: skip


def test_the_channels_of_googlenet_are_rounded_and_never_none():
    plan = plan_for(ancestor("googlenet", 22, width=2))
    by_name = {op.name: op.outputs[0] for op in plan.ops if op.kind == "conv"}
    assert by_name["inception3a.branch3.0.conv"] == 1  # 16 / 32 is a half, and that is rounded up
    assert by_name["inception5b.branch3.0.conv"] == 2  # 48 / 32
    assert by_name["conv1.conv"] == 2
    assert min(by_name.values()) == 1


@pytest.mark.parametrize(("family", "depth"), [("alexnet", 8), ("vgg", 11), ("vgg", 19), ("googlenet", 22)])
@pytest.mark.parametrize("norm", ["batch", "none"])
def test_the_depth_is_counted_as_in_the_papers(family, depth, norm):
    network = build_model(ancestor(family, depth, norm=norm), 1, 10, 0, side=16)
    layout = layout_of(network)
    assert network.plan.depth == depth
    assert {layer.depth for layer in layout.layers} == set(range(1, depth + 1))
    assert layout.blocks == ()


def test_the_ways_of_an_inception_module_begin_at_the_same_depth():
    layers = layout_of(build_model(ancestor("googlenet", 22), 1, 10, 0, side=16)).layers
    assert [f"{name.removeprefix('inception3a.')} {depth}" for name, _, depth in layers[3:9]] == [
        "branch1.conv 4", "branch2.0.conv 4", "branch2.1.conv 5", "branch3.0.conv 4", "branch3.1.conv 5",
        "branch4.1.conv 4",
    ]  # fmt: skip


def test_the_main_path_of_an_inception_module_is_its_first_way_of_two_layers():
    layers = layout_of(build_model(ancestor("googlenet", 22), 1, 10, 0, side=16)).layers
    main = [layer for layer in layers if not layer.is_beside]
    assert [layer.depth for layer in main] == list(range(1, 23))
    assert [layer.name for layer in main[3:5]] == ["inception3a.branch2.0.conv", "inception3a.branch2.1.conv"]
    assert {layer.kind for layer in layers if layer.is_beside} == {"parallel"}


def test_what_a_layer_hands_on_is_the_relu_behind_it():
    for family, depth in (("alexnet", 8), ("vgg", 11), ("googlenet", 22)):
        network = build_model(ancestor(family, depth), 1, 10, 0, side=16)
        *hidden, last = activations(network)
        assert all(isinstance(module, nn.ReLU) for module in hidden)
        assert len({id(module) for module in hidden}) == len(hidden)
        assert isinstance(last, nn.Linear)


@pytest.mark.parametrize(
    ("family", "depth", "shares"),
    [("alexnet", 8, [0.5, 0.5]), ("vgg", 16, [0.5, 0.5]), ("googlenet", 22, [0.4])],
)
def test_dropout_is_where_the_paper_has_it_and_of_its_strength(family, depth, shares):
    head = plan_for(ancestor(family, depth)).units[-1]
    kinds = [op.kind for op in head.ops if op.kind in ("dropout", "linear")]
    assert [op.value for op in head.ops if op.kind == "dropout"] == shares
    assert kinds == {
        "alexnet": ["dropout", "linear", "dropout", "linear", "linear"],
        "vgg": ["linear", "dropout", "linear", "dropout", "linear"],
        "googlenet": ["dropout", "linear"],
    }[family]  # fmt: skip
