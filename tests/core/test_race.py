"""A race: arms as text and back, two to four of them, no two alike, and a shared mistake said once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_core.config import SettingsError, to_flat
from resnet_core.race import (
    ARM_SETTINGS,
    arms_from_text,
    arms_to_text,
    differing_settings,
    race_configs,
)

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


def test_arms_as_a_link_has_them():
    arms = [PLAIN, RESIDUAL | {"norm": "none"}]
    assert arms_to_text(arms) == "none-56,identity-56-nobn"
    assert arms_from_text("none-56,identity-56-nobn") == arms


@given(st.lists(possible_arms, min_size=1, max_size=6))
def test_arms_come_back_from_their_text(arms):
    assert arms_from_text(arms_to_text(arms)) == arms


@pytest.mark.parametrize(
    "text", ["", "none", "none-", "-56", "none-56,", "none-56 ", "none-56-bn", "none--56", "a-9999999"]
)
def test_text_that_is_no_arm_is_told_with_an_example(text):
    with pytest.raises(
        SettingsError, match=r"^arms: '.*' is not an arm; one looks like none-56, identity-56"
    ):
        arms_from_text(text)


@given(st.text(max_size=30))
def test_any_text_is_arms_or_an_error_for_people(text):
    try:
        arms = arms_from_text(text)
    except SettingsError as error:
        arms, said = None, str(error)
    if arms is None:
        assert said.startswith("arms: ")
    else:
        assert all(set(arm) == set(ARM_SETTINGS) for arm in arms)


@pytest.mark.parametrize("number", [2, 3, 4])
def test_two_to_four_arms_share_everything_but_what_is_theirs(number):
    arms = [PLAIN, RESIDUAL, RESIDUAL | {"norm": "none"}, RESIDUAL | {"depth": 20}][:number]
    configs = race_configs({"seed": 7, "steps": 10, "dataset": "mnist"}, arms)
    assert len(configs) == number
    for config, arm in zip(configs, arms, strict=True):
        flat = to_flat(config)
        assert {name: flat[name] for name in ARM_SETTINGS} == arm
        assert (flat["seed"], flat["steps"], flat["dataset"]) == (7, 10, "mnist")
    assert set(differing_settings(configs)) <= set(ARM_SETTINGS)


@given(
    st.lists(possible_arms, min_size=2, max_size=4, unique_by=lambda arm: tuple(map(arm.get, ARM_SETTINGS)))
)
def test_arms_that_differ_make_a_race(arms):
    assert len(set(race_configs({}, arms))) == len(arms)


@pytest.mark.parametrize("number", [0, 1, 5, 50])
def test_a_race_of_another_number_of_arms_is_refused_with_the_bounds(number):
    assert problems_of({}, [PLAIN] * number) == (f"arms: {number} is not possible; a race has 2 to 4",)


def test_two_arms_that_are_the_same_are_refused():
    (problem,) = problems_of({}, [PLAIN, RESIDUAL, PLAIN])
    assert problem == "arms: two arms of none-56,identity-56,none-56 are the same; change one of them"


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
