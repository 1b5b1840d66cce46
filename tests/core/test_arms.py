"""Arms as text and back: old links, every network there is, and a sentence for what is no arm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_core.arms import ARM_SETTINGS, SHAREABLE, arms_from_text, arms_to_text, own_settings
from resnet_core.config import ModelConfig, SettingsError
from resnet_core.members import relevant_settings
from tests.core.random_configs import run_configs


@st.composite
def arms(draw: st.DrawFn) -> dict:
    """An arm of any possible network, with or without settings that others share."""
    model = draw(run_configs()).model
    own = draw(st.sets(st.sampled_from(SHAREABLE)))
    return own_settings({name: getattr(model, name) for name in (*ARM_SETTINGS, *own)})


@pytest.mark.parametrize(
    ("text", "arm"),
    [
        ("none-56", {"skip": "none", "depth": 56, "norm": "batch"}),
        ("identity-56-nobn", {"skip": "identity", "depth": 56, "norm": "none"}),
        ("identity-110~order:pre", {"skip": "identity", "depth": 110, "norm": "batch", "order": "pre"}),
        (
            "gated-20~gate_bias:-3~block:single",
            {"skip": "gated", "depth": 20, "norm": "batch", "gate_bias": -3.0, "block": "single"},
        ),
        ("dense-40", {"skip": "dense", "depth": 40, "norm": "batch"}),
        ("vgg-19-nobn", {"family": "vgg", "depth": 19, "norm": "none"}),
        ("mlp-50~skip:none", {"family": "mlp", "skip": "none", "depth": 50, "norm": "batch"}),
        ("mlp-50~width:64", {"family": "mlp", "skip": "identity", "depth": 50, "norm": "batch", "width": 64}),
    ],
)
def test_an_arm_as_a_link_has_it(text, arm):
    assert arms_to_text([arm]) == text
    assert arms_from_text(text) == [arm]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("vgg-19~norm:none", "vgg-19-nobn"),
        ("resnet-20~skip:gated", "gated-20"),
        ("identity-56~order:post", "identity-56"),
        ("gated-20~block:single~gate_bias:-3.0", "gated-20~gate_bias:-3~block:single"),
    ],
)
def test_other_words_for_the_same_arm(text, same):
    assert arms_to_text(arms_from_text(text)) == same


@given(st.lists(arms(), min_size=1, max_size=6))
def test_arms_come_back_from_their_text(found):
    assert arms_from_text(arms_to_text(found)) == found


@given(arms())
def test_an_arm_says_only_what_has_an_effect(arm):
    model = ModelConfig(**arm)
    assert set(arm) <= set(relevant_settings(model))
    assert {"depth", "norm"} <= set(arm)
    complete = {name: getattr(model, name) for name in ModelConfig.model_fields if name not in SHAREABLE}
    assert own_settings(complete | arm) == arm


@pytest.mark.parametrize(
    "text",
    ["", "none", "none-", "-56", "none-56,", "none-56 ", "none-56-bn", "none--56", "a-9999999", "none-５６"],
)
def test_text_that_is_no_arm_is_told_with_an_example(text):
    with pytest.raises(
        SettingsError, match=r"^arms: '.*' is not an arm; one looks like none-56, identity-56-nobn or gated"
    ):
        arms_from_text(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("maybe-56", "'maybe' in 'maybe-56' is neither of what an arm begins with: a skip (none, identity"),
        ("identity-56~colour:red", "'colour:red' in 'identity-56~colour:red' does not set any of family"),
        ("identity-56~learning_rate:1", "'learning_rate:1' in 'identity-56~learning_rate:1' does not set"),
        ("identity-56~order", "'order' in 'identity-56~order' does not set any of family"),
        ("identity-56~", "'' in 'identity-56~' does not set any of family"),
        ("identity-56~skip:none", "skip is said twice in 'identity-56~skip:none'"),
        ("identity-56~family:mlp", "family is said twice in"),
        ("vgg-19~depth:16", "depth is said twice in"),
        ("none-8-nobn~norm:batch", "norm is said twice in"),
        ("gated-20~gate_bias:1~gate_bias:2", "gate_bias is said twice in"),
        ("gated-20~gate_bias:low", "gate_bias 'low' in 'gated-20~gate_bias:low' is not a number"),
        ("gated-20~gate_bias:nan", "gate_bias 'nan' in 'gated-20~gate_bias:nan' is not a number"),
        ("dense-40~growth:1.5", "growth '1.5' in 'dense-40~growth:1.5' is not a whole number"),
        ("identity-56~gate_bias:-3", "gate_bias would have no effect in 'identity-56~gate_bias:-3'"),
        ("vgg-19~skip:none~growth:4", "skip and growth would have no effect in"),
    ],
)
def test_settings_that_an_arm_cannot_have_are_told(text, sentence):
    with pytest.raises(SettingsError) as caught:
        arms_from_text(f"none-56,{text}")
    assert str(caught.value).startswith(f"arms: {sentence}")


@given(st.text(max_size=30) | st.from_regex(r"[a-z]{1,8}-[0-9]{1,3}(~[a-z_]{1,9}:[a-z0-9.-]{0,5}){0,2}"))
def test_any_text_is_arms_or_an_error_for_people(text):
    try:
        found, said = arms_from_text(text), "arms: "
    except SettingsError as error:
        found, said = [], str(error)
    assert said.startswith("arms: ")
    assert all({"depth", "norm"} <= set(arm) for arm in found)
