"""The members that have a name: each is possible, knows itself again, and every network has a title."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_core.arms import arms_from_text
from resnet_core.config import ModelConfig
from resnet_core.members import depth_problem
from resnet_core.named_members import MEMBERS, at_possible_depth, become, member_of, member_title
from tests.core.random_configs import run_configs

BY_TITLE = {member.title: member for member in MEMBERS}


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.title)
def test_a_named_member_is_possible_and_knows_itself_again(member):
    model = ModelConfig(**member.settings)
    assert member_of(model) is member


def test_names_are_given_once():
    assert len(BY_TITLE) == len(MEMBERS)
    assert len({member_title(ModelConfig(**member.settings)) for member in MEMBERS}) >= len(MEMBERS) - 3


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("identity-56", "ResNet-56"),
        ("none-56-nobn", "plain-56"),
        ("none-20~order:pre", "plain-20"),
        ("identity-110~order:pre", "ResNet-110 v2"),
        ("identity-164~order:pre~block:bottleneck", "ResNet-164 v2"),
        ("gated-20~block:single", "Highway-20"),
        ("gated-56~gate:shortcut", "ResNet-56 (gated skip)"),
        ("scaled-56", "ResNet-56 (skip × 0.5)"),
        ("scaled-56~scale:0.7~scale_on:both", "ResNet-56 (both × 0.7)"),
        ("conv1x1-56", "ResNet-56 (1×1 skip)"),
        ("dropout-56", "ResNet-56 (dropout skip)"),
        ("dense-40", "DenseNet-40 (k 12)"),
        ("dense-100~growth:24~block:bottleneck~compression:0.5", "DenseNet-BC-100 (k 24)"),
        ("dense-40~compression:0.5", "DenseNet-C-40 (k 12)"),
        ("mlp-50~skip:none", "plain MLP-50"),
        ("mlp-50", "residual MLP-50"),
        ("mlp-20~skip:gated", "Highway MLP-20"),
        ("alexnet-8-nobn", "AlexNet"),
        ("vgg-19", "VGG-19"),
        ("googlenet-22", "GoogLeNet"),
    ],
)
def test_what_a_network_is_called(text, title):
    assert member_title(ModelConfig(**arms_from_text(text)[0])) == title


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("identity-20-nobn", "ResNet"),
        ("identity-20~init:pytorch", "ResNet"),
        ("identity-20-nobn~init:fixup", "Fixup"),
        ("gated-50~gate_bias:-6~block:single", "Highway"),
        ("dense-40~growth:24", "DenseNet"),
        ("vgg-11", "VGG"),
        ("identity-56~survival:0.8", "Stochastic depth"),
    ],
)
def test_numbers_do_not_make_another_member(text, name):
    assert member_of(ModelConfig(**arms_from_text(text)[0])).title == name


@pytest.mark.parametrize("text", ["gated-56", "identity-56~order:bn-after", "none-56~block:single"])
def test_a_network_without_a_name_is_none_of_them(text):
    assert member_of(ModelConfig(**arms_from_text(text)[0])) is None


def test_another_member_keeps_a_depth_that_both_have():
    arm = {"skip": "none", "depth": 20, "norm": "none"}
    assert become(arm, BY_TITLE["ResNet v2"])["depth"] == 20
    assert become(arm, BY_TITLE["DenseNet"])["depth"] == 40
    assert become(arm, BY_TITLE["VGG"]) == {"family": "vgg", "depth": 19, "norm": "batch"}


@given(run_configs(), st.integers(0, 2000))
def test_there_is_a_possible_depth_close_to_any(config, depth):
    arm = at_possible_depth(config.model.model_dump() | {"depth": depth})
    assert depth_problem(ModelConfig.model_construct(**arm)) is None
    possible = config.model.model_dump()
    assert at_possible_depth(possible) == possible


@pytest.mark.parametrize(
    ("text", "depth"), [("identity-21", 20), ("mlp-130", 100), ("dense-55", 55), ("vgg-12", 11)]
)
def test_the_closest_possible_depth(text, depth):
    assert at_possible_depth(arms_from_text(text)[0])["depth"] == depth
