"""The arms on the race page: any member by its name, its settings behind one button, mistakes beside it."""

import pytest
from streamlit.testing.v1 import AppTest

from resnet_core.arms import arms_from_text
from resnet_core.config import ModelConfig
from resnet_core.named_members import MEMBERS, member_of
from resnet_core.runs.store import RunStore
from tests.app.pages import drawn, errors, link_of, opened, press, texts

LINK = {"width": "4", "steps": "4", "batch": "4"}


def members(page: AppTest) -> list[str]:
    return [box.value for box in page.selectbox if box.label == "Network"]


def choose(page: AppTest, arm: int, title: str) -> AppTest:
    page.selectbox(key=f"arm {arm} member").set_value(title)
    return drawn(page)


def more_of(page: AppTest, arm: int) -> AppTest:
    """The page with the settings of an arm opened."""
    page.session_state[f"arm {arm} more"] = True
    return drawn(page)


def test_the_first_race_is_plain_against_residual_with_a_switch_each(store):
    page = opened()
    assert members(page) == ["Plain", "ResNet"]
    switches = ["Skip", "Batch norm"] * 2
    assert [toggle.label for toggle in page.toggle if toggle.key.startswith("arm ")] == switches
    page.toggle(key="arm 0 skip switch").set_value(True)
    page.toggle(key="arm 1 norm switch").set_value(False)
    assert link_of(drawn(page)) == {"arms": "identity-56,identity-56-nobn"}
    assert members(page) == ["ResNet", "ResNet"]


def test_an_arm_becomes_any_named_member(store):
    page = opened()
    for title in [member.title for member in MEMBERS[2:]]:
        choose(page, 1, title)
        assert errors(page) == []
        assert members(page) == ["Plain", title]
        plain, arm = arms_from_text(link_of(page)["arms"])
        assert plain["depth"] == 56
        assert member_of(ModelConfig(**arm)).title == title


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("v1 vs v2 at depth 110", "identity-110,identity-110~order:pre"),
        ("AlexNet vs VGG-19", "alexnet-8,vgg-19"),
        ("DenseNet-40 vs ResNet-56", "dense-40,identity-56"),
        ("50-layer MLP", "mlp-50~skip:none~width:64,mlp-50~width:64"),
    ],
)
def test_a_preset_races_unlike_members(store, name, link):
    page = press(opened(), f"preset {name}")
    assert errors(page) == []
    assert link_of(page)["arms"] == link


def test_a_race_of_unlike_members_is_trained_as_its_link_says(store):
    link = {"arms": "gated-8~gate_bias:-4,vgg-11-nobn,dense-10~growth:4,mlp-8~skip:none~width:16", **LINK}
    page = opened(**link)
    assert errors(page) == []
    assert link_of(page) == link
    press(page, "train")
    models = [run.config.model for run in RunStore(store.root).race(link_of(page)["race"])]
    assert [(model.family, model.depth) for model in models] == [
        ("resnet", 8), ("vgg", 11), ("resnet", 10), ("mlp", 8),
    ]  # fmt: skip
    assert [model.width for model in models] == [4, 4, 4, 16]
    assert (models[0].gate_bias, models[2].growth) == (-4.0, 4)


def test_the_settings_of_an_arm_are_those_that_have_an_effect(store):
    page = more_of(opened(arms="gated-20~block:single,vgg-11"), 0)
    assert page.number_input(key="arm 0 gate_bias").value == -2.0
    assert "arXiv:1505.00387" in texts(page)
    keys = {
        widget.key for kind in (page.number_input, page.selectbox, page.segmented_control) for widget in kind
    }
    assert not {"arm 0 growth", "arm 0 scale", "arm 1 order"} & keys
    page.number_input(key="arm 0 gate_bias").set_value(-6.0)
    assert link_of(drawn(page))["arms"] == "gated-20~gate_bias:-6~block:single,vgg-11"
    assert members(page) == ["Highway", "VGG"]


def test_a_gain_is_for_every_arm_or_an_arms_own(store):
    page = more_of(opened(gain="2.5"), 0)
    assert page.number_input(key="arm 0 gain").value == 2.5
    page.number_input(key="arm 0 gain").set_value(0.5)
    assert link_of(drawn(page)) == {"gain": "2.5", "arms": "none-56~gain:0.5,identity-56"}
    assert errors(page) == []


