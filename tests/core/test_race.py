"""A race: two to four arms, no two alike, and a shared mistake said once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_core.arms import ARM_SETTINGS, arms_from_text
from resnet_core.config import SettingsError, to_flat
from resnet_core.race import differing_settings, race_configs

PLAIN = {"skip": "none", "depth": 56, "norm": "batch"}
RESIDUAL = {"skip": "identity", "depth": 56, "norm": "batch"}

possible_arms = st.fixed_dictionaries(
    {
        "skip": st.sampled_from(["none", "identity"]),
        "depth": st.integers(1, 200).map(lambda n: 6 * n + 2),
        "norm": st.sampled_from(["batch", "none"]),
    }
)


def problems_of(shared: dict, arms: list) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        race_configs(shared, arms)
    return caught.value.problems


@pytest.mark.parametrize("number", [2, 3, 4])
def test_two_to_four_arms_share_everything_but_what_is_theirs(number):
    arms = [PLAIN, RESIDUAL, RESIDUAL | {"norm": "none"}, RESIDUAL | {"depth": 20}][:number]
    configs = race_configs({"seed": 7, "steps": 10, "dataset": "mnist"}, arms)
    assert len(configs) == number
    for config, arm in zip(configs, arms, strict=True):
        flat = to_flat(config)
        assert {name: flat[name] for name in arm} == arm
        assert (flat["seed"], flat["steps"], flat["dataset"]) == (7, 10, "mnist")
    assert set(differing_settings(configs)) <= set(ARM_SETTINGS)


@given(
    st.lists(
        possible_arms, min_size=2, max_size=4, unique_by=lambda arm: (arm["skip"], arm["depth"], arm["norm"])
    )
)
def test_arms_that_differ_make_a_race(arms):
    assert len(set(race_configs({}, arms))) == len(arms)


@pytest.mark.parametrize("number", [0, 1, 5, 50])
def test_a_race_of_another_number_of_arms_is_refused_with_the_bounds(number):
    assert problems_of({}, [PLAIN] * number) == (f"arms: {number} is not possible; a race has 2 to 4",)


def test_two_arms_that_are_the_same_are_refused():
    (problem,) = problems_of({}, [PLAIN, RESIDUAL, PLAIN])
    assert problem == "arms: two arms of none-56,identity-56,none-56 are the same; change one of them"


@pytest.mark.parametrize(
    ("arm", "same"),
    [
        ({"skip": "identity", "gate_bias": -3.0, "growth": 24}, {"skip": "identity"}),
        ({"family": "vgg", "depth": 19, "skip": "none"}, {"family": "vgg", "depth": 19, "order": "pre"}),
        ({"skip": "dense", "depth": 40, "width": 4}, {"skip": "dense", "depth": 40, "width": 16}),
        ({"skip": "gated", "width": 8}, {"skip": "gated"}),
    ],
)
def test_arms_that_differ_only_in_what_has_no_effect_are_the_same(arm, same):
    (problem,) = problems_of({}, [arm, same])
    assert problem.endswith("are the same; change one of them")


def test_a_shared_setting_without_effect_does_not_make_arms_differ():
    plain, residual = race_configs({"shortcut": "B"}, [PLAIN, RESIDUAL])
    assert differing_settings([plain, residual]) == {"skip": ["none", "identity"]}
    assert residual.model.shortcut == "B"


def test_an_arm_keeps_its_own_of_what_the_others_share():
    configs = race_configs({"width": 16, "activation": "tanh"}, [RESIDUAL, RESIDUAL | {"width": 4}])
    assert [config.model.width for config in configs] == [16, 4]
    assert {config.model.activation for config in configs} == {"tanh"}


def test_any_two_members_make_a_race():
    arms = arms_from_text("alexnet-8-nobn,vgg-19,dense-40,mlp-50~skip:none~width:64")
    configs = race_configs({"width": 2}, arms)
    assert [config.model.family for config in configs] == ["alexnet", "vgg", "resnet", "mlp"]
    assert [config.model.width for config in configs] == [2, 2, 2, 64]


def test_a_mistake_in_a_shared_setting_is_said_once():
    assert problems_of({"batch": 0, "colour": "red"}, [PLAIN, RESIDUAL])[0].startswith(
        "colour: there is no such"
    )
    assert problems_of({"batch": 0, "learning_rate": 0}, [PLAIN, RESIDUAL]) == (
        "batch: 0 is below the smallest possible value, 1",
        "learning_rate: 0 must be above 0.0",
    )


def test_a_mistake_of_one_arm_says_which():
    assert problems_of({"batch": 0}, [PLAIN, RESIDUAL | {"depth": 9999}]) == (
        "batch: 0 is below the smallest possible value, 1",
        "arm 2: depth: 9999 is above the largest possible value, 1202",
    )


def test_a_shared_setting_that_only_one_arm_cannot_have_is_that_arms():
    (problem,) = problems_of({"init": "zero-gamma"}, [PLAIN, RESIDUAL])
    assert problem.startswith("arm 1: init: 'zero-gamma' needs skip 'identity'")


def test_settings_in_which_runs_differ():
    configs = race_configs({}, [PLAIN, RESIDUAL, RESIDUAL | {"depth": 20}])
    assert differing_settings(configs) == {"depth": [56, 56, 20], "skip": ["none", "identity", "identity"]}
    assert differing_settings(configs[:1]) == {}


def test_a_setting_that_only_one_run_has_is_no_difference():
    gated = {"skip": "gated", "depth": 56, "norm": "batch", "gate_bias": -4.0}
    configs = race_configs({}, [RESIDUAL, gated, gated | {"gate_bias": -1.0}])
    assert differing_settings(configs[:2]) == {"skip": ["identity", "gated"]}
    assert differing_settings(configs) == {
        "skip": ["identity", "gated", "gated"], "gate_bias": [None, -4.0, -1.0],
    }  # fmt: skip
