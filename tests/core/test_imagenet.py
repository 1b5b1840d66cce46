"""The ImageNet forms against torchvision itself: names, shapes, costs, and the numbers that come out."""

from contextlib import ExitStack
from functools import cache

import pytest
import torch
from torch import nn
from torchvision import models

from resnet_core.architecture.imagenet import IMAGENET, imagenet_plan
from resnet_core.architecture.plan import WEIGHTED
from resnet_core.models.layout import layout_of_plan
from resnet_core.models.network import Network

DEPTHS = {
    "alexnet": 8, "vgg16": 16, "vgg19": 19, "googlenet": 22,
    "resnet18": 18, "resnet34": 34, "resnet50": 50, "resnet101": 101, "resnet152": 152,
    "densenet121": 121, "densenet169": 169, "densenet201": 201,
    "wide_resnet50_2": 50, "resnext50_32x4d": 50,
}  # fmt: skip
PARAMETERS = {
    "alexnet": 61_100_840, "vgg19": 143_667_240, "googlenet": 6_624_904,
    "resnet18": 11_689_512, "resnet34": 21_797_672, "resnet50": 25_557_032, "resnet101": 44_549_160,
    "resnet152": 60_192_808, "densenet121": 7_978_856, "densenet169": 14_149_480, "densenet201": 20_013_928,
}  # fmt: skip
BILLIONS = {"resnet18": 1.814, "resnet34": 3.664, "resnet50": 4.089, "resnet101": 7.801, "resnet152": 11.514}
NAMES = pytest.mark.parametrize("name", IMAGENET)


def torchvision_model(name: str) -> nn.Module:
    more = {"googlenet": {"aux_logits": False, "init_weights": False}, "vgg": {"init_weights": False}}
    return models.get_model(name, **more.get(name.rstrip("0123456789"), {}))


@cache
def on_meta(name: str) -> nn.Module:
    """Without numbers, and made once: the tests look at it and leave no hook behind."""
    with torch.device("meta"):
        return torchvision_model(name).eval()


def shapes(tensors) -> list[tuple]:
    return [(name, tuple(value.shape)) for name, value in tensors]


def passed(model: nn.Module, side: int) -> dict[str, tuple[tuple, int]]:
    """The output shape and multiply-adds of every layer with weights, counted while a picture passes."""
    found = {}

    def watch(name: str, module: nn.Module, output: torch.Tensor) -> None:
        found[name] = tuple(output.shape[1:]), module.weight.numel() * output[0, 0].numel()

    with ExitStack() as hooks, torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                handle = module.register_forward_hook(lambda m, i, output, name=name: watch(name, m, output))
                hooks.callback(handle.remove)
        model(torch.empty(1, 3, side, side, device="meta"))
    return found


@NAMES
def test_parameters_have_torchvisions_names_shapes_and_order(name):
    plan = imagenet_plan(name)
    assert list(plan.parameters.items()) == shapes(on_meta(name).named_parameters())


@NAMES
@pytest.mark.parametrize("side", [224, 96, None])
def test_every_layer_has_torchvisions_output_and_multiply_adds(name, side):
    plan = imagenet_plan(name, side or IMAGENET[name].smallest_side)
    ours = {op.name: (op.outputs, op.multiply_adds) for op in plan.ops if op.kind in WEIGHTED}
    assert ours == passed(on_meta(name), plan.inputs[1])


@NAMES
def test_torchvision_refuses_any_smaller_picture(name):
    side = IMAGENET[name].smallest_side - 1
    with pytest.raises((RuntimeError, ValueError)):
        passed(on_meta(name), side)


@NAMES
def test_depth_and_counts_are_those_that_are_published(name):
    plan = imagenet_plan(name)
    meta = models.get_model_weights(name).IMAGENET1K_V1.meta
    assert plan.depth == DEPTHS[name]
    assert plan.parameter_count == PARAMETERS.get(name, plan.parameter_count) == meta["num_params"]
    billions = plan.multiply_adds / 1e9
    assert billions == pytest.approx(meta["_ops"], abs=0.001)
    assert billions == pytest.approx(BILLIONS.get(name, billions), abs=0.001)


@NAMES
def test_a_network_of_the_plan_has_torchvisions_state(name):
    with torch.device("meta"):
        network = Network(imagenet_plan(name))
    assert shapes(network.state_dict().items()) == shapes(on_meta(name).state_dict().items())


@NAMES
def test_every_layer_has_a_place_on_the_depth_axis(name):
    plan = imagenet_plan(name)
    layers = layout_of_plan(plan).layers
    assert [layer.name for layer in layers] == [op.name for op in plan.ops if op.kind in WEIGHTED]
    assert max(layer.depth for layer in layers) == plan.depth


@pytest.mark.parametrize("name", ["resnet50", "resnext50_32x4d", "densenet121", "googlenet", "alexnet"])
def test_torchvisions_state_loads_strictly_and_gives_the_same_logits(name):
    torch.manual_seed(0)
    theirs = torchvision_model(name).eval()
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):  # buffers that make a difference
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 2.0)
    with torch.device("meta"):
        ours = Network(imagenet_plan(name, 64)).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True, assign=True)
    pictures = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected, found = theirs(pictures), ours(pictures)
    assert expected.std() > 0
    assert torch.allclose(found, expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))


def test_every_form_says_what_it_is():
    assert list(IMAGENET) == list(DEPTHS)
    assert len({form.title for form in IMAGENET.values()}) == len(IMAGENET)
    assert all(len(form.text.split()) > 5 and not form.text.endswith(".") for form in IMAGENET.values())
    assert "3x3, as in torchvision" in IMAGENET["googlenet"].text


@pytest.mark.parametrize(
    ("name", "side", "words"),
    [
        ("resnet51", 224, "name: 'resnet51' is not among the ImageNet forms, which are alexnet, vgg16"),
        ("alexnet", 62, "side: 62 is below the smallest possible value for alexnet, 63"),
        ("vgg16", 31, "side: 31 is below the smallest possible value for vgg16, 32"),
        ("densenet201", 28, "side: 28 is below the smallest possible value for densenet201, 29"),
        ("googlenet", 14, "side: 14 is below the smallest possible value for googlenet, 15"),
        ("resnet18", 0, "side: 0 is below the smallest possible value for resnet18, 1"),
    ],
)
def test_what_cannot_be_is_refused_with_its_bound(name, side, words):
    with pytest.raises(ValueError, match=words):
        imagenet_plan(name, side)
