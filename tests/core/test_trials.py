"""Trials: a run counts when its numbers are those of a variant, however it was started, and no other does."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from resnet_core.config import from_flat, to_flat
from resnet_core.ranking import Outcome
from resnet_core.records import Phase, RunInfo
from resnet_core.runs.origin import Origin, write_origin
from resnet_core.trials import (
    Setup,
    configs_of,
    experiment_of,
    outcomes_of,
    read_recording,
    recording_of,
    seconds_left,
    setup_of,
    trials_in,
    trials_of,
)
from resnet_core.variants import VARIANTS, variant_configs
from tests.core.random_configs import run_configs

BUNDLED = Path(__file__).resolve().parents[2] / "assets" / "variants.json"
SETUP = Setup(depth=8, steps=100, seeds=2)


def ended(accuracy: float | None = 0.5, phase: Phase = Phase.DONE, **settings) -> RunInfo:
    config = from_flat({"depth": 8, "steps": 100, **settings})
    more = {"test_accuracy": accuracy, "steps_done": 100, "started": 10.0, "finished": 30.04}
    return RunInfo(f"run {accuracy}", "race", 0, config, phase, **more, environment={"device": "cpu"})


def measured(*runs: RunInfo) -> dict[tuple[str, int], str]:
    found = [trial for trial in trials_of(runs, SETUP) if trial.measured]
    return {(trial.variant, trial.config.seed): trial.measured.id for trial in found}


def test_an_empty_store_has_every_trial_missing():
    trials = trials_of([], SETUP)
    assert len(trials) == 2 * len(VARIANTS)
    assert all(trial.is_missing for trial in trials)
    assert outcomes_of(trials) == {}
    assert seconds_left(trials, {"seconds_per_layer": 1.0, "seconds_per_mac": 0.0}, 1) == 0
    assert seconds_left(trials, {}, 1) is None


def test_trials_come_seed_by_seed():
    assert [config.seed for _, config in configs_of(SETUP)] == [0] * 15 + [1] * 15


def test_a_run_of_a_race_is_a_trial_of_its_variant():
    assert measured(ended(0.3, skip="none"), ended(0.7, seed=1)) == {
        ("plain", 0): "run 0.3",
        ("original", 1): "run 0.7",
    }


def test_how_a_run_was_looked_at_and_what_has_no_effect_make_no_difference():
    watched = ended(
        eval_every=7, eval_images=3, checkpoint_every=9, threads=2, probe_gradient_norm=0, gate_bias=5
    )
    assert ("original", 0) in measured(watched)


@pytest.mark.parametrize(
    "other",
    [{"depth": 14}, {"steps": 99}, {"seed": 2}, {"width": 16}, {"learning_rate": 0.05}, {"side": 28},
     {"dataset": "cifar10"}, {"augment": True}, {"norm": "none"}, {"init": "glorot"}, {"survival": 0.5},
     {"batch": 16}, {"skip": "gated", "gate_bias": -3}],
)  # fmt: skip
def test_a_run_of_anything_else_is_no_trial(other):
    assert measured(ended(**other)) == {}


@given(run_configs())
def test_a_run_is_the_same_experiment_as_itself_only_with_its_own_seed(config):
    assert experiment_of(config) == experiment_of(from_flat(to_flat(config)))
    assert experiment_of(config) != experiment_of(config.model_copy(update={"seed": config.seed ^ 1}))


def test_the_newest_run_that_ended_by_itself_counts():
    stopped = replace(ended(0.9), phase=Phase.STOPPED)
    assert measured(stopped, ended(0.4), ended(0.2)) == {("original", 0): "run 0.4"}
    assert measured(replace(ended(0.9), phase=Phase.FAILED)) == {}


def test_what_trains_is_neither_missing_nor_measured():
    running = replace(ended(None), phase=Phase.RUNNING, steps_done=40)
    trial = trials_of([running], SETUP)[0]
    assert (trial.going, trial.measured, trial.is_missing) == (running, None, False)


def test_the_time_left_is_that_of_the_steps_left_on_as_many_cores():
    speed = {"seconds_per_layer": 1.0, "seconds_per_mac": 0.0}
    half, whole = (replace(ended(seed=seed), phase=Phase.RUNNING, steps_done=done) for seed, done in
                   ((0, 50), (1, 0)))  # fmt: skip
    # eight layers of 1 s each make a step of 8 s
    trials = trials_of([half, whole], SETUP)
    assert seconds_left(trials, speed, 1) == pytest.approx(8 * 150)
    assert seconds_left(trials, speed, 2) == pytest.approx(8 * 100)


def test_what_has_ended_says_how_long_the_rest_will_take():
    running = replace(ended(seed=1), phase=Phase.RUNNING, steps_done=25)
    # the one that ended took 20.04 s, and three quarters are left of the other
    assert seconds_left(trials_of([ended(), running], SETUP), {}, 2) == pytest.approx(0.75 * 20.04)


def test_outcomes_gather_seeds_and_divergence_is_one():
    trials = trials_of([ended(0.6), ended(None, Phase.DIVERGED, seed=1)], SETUP)
    assert outcomes_of(trials) == {"original": Outcome((0.6, None), 0.1)}


def test_a_link_gives_the_setup_and_what_cannot_be_is_said():
    usual = {"depth": "56", "steps": "400", "dataset": "fashion-mnist", "seeds": "1"}
    assert setup_of(usual) == (Setup(), [])
    asked = {"depth": "20", "steps": "50", "dataset": "cifar10", "seeds": "3"}
    assert setup_of(asked) == (Setup(20, 50, "cifar10", 3), [])
    setup, problems = setup_of({"depth": "57", "steps": "x", "dataset": "cats", "seeds": "0"})
    assert setup == Setup()
    assert [problem.partition(":")[0] for problem in problems] == ["depth", "steps", "dataset", "seeds"]
    assert all(problem.endswith("The link's value was not used.") for problem in problems)


def test_a_recording_comes_back_as_it_was_made(tmp_path):
    diverged = ended(None, Phase.DIVERGED, seed=1)
    runs = {"original": [ended(0.6), diverged], "pre": [ended(0.7, order="pre")] * 2}
    content = recording_of(SETUP, runs)
    assert content["variants"]["pre"] == {
        "settings": {"skip": "identity", "order": "pre"},
        "test_accuracy": [0.7, 0.7],
    }
    path = tmp_path / "variants.json"
    assert read_recording(path) is None
    path.write_text(json.dumps(content))
    recording = read_recording(path)
    assert (recording.setup, recording.made) == (SETUP, {"device": "cpu"})
    assert recording.outcomes == {"original": Outcome((0.6, None), 0.1), "pre": Outcome((0.7, 0.7), 0.1)}


def test_variant_configs_are_trials_of_their_own():
    for key, config in variant_configs(8, 100, 1).items():
        assert set(measured(ended(**to_flat(config)))) == {(key, 1)}


def test_the_bundled_recording_is_of_the_variants_as_they_are_now():
    content = json.loads(BUNDLED.read_bytes())
    recording = read_recording(BUNDLED)
    assert recording.setup == Setup(seeds=3)
    assert set(recording.made) >= {"device", "device_name", "torch"}
    assert {key: row["settings"] for key, row in content["variants"].items()} == {
        variant.key: dict(variant.settings) for variant in VARIANTS
    }
    assert {len(outcome.accuracies) for outcome in recording.outcomes.values()} == {3}


def test_a_run_that_began_with_given_weights_is_no_trial(store):
    runs = store.create_race(
        [from_flat({"depth": 8, "steps": 100, "skip": skip}) for skip in ("none", "identity")]
    )
    write_origin(store.folder(runs[0].id), Origin(file="net.safetensors", sha256="0" * 64))
    going = {trial.variant for trial in trials_in(store, SETUP) if trial.going}
    assert going == {"original"}
    (store.folder(runs[1].id) / "weights.json").write_text("damaged")
    assert not any(trial.going for trial in trials_in(store, SETUP))
