"""Networks: counted against the paper, compared with a textbook one, and named as torchvision names them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.architecture import plan_of
from resnet_core.config import ModelConfig
from resnet_core.cost import count_multiply_adds, count_parameters
from resnet_core.models import build_model
from resnet_core.models.layout import activations, additions, layout_of, weights
from resnet_core.models.ops import PaddedShortcut
from tests.core.random_configs import networks
from tests.core.twins import assert_same_network, pictures


class TextbookBlock(nn.Module):
    """A residual block as it is found in every tutorial (and in akamaster's CIFAR networks)."""

    def __init__(self, in_planes: int, planes: int, stride: int, model: ModelConfig):
        super().__init__()
        bias, norm = model.norm == "none", nn.Identity if model.norm == "none" else nn.BatchNorm2d
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=bias)
        self.bn1 = norm(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=bias)
        self.bn2 = norm(planes)
        self.planes, self.is_plain, self.changes = planes, model.skip == "none", in_planes != planes
        if self.changes and model.shortcut == "B" and not self.is_plain:
            self.downsample = nn.Sequential(nn.Conv2d(in_planes, planes, 1, stride, bias=bias), norm(planes))

    def shortcut(self, x: Tensor) -> Tensor:
        if hasattr(self, "downsample"):
            return self.downsample(x)
        if self.changes:
            return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.planes // 4, self.planes // 4), "constant", 0)
        return x

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if not self.is_plain:
            out += self.shortcut(x)
        return F.relu(out)


