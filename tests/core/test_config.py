"""Settings: every bound is told by field, value and bound, and every way of writing them comes back equal."""

import json
import math
import subprocess
import sys

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_core.config import (
    FLAT,
    DataConfig,
    ModelConfig,
    RunConfig,
    SettingsError,
    TrainingConfig,
    bounds,
    field_of,
    from_flat,
    parse,
    to_flat,
)
from resnet_core.data.info import SETS
from tests.core.random_configs import run_configs

NUMERIC = [name for name in FLAT if bounds(name)]


def message_of(settings: dict) -> str:
    with pytest.raises(SettingsError) as caught:
        from_flat(settings)
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"depth": 7}, "depth: 7 is below the smallest possible value, 8"),
        ({"depth": 9999}, "depth: 9999 is above the largest possible value, 1202"),
        ({"depth": 57}, "depth: 57 is not possible: depths are 6n+2; the nearest are 56 and 62"),
        ({"depth": 1201}, "depth: 1201 is not possible: depths are 6n+2; the nearest are 1196 and 1202"),
        ({"batch": 0}, "batch: 0 is below the smallest possible value, 1"),
        ({"batch": 1e9}, "batch: 1000000000.0 is above the largest possible value, 1024"),
        ({"batch": "1e9"}, "batch: '1e9' is not understood"),
        ({"learning_rate": math.nan}, "learning_rate: nan is not a finite number (possible: 0 to 1000)"),
        ({"learning_rate": "nan"}, "learning_rate: 'nan' is not a finite number (possible: 0 to 1000)"),
        ({"learning_rate": math.inf}, "learning_rate: inf is not a finite number (possible: 0 to 1000)"),
        ({"learning_rate": "fast"}, "learning_rate: 'fast' is not understood"),
        ({"learning_rate": 0}, "learning_rate: 0 must be above 0"),
        ({"momentum": 1}, "momentum: 1 must be below 1"),
        ({"width": 7}, "width: 7 must be a multiple of 2 (possible: 2 to 256)"),
        ({"depth": 56.5}, "depth: 56.5 is not understood"),
        ({"skip": "sparse"}, "skip: 'sparse' is not one of 'none', 'identity', 'scaled',"),
        ({"skip": "dense"}, "depth: 56 is not possible: depths are 3n+4"),
        ({"family": "mlp", "depth": 8, "batch": 1}, "batch: 1 is not possible: norm 'batch' in family 'mlp'"),
        ({"dataset": "imagenet"}, f"dataset: 'imagenet' is not possible: image sets are {', '.join(SETS)}"),
        ({"side": 20}, "side: 20 is not on offer for fashion-mnist, which comes in 16 or 28 pixels"),
        (
            {"side": 28, "dataset": "cifar10"},
            "side: 28 is not on offer for cifar10, which comes in 16 or 32 pixels",
        ),
        ({"init": "zero-gamma", "norm": "none"}, "init: 'zero-gamma' sets the last gamma of a block to 0"),
        ({"init": "zero-gamma", "skip": "none"}, "init: 'zero-gamma' needs skip 'identity'"),
        ({"dept": 56}, "dept: there is no such setting; there are family, depth, skip,"),
    ],
    ids=str,
)
def test_bad_input_is_told_by_field_value_and_bound(settings, said):
    assert message_of(settings).startswith(said)


@pytest.mark.parametrize("name", ["batch", "learning_rate", "depth", "seed"])
def test_text_that_is_no_number_is_told_with_the_possible_range(name):
    low, high = bounds(name).get("ge", 0), bounds(name)["le"]
    assert f"{name}: 'plenty' is not understood" in message_of({name: "plenty"})
    assert message_of({name: "plenty"}).endswith(f"(possible: {low} to {high})")


@pytest.mark.parametrize("name", NUMERIC)
def test_one_beyond_each_bound_is_refused_and_the_bound_is_named(name):
    found = bounds(name)
    beyond = {"ge": -1, "gt": 0, "le": 1, "lt": 0}
    for key in beyond.keys() & found.keys():
        value = found[key] + beyond[key]
        said = message_of({name: value})
        assert said.startswith(f"{name}: {value} ")
        assert str(found[key]) in said


