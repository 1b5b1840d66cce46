"""What has been measured of the variants of He et al. 2016: in the runs of a store, or bundled. No torch.

A trial is one variant with one seed. Any run counts whose settings make the same numbers, wherever it was
started; how often it was looked at does not matter.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from resnet_core.config import RunConfig, SettingsError, from_flat
from resnet_core.cost import expected_seconds
from resnet_core.members import relevant_settings
from resnet_core.ranking import Outcome
from resnet_core.records import Phase, RunInfo
from resnet_core.runs.origin import read_origin
from resnet_core.runs.store import RunStore, StoreError
from resnet_core.variants import BY_KEY, DATASET, DEPTH, STEPS, variant_configs

MAX_SEEDS = 3
_MAKING_NO_DIFFERENCE = ("eval_every", "eval_images", "checkpoint_every", "threads")


class Setup(NamedTuple):
    """What is asked of every variant: seeds 0, 1, ... as many as `seeds`."""

    depth: int = DEPTH
    steps: int = STEPS
    dataset: str = DATASET
    seeds: int = 1


class Trial(NamedTuple):
    """One variant with one seed: the newest run that measured it, and one that is on its way."""

    variant: str
    config: RunConfig
    measured: RunInfo | None = None
    going: RunInfo | None = None

    @property
    def is_missing(self) -> bool:
        return self.measured is None and self.going is None


def setup_of(texts: Mapping[str, str]) -> tuple[Setup, list[str]]:
    """The setup of a link; what cannot be is said, and the usual value taken."""
    values, problems = Setup()._asdict(), []
    for name in (name for name in Setup._fields if name in texts):
        try:
            values[name] = _checked(name, texts[name])
        except SettingsError as error:
            problems += [f"{problem}. The link's value was not used." for problem in error.problems]
    return Setup(**values), problems


def _checked(name: str, text: str) -> Any:
    if name == "seeds":
        if text not in map(str, range(1, MAX_SEEDS + 1)):
            raise SettingsError([f"seeds: {text[:40]!r} is not possible; there are 1 to {MAX_SEEDS}"])
        return int(text)
    config = from_flat({name: text})
    return {"depth": config.model.depth, "steps": config.training.steps, "dataset": config.data.name}[name]


def configs_of(setup: Setup) -> list[tuple[str, RunConfig]]:
    """The run of every trial, seed by seed. Raises `SettingsError`."""
    return [
        pair
        for seed in range(setup.seeds)
        for pair in variant_configs(setup.depth, setup.steps, seed, setup.dataset).items()
    ]


def trials_in(store: RunStore, setup: Setup) -> list[Trial]:
    """Every trial of a setup with the runs of a store; one that began with given weights is none."""
    return trials_of([run for run in store.runs() if _began_with_its_seed(store, run)], setup)


def _began_with_its_seed(store: RunStore, run: RunInfo) -> bool:
    try:
        return read_origin(store.folder(run.id)) is None
    except StoreError:  # a note that is damaged, but there
        return False


def trials_of(runs: Iterable[RunInfo], setup: Setup) -> list[Trial]:
    """Every trial of a setup with the runs that are it; `runs` come newest first."""
    measured: dict[tuple, RunInfo] = {}
    going: dict[tuple, RunInfo] = {}
    for run in runs:
        if _is_measured(run):
            measured.setdefault(experiment_of(run.config), run)
        elif not run.phase.has_ended:
            going[experiment_of(run.config)] = run
    trials = []
    for variant, config in configs_of(setup):
        same = experiment_of(config)
        trials.append(Trial(variant, config, measured.get(same), going.get(same)))
    return trials


def experiment_of(config: RunConfig) -> tuple:
    """What a run's numbers depend on: two runs that agree in it train the same network in the same way."""
    model = tuple((name, getattr(config.model, name)) for name in relevant_settings(config.model))
    training = config.training.model_dump(exclude=set(_MAKING_NO_DIFFERENCE))
    return model, config.data, tuple(training.items()), config.seed


def outcomes_of(trials: Sequence[Trial]) -> dict[str, Outcome]:
    """The outcome of each variant that has been measured with at least one seed, by key."""
    found: dict[str, list[float | None]] = {}
    for trial in trials:
        if trial.measured is not None:
            found.setdefault(trial.variant, []).append(_accuracy(trial.measured))
    guessing = 1 / len(trials[0].config.data.info.classes) if trials else 0.1
    return {variant: Outcome(tuple(values), guessing) for variant, values in found.items()}


def _is_measured(run: RunInfo) -> bool:
    return run.phase is Phase.DIVERGED or (run.phase is Phase.DONE and run.test_accuracy is not None)


def _accuracy(run: RunInfo) -> float | None:
    return None if run.phase is Phase.DIVERGED else run.test_accuracy


def seconds_left(trials: Sequence[Trial], speed: Mapping[str, float], slots: int) -> float | None:
    """Time until the trials that wait or train have ended; None where nothing is known of this machine.

    Those of them that have ended say how long one takes, its start and its neighbours included; before that,
    the machine's measured `speed` does.
    """
    took = [run.finished - run.started for run in _ended_here(trials)]
    if not took and "seconds_per_mac" not in speed:
        return None
    going = [trial.going for trial in trials if trial.going]
    alone = [
        (median(took) if took else expected_seconds([run.config], speed, 1))
        * (1 - run.steps_done / run.config.training.steps)
        for run in going
    ]
    return max(max(alone), sum(alone) / slots) if alone else 0.0


def _ended_here(trials: Iterable[Trial]) -> list[RunInfo]:
    found = [trial.measured for trial in trials if trial.measured]
    return [run for run in found if run.started is not None and run.finished is not None]


class Recording(NamedTuple):
    """Measurements that come with the lab: the setup, the machine they were made on, and their outcomes."""

    setup: Setup
    made: Mapping[str, str]
    outcomes: Mapping[str, Outcome]


def recording_of(setup: Setup, runs: Mapping[str, Sequence[RunInfo]]) -> dict[str, Any]:
    """Ended runs, by variant and then by seed, as the JSON of a recording."""
    first = next(iter(runs.values()))[0]
    return {
        "setup": setup._asdict(),
        "made": dict(first.environment),
        "guessing": 1 / len(first.config.data.info.classes),
        "variants": {
            key: {
                "settings": dict(BY_KEY[key].settings),
                "test_accuracy": [_accuracy(run) for run in of_variant],
            }
            for key, of_variant in runs.items()
        },
    }


def read_recording(path: Path) -> Recording | None:
    """The bundled measurements; None where there are none."""
    if not path.is_file():
        return None
    found = json.loads(path.read_bytes())
    outcomes = {
        key: Outcome(tuple(row["test_accuracy"]), found["guessing"])
        for key, row in found["variants"].items()
        if key in BY_KEY
    }
    return Recording(Setup(**found["setup"]), found["made"], outcomes)
