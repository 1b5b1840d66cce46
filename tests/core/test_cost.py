"""What a run is said to cost: it grows with what is asked, and time is what a machine's speed makes of it.

Parameters and multiply-adds are counted against real networks in test_models.py, memory in test_memory.py.
"""

import inspect
import itertools

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from resnet_core import cost
from resnet_core.config import RunConfig, SettingsError, from_flat, to_flat
from resnet_core.cost import count_multiply_adds, expected_seconds, memory_bytes
from resnet_core.device import measure_speed
from resnet_core.members import relevant_settings
from resnet_core.train import evaluate
from tests.core.random_configs import run_configs

SPEED = {"seconds_per_layer": 1e-3, "seconds_per_mac": 1e-9}


def default(**flat) -> RunConfig:
    return from_flat(flat)


# Time.


def test_the_time_of_a_run_written_out():
    # 300 steps of 64 pictures; five evaluations of 500, the sixth of 2,000: forwards only, a third of that.
    config = default(depth=56, steps=300, batch=64, eval_every=50, eval_images=500)
    macs = count_multiply_adds(config.model, 1, 10, 16)
    expected = 300 * (56 * 1e-3 + 64 * macs * 1e-9) + (5 * 500 + 2_000) * macs * 1e-9 / 3
    assert expected_seconds([config], SPEED, slots=1) == pytest.approx(expected)


@given(st.lists(run_configs(), min_size=1, max_size=4), st.integers(1, 8))
@settings(max_examples=30)
def test_more_slots_never_make_a_race_slower_and_one_slot_makes_it_the_sum(configs, slots):
    alone = [expected_seconds([config], SPEED, 1) for config in configs]
    assert expected_seconds(configs, SPEED, 1) == pytest.approx(sum(alone))
    assert expected_seconds(configs, SPEED, slots) >= expected_seconds(configs, SPEED, slots + 1)
    assert expected_seconds(configs, SPEED, 4) == pytest.approx(max(max(alone), sum(alone) / 4))
    assert expected_seconds(configs, SPEED, 100) == pytest.approx(max(alone))


@given(run_configs(), st.sampled_from(["depth", "width", "steps", "batch"]))
def test_more_of_anything_takes_longer(config, name):
    flat = to_flat(config)
    assume(name != "width" or "width" in relevant_settings(config.model))
    step = {"depth": 18, "width": 16}.get(name, 1)
    try:
        more = from_flat(flat | {name: flat[name] + step})
    except SettingsError:
        assume(False)
    assert expected_seconds([more], SPEED, 1) > expected_seconds([config], SPEED, 1)


def test_a_machine_twice_as_fast_takes_half_the_time():
    fast = {name: seconds / 2 for name, seconds in SPEED.items()}
    assert expected_seconds([default()], fast, 1) == pytest.approx(
        expected_seconds([default()], SPEED, 1) / 2
    )


def test_no_slot_is_taken_for_one():
    assert expected_seconds([default()] * 2, SPEED, 0) == expected_seconds([default()] * 2, SPEED, 1)


def test_the_default_race_takes_seconds_to_minutes_on_this_machine():
    race = [default(skip=skip) for skip in ("none", "identity")]
    assert 1 < expected_seconds(race, measure_speed(torch.device("cpu")), slots=2) < 1000


# Memory.


@given(run_configs(), st.sampled_from(["depth", "width", "batch"]))
def test_more_of_anything_never_takes_less_memory(config, name):
    flat = to_flat(config)
    step = {"depth": 18, "width": 16}.get(name, 1)
    try:
        more = from_flat(flat | {name: flat[name] + step})
    except SettingsError:
        assume(False)
    assert memory_bytes(more) >= memory_bytes(config) > cost.PROCESS_BYTES


def test_memory_does_not_depend_on_what_is_only_repeated():
    flats = [{"steps": steps, "seed": seed} for steps, seed in itertools.product((1, 100_000), (0, 1))]
    assert len({memory_bytes(from_flat(flat)) for flat in flats}) == 1


def test_the_default_race_fits_a_small_laptop_and_the_largest_run_no_desk():
    assert 2 * memory_bytes(default()) < 2e9
    assert memory_bytes(default(depth=1202, width=64, batch=1024, dataset="cifar10", side=32)) > 3e11


def test_evaluation_takes_as_many_pictures_at_once_as_the_estimate_says():
    assert inspect.signature(evaluate).parameters["size"].default == cost.EVALUATED_AT_ONCE