@pytest.mark.parametrize("name", NUMERIC)
def test_the_bounds_themselves_are_possible(name):
    found = bounds(name)
    for key in {"ge", "le"} & found.keys():
        needed = {"block": "single"} if (name, key) == ("depth", "ge") else {}
        needed |= {"survival": {"skip": "identity"}, "difficulty": {"dataset": "shapes"}}.get(name, {})
        assert to_flat(from_flat({name: found[key]} | needed))[name] == found[key]


def test_every_mistake_is_said_at_once():
    with pytest.raises(SettingsError) as caught:
        from_flat({"depth": 7, "batch": 0, "learning_rate": "x"})
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["depth", "batch", "learning_rate"]


def test_a_value_of_a_thousand_letters_is_shortened_in_the_error():
    assert len(message_of({"skip": "x" * 1000})) < 200
    assert len(message_of({"depth": "9" * 10_000})) < 200


def test_an_unknown_key_is_refused_at_every_level():
    with pytest.raises(SettingsError, match=r"^model\.dept: 8 is not a setting"):
        parse({"model": {"dept": 8}})
    with pytest.raises(SettingsError, match=r"^colour: 'red' is not a setting"):
        parse({"colour": "red"})


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"model": 5}', b"\xff\xfe"])
def test_json_that_is_no_config_is_an_error_for_people(text):
    with pytest.raises(SettingsError, match="is not understood"):
        parse(text)


@given(run_configs())
def test_flat_names_bring_back_the_same_config(config):
    assert from_flat(to_flat(config)) == config


@given(run_configs())
def test_flat_names_as_text_bring_back_the_same_config(config):
    # A URL has nothing but text.
    assert from_flat({name: str(value) for name, value in to_flat(config).items()}) == config


@given(run_configs())
def test_json_brings_back_the_same_config(config):
    assert parse(config.to_json()) == config
    assert parse(json.loads(config.to_json())) == config


@given(run_configs(), run_configs())
def test_two_configs_share_a_digest_only_when_they_are_equal(one, other):
    assert one.digest() == parse(one.to_json()).digest()
    assert (one.digest() == other.digest()) == (one == other)


ANYTHING = st.text(max_size=8) | st.floats() | st.integers() | st.none()


@given(st.dictionaries(st.sampled_from(list(FLAT)), ANYTHING, max_size=4))
def test_whatever_comes_in_is_a_config_or_an_error_for_people(settings):
    try:
        config = from_flat(settings)
    except SettingsError as error:
        config, problems = None, error.problems
    if config is None:
        assert problems
        assert all(": " in problem for problem in problems)
    else:
        assert from_flat(to_flat(config)) == config


def test_a_digest_is_the_same_in_every_process():
    program = "from resnet_core.config import RunConfig; print(RunConfig(seed=3).digest())"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.strip() == RunConfig(seed=3).digest()


def test_settings_cannot_be_changed_afterwards():
    config = RunConfig()
    for owner, name in (
        (config, "seed"),
        (config.model, "depth"),
        (config.data, "side"),
        (config.probes, "pictures"),
    ):
        with pytest.raises(pydantic.ValidationError, match="frozen"):
            setattr(owner, name, 1)


def test_equal_settings_are_one_key():
    assert len({RunConfig(), from_flat({}), from_flat({"seed": 1})}) == 2


@pytest.mark.parametrize("name", FLAT)
def test_every_setting_is_described(name):
    assert field_of(name).description, f"{name} has no description"


def test_every_setting_has_one_flat_name():
    groups = (ModelConfig, DataConfig, TrainingConfig, RunConfig.model_fields["probes"].annotation)
    assert len(FLAT) == sum(len(group.model_fields) for group in groups) + 1  # and the seed
    assert list(to_flat(RunConfig())) == list(FLAT)


def test_the_default_is_a_residual_network_of_56_layers_on_the_bundled_set():
    flat = to_flat(RunConfig())
    assert (flat["depth"], flat["skip"], flat["norm"], flat["seed"]) == (56, "identity", "batch", 0)
    assert (flat["dataset"], flat["side"]) == ("fashion-mnist", 16)


@pytest.mark.parametrize(("depth", "blocks"), [(8, 1), (14, 2), (20, 3), (56, 9), (110, 18), (1202, 200)])
def test_blocks_of_a_stage(depth, blocks):
    assert ModelConfig(depth=depth).blocks_per_stage == blocks
