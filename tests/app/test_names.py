"""Names and looks of arms of any kind: they tell apart, and say no more than that."""

import pytest

from app.figures.theme import LIGHT, arm_names, arm_styles, full_name
from resnet_core.arms import arms_from_text
from resnet_core.config import from_flat, to_flat


def labels(text: str, **shared) -> list[dict]:
    return [to_flat(from_flat(shared | arm)) for arm in arms_from_text(text)]


@pytest.mark.parametrize(
    ("arms", "names"),
    [
        ("identity-110,identity-110~order:pre", ["ResNet-110", "ResNet-110 v2"]),
        ("gated-20~block:single,identity-20", ["Highway-20", "ResNet-20"]),
        ("gated-20-nobn~block:single,identity-20", ["Highway-20, no BN", "ResNet-20"]),
        ("alexnet-8,vgg-19", ["AlexNet", "VGG-19"]),
        ("dense-40,identity-56", ["DenseNet-40 (k 12)", "ResNet-56"]),
        ("mlp-50~skip:none,mlp-50", ["plain MLP-50", "residual MLP-50"]),
        ("gated-20~gate_bias:-6,gated-20", ["Highway-20, gate bias -6", "Highway-20, gate bias -2"]),
        ("identity-56~survival:0.5,identity-56", ["ResNet-56, stochastic depth 0.5", "ResNet-56"]),
        ("identity-20-nobn~init:fixup,identity-20", ["ResNet-20, no BN, Fixup", "ResNet-20"]),
        ("identity-20~order:bn-after,identity-20", ["ResNet-20, BN after addition", "ResNet-20"]),
        ("identity-20~gain:2.5,identity-20", ["ResNet-20, initial weights × 2.5", "ResNet-20"]),
        ("vgg-11~norm:group,vgg-11", ["VGG-11, group norm", "VGG-11"]),
        ("identity-20~block:single,identity-20", ["ResNet-20, single blocks", "ResNet-20, basic blocks"]),
        ("identity-20~width:16,identity-20", ["ResNet-20, width 16", "ResNet-20, width 8"]),
        ("mlp-20~activation:tanh,mlp-20", ["residual MLP-20, tanh", "residual MLP-20"]),
    ],
)  # fmt: skip
def test_unlike_members_are_named_apart(arms, names):
    assert arm_names(labels(arms)) == names


def test_what_has_no_effect_on_an_arm_is_not_in_its_name():
    plain, residual = labels("none-20,identity-20~shortcut:B")
    assert arm_names([plain | {"shortcut": "C"}, residual]) == ["plain-20", "ResNet-20"]
    dense = labels("dense-40,dense-40~growth:24")
    assert arm_names([dense[0] | {"width": 4}, dense[1]]) == ["DenseNet-40 (k 12)", "DenseNet-40 (k 24)"]


@pytest.mark.parametrize(
    ("arm", "name"),
    [
        ("identity-56", "ResNet-56"),
        ("identity-56-nobn~init:fixup", "ResNet-56, no BN, Fixup"),
        ("identity-8~order:relu-pre~survival:0.5",
         "ResNet-8, ReLU-only pre-activation, stochastic depth 0.5"),
        ("vgg-19-nobn", "VGG-19, no BN"),
    ],
)  # fmt: skip
def test_a_network_that_stands_alone_says_all_that_is_unusual(arm, name):
    assert full_name(labels(arm)[0]) == name


def test_whatever_has_a_skip_is_blue_and_the_rest_orange():
    skips = labels("gated-20,scaled-20,dense-40,mlp-50")
    plain = labels("none-20,alexnet-8,vgg-19,googlenet-22")
    assert {style.kind for style in arm_styles(skips)} == {"residual"}
    assert {style.kind for style in arm_styles(plain)} == {"plain"}
    assert len({style.color(LIGHT) for style in arm_styles(skips + plain)}) == 8