def test_settings_without_a_name_are_called_the_arms_own(store):
    page = more_of(opened(), 1)
    page.selectbox(key="arm 1 order").set_value("bn-after")
    drawn(page)
    assert members(page) == ["Plain", "Own settings"]
    assert members(choose(page, 1, "ResNet")) == ["Plain", "ResNet"]
    assert link_of(page) == {}


def test_a_change_of_kind_brings_the_closest_possible_depth(store):
    page = more_of(opened(), 1)
    page.selectbox(key="arm 1 skip").set_value("dense")
    assert link_of(drawn(page))["arms"] == "none-56,dense-55"
    assert errors(page) == []


def test_what_all_arms_share_can_be_an_arms_own_while_it_differs(store):
    page = more_of(opened(width="4"), 1)
    page.number_input(key="arm 1 width").set_value(16)
    assert link_of(drawn(page)) == {"width": "4", "arms": "none-56,identity-56~width:16"}
    page.number_input(key="set_width").set_value(6)
    assert link_of(drawn(page)) == {"width": "6", "arms": "none-56,identity-56~width:16"}
    page.number_input(key="arm 1 width").set_value(6)
    assert link_of(drawn(page)) == {"width": "6"}


@pytest.mark.parametrize(
    ("arm", "setting", "value", "sentence"),
    [
        ("identity-56", "init", "fixup", "arm 2: init: 'fixup' takes the place of a norm"),
        ("none-20", "init", "zero-gamma", "arm 2: init: 'zero-gamma' needs skip 'identity' or another one"),
        ("mlp-8", "norm", "group", "arm 2: norm: 'group' needs feature maps"),
        ("dense-40", "init", "skipinit", "arm 2: init: 'skipinit' makes a sum equal to its shortcut"),
    ],
)
def test_settings_that_exclude_each_other_are_refused_with_the_reason_at_the_arm(
    store, arm, setting, value, sentence
):
    page = more_of(opened(arms=f"none-56,{arm}"), 1)
    page.get_by_key(f"arm 1 {setting}").set_value(value)
    [error] = errors(drawn(page))
    assert error.startswith(sentence)
    assert page.button(key="train").disabled
    beside = [text.value.replace("\\", "") for text in page.sidebar.markdown]
    assert f":small[:red[{error.removeprefix('arm 2: ')}]]" in beside


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ({"arms": "none-8,vgg-12"}, "arm 2: depth: 12 is not possible: vgg has 11, 13, 16 or 19 layers."),
        ({"arms": "none-8,mlp-8~block:bottleneck"}, "arm 2: block: 'bottleneck' needs convolutions"),
        ({"arms": "none-8,identity-8~order:back"}, "arm 2: order: 'back' is not one of 'post', 'pre'"),
        ({"arms": "none-8,gated-8~gate_bias:99"}, "arm 2: gate_bias: 99.0 is above the largest possible"),
        ({"arms": "none-8,identity-8~gate_bias:1"}, "arms: gate_bias would have no effect in"),
        ({"arms": "vgg-19,vgg-19"}, "arms: two arms of vgg-19,vgg-19 are the same"),
        ({"order": "sideways"}, "order: 'sideways' is not one of 'post', 'pre'"),
    ],
)
def test_a_link_to_networks_that_cannot_be_is_explained(store, link, sentence):
    page = opened(**link)
    [error] = errors(page)
    assert error.startswith(sentence)
    assert members(page) == ["Plain", "ResNet"]


def test_a_link_may_say_for_all_arms_what_an_arm_could_say(store):
    page = opened(order="pre", depth="20", activation="tanh")
    assert errors(page) == []
    assert link_of(page) == {"activation": "tanh", "arms": "none-20~order:pre,identity-20~order:pre"}


def test_a_shared_setting_of_a_link_may_suit_the_arms_of_the_link_alone(store):
    link = {"arms": "identity-8-nobn,identity-14-nobn", "init": "fixup"}
    page = opened(**link)
    assert errors(page) == []
    assert link_of(page) == link


def test_an_arm_more_is_another_one_whatever_the_last_is(store):
    page = opened(arms="none-8,googlenet-22")
    for _ in range(2):
        next(button for button in page.button if button.label == "Add an arm").click()
        assert errors(drawn(page)) == []
    assert link_of(page)["arms"] == "none-8,googlenet-22,none-56,none-62"