class TextbookNet(nn.Module):
    def __init__(self, model: ModelConfig, channels: int, classes: int):
        super().__init__()
        width, norm = model.width, nn.Identity if model.norm == "none" else nn.BatchNorm2d
        self.conv1 = nn.Conv2d(channels, width, 3, 1, 1, bias=model.norm == "none")
        self.bn1 = norm(width)
        in_planes = width
        for stage, (planes, stride) in enumerate([(width, 1), (2 * width, 2), (4 * width, 2)], 1):
            blocks = []
            for i in range(model.blocks_per_stage):
                blocks.append(TextbookBlock(in_planes, planes, stride if i == 0 else 1, model))
                in_planes = planes
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.fc = nn.Linear(4 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        out = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(F.avg_pool2d(out, out.size(3)).flatten(1))


def counted(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def multiply_adds_by_hooks(network: nn.Module, channels: int, side: int) -> int:
    """Every output of a convolution or classifier, times what one output takes."""
    found = []

    def watch(module: nn.Module, inputs: tuple, output: Tensor) -> None:
        found.append(output.numel() * module.weight[0].numel())

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(watch)
    network.eval()(torch.zeros(1, channels, side, side))
    return sum(found)


@pytest.mark.parametrize("n", range(1, 19))
def test_the_papers_networks_have_97216_n_minus_21926_parameters(n):
    paper = 97_216 * n - 21_926
    for skip in ("none", "identity"):
        model = ModelConfig(depth=6 * n + 2, width=16, skip=skip)
        assert count_parameters(model, 3, 10) == paper
        assert counted(build_model(model, 3, 10, seed=0)) == paper


@pytest.mark.parametrize("n", [1, 3, 9, 18])
def test_option_b_adds_2752_parameters_at_every_depth(n):
    model = ModelConfig(depth=6 * n + 2, width=16, shortcut="B")
    assert (
        count_parameters(model, 3, 10) == counted(build_model(model, 3, 10, 0)) == 97_216 * n - 21_926 + 2_752
    )


def test_a_plain_network_knows_no_shortcut_option():
    a, b = (ModelConfig(depth=8, skip="none", shortcut=option) for option in "AB")
    assert count_parameters(a, 3, 10) == count_parameters(b, 3, 10) == counted(build_model(b, 3, 10, 0))


@pytest.mark.parametrize(
    ("depth", "parameters", "mega"),
    [
        (8, 75_290, 12.24), (14, 172_506, 26.40), (20, 269_722, 40.55), (32, 464_154, 68.86),
        (44, 658_586, 97.17), (56, 853_018, 125.49), (110, 1_727_962, 252.89), (1202, 19_421_274, 2829),
    ],
)  # fmt: skip
def test_the_counts_of_the_papers_table_6(depth, parameters, mega):
    model = ModelConfig(depth=depth, width=16)
    assert count_parameters(model, 3, 10) == parameters
    assert count_multiply_adds(model, 3, 10, 32) / 1e6 == pytest.approx(
        mega, abs=0.006 if mega < 1000 else 0.5
    )


@settings(max_examples=40)
@given(
    networks(depths=(8, 14, 20)),
    st.sampled_from([1, 3]),
    st.sampled_from([10, 100]),
    st.sampled_from([16, 28, 32]),
)
def test_the_closed_forms_count_what_the_network_has_and_does(flat, channels, classes, side):
    model = ModelConfig(**flat)
    network = build_model(model, channels, classes, seed=1)
    assert count_parameters(model, channels, classes) == counted(network)
    assert count_multiply_adds(model, channels, classes, side) == multiply_adds_by_hooks(
        network, channels, side
    )


@settings(max_examples=30)
@given(networks(), st.sampled_from([16, 28]), st.booleans())
def test_the_network_is_the_textbook_one(flat, side, is_training):
    model = ModelConfig(**flat)
    ours, textbook = build_model(model, 3, 10, seed=3), TextbookNet(model, 3, 10)
    assert_same_network(ours, textbook, pictures(side=side), is_training)


def test_option_a_takes_every_second_pixel_and_pads_zeros_on_both_sides():
    x = pictures(2, 4, 6)
    found = PaddedShortcut(4, 8, 2)(x)
    assert found.shape == (2, 8, 3, 3)
    assert torch.equal(found[:, 2:6], x[:, :, ::2, ::2])
    assert not found[:, :2].any()
    assert not found[:, 6:].any()


def test_shortcuts_of_option_a_are_where_the_shape_changes_and_nowhere_else():
    network = build_model(ModelConfig(depth=20, width=4), 1, 10, 0)
    padded = [name for name, module in network.named_modules() if isinstance(module, PaddedShortcut)]
    assert padded == ["layer2.0.downsample", "layer3.0.downsample"]
    assert not any(isinstance(module, nn.Identity) for module in network.modules())


@given(networks())
@settings(max_examples=20)
def test_stages_have_the_papers_shapes(flat):
    network, shapes = build_model(ModelConfig(**flat), 1, 10, 0), []
    for stage in (network.layer1, network.layer2, network.layer3):
        stage[-1].register_forward_hook(lambda module, inputs, output: shapes.append(tuple(output.shape)))
    assert network(torch.zeros(2, 1, 16, 16)).shape == (2, 10)
    w = flat["width"]
    assert shapes == [(2, w, 16, 16), (2, 2 * w, 8, 8), (2, 4 * w, 4, 4)]


@given(networks(depths=(8, 14, 20)))
@settings(max_examples=20)
def test_the_layout_counts_the_layers_as_the_paper_does(flat):
    model = ModelConfig(**flat)
    network = build_model(model, 1, 10, 0)
    layout, blocks = layout_of(network), 3 * model.blocks_per_stage
    on_the_way = [layer for layer in layout.layers if layer.kind != "projection"]
    assert [layer.depth for layer in on_the_way] == list(range(1, model.depth + 1))
    assert layout.layers[0].name == "conv1"
    assert layout.layers[-1] == ("fc", "linear", model.depth)
    has_projections = model.shortcut == "B" and model.skip == "identity"
    assert len(layout.layers) - len(on_the_way) == 2 * has_projections
    assert len(layout.blocks) == (blocks if model.skip == "identity" else 0)
    modules = dict(network.named_modules())
    assert all(
        modules[layer.name].weight is w for layer, w in zip(layout.layers, weights(network), strict=True)
    )


def test_the_layers_of_a_small_network_by_name():
    layout = layout_of(build_model(ModelConfig(depth=8, width=2, shortcut="B"), 1, 10, 0))
    assert [f"{name} {kind} {depth}" for name, kind, depth in layout.layers] == [
        "conv1 conv 1",
        "layer1.0.conv1 conv 2",
        "layer1.0.conv2 conv 3",
        "layer2.0.conv1 conv 4",
        "layer2.0.conv2 conv 5",
        "layer2.0.downsample.0 projection 5",
        "layer3.0.conv1 conv 6",
        "layer3.0.conv2 conv 7",
        "layer3.0.downsample.0 projection 7",
        "fc linear 8",
    ]
    assert layout.blocks == ("layer1.0", "layer2.0", "layer3.0")


def test_what_a_layer_hands_on_is_the_relu_behind_it():
    network = build_model(ModelConfig(depth=8, width=2, shortcut="B"), 1, 10, 0)
    names = {id(module): name for name, module in network.named_modules()}
    assert [names[id(module)] for module in activations(network)] == [
        "relu",
        "layer1.0.relu1",
        "layer1.0.relu2",
        "layer2.0.relu1",
        "layer2.0.relu2",
        "layer2.0.downsample.0",
        "layer3.0.relu1",
        "layer3.0.relu2",
        "layer3.0.downsample.0",
        "fc",
    ]


@pytest.mark.parametrize("skip", ["none", "identity"])
def test_nothing_is_computed_in_place(skip):
    network = build_model(ModelConfig(depth=8, width=2, skip=skip), 1, 10, 0)
    kept = []

    def keep(module: nn.Module, inputs: tuple, output: Tensor) -> None:
        kept.extend((tensor, tensor.clone()) for tensor in (*inputs, output))

    for module in network.modules():
        if not list(module.children()):
            module.register_forward_hook(keep)
    network(pictures(channels=1))
    assert len(kept) > 20
    assert all(torch.equal(tensor, then) for tensor, then in kept)
    assert not any(module.inplace for module in network.modules() if isinstance(module, nn.ReLU))


def test_the_addition_gets_the_shortcut_first_and_the_branch_second():
    network = build_model(ModelConfig(depth=8, width=2), 1, 10, 0)
    block, x = network.layer1[0], pictures(channels=2).relu()
    seen = {}
    block.add.register_forward_hook(
        lambda module, inputs, output: seen.update(zip("xF", inputs, strict=True))
    )
    out = block(x)
    assert torch.equal(seen["x"], x)
    assert torch.equal(out, (x + seen["F"]).relu())
    assert [name for name, _ in additions(network)] == ["layer1.0", "layer2.0", "layer3.0"]


def test_the_plan_of_a_small_network_written_out():
    plan = plan_of(ModelConfig(depth=8, width=2, shortcut="B"), 1, 10, 28)
    assert [(op.kernel, op.inputs[0], *op.outputs[:2]) for op in plan.ops if op.kind == "conv"] == [
        (3, 1, 2, 28),
        (3, 2, 2, 28),
        (3, 2, 2, 28),
        (3, 2, 4, 14),
        (3, 4, 4, 14),
        (1, 2, 4, 14),
        (3, 4, 8, 7),
        (3, 8, 8, 7),
        (1, 4, 8, 7),
    ]


def test_a_network_of_1202_layers_can_be_described_without_being_built():
    plan = plan_of(ModelConfig(depth=1202), 3, 10, 32)
    assert (plan.depth, len(plan.skip_units), sum(op.kind == "conv" for op in plan.ops)) == (1202, 600, 1201)
