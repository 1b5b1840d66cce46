"""Which networks an instrument looks at: untrained ones by their settings, or runs at the steps they kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app import state
from app.diagram.choice import network_of, text_of
from app.figures.theme import Arm, arm_names, full_name, styles_of
from resnet_core.analyst.answers import has_answer
from resnet_core.architecture import Plan
from resnet_core.config import RunConfig, SettingsError, to_flat
from resnet_core.cost import plan_of_run
from resnet_core.questions import Question, question
from resnet_core.race import DEFAULT_ARMS, race_configs
from resnet_core.records import RunInfo
from resnet_core.runs.places import RUN_ID
from resnet_core.runs.store import RunStore, StoreError

PLACES = ("first", "second")
MAX_OFFERED = 40  # runs, the newest first
Runs = Mapping[str, tuple[RunStore, RunInfo]]  # by id


@dataclass(frozen=True)
class Look:
    """One network on the page. `steps` are those whose weights are kept: 0 has the initial values."""

    text: str  # what a link says: a network such as none-56, or the id of a run
    arm: Arm
    config: RunConfig
    plan: Plan
    run_id: str = ""
    steps: tuple[int, ...] = (0,)
    has_drawn_start: bool = True  # no weights are kept of step 0: it has the initial values of the config
    is_growing: bool = False  # the run goes on, and keeps further steps

    @property
    def name(self) -> str:
        return self.arm.name

    def kept(self, step: int) -> int:
        """The newest kept step up to `step`."""
        return max((kept for kept in self.steps if kept <= step), default=self.steps[0])

    def question(self, instrument: str, step: int, **options: Any) -> Question:
        """What to ask about this network at the newest kept step up to `step`. Raises `SettingsError`."""
        kept = self.kept(step)
        run_id = "" if kept == 0 and self.has_drawn_start else self.run_id
        return question(instrument, self.config, run_id=run_id, step=kept, options=options)


def all_steps(looks: Sequence[Look]) -> list[int]:
    """The steps that any of the networks has kept, in order."""
    return sorted({step for look in looks for step in look.steps})


def offered_runs() -> Runs:
    """The newest runs of both stores."""
    stores = state.open_stores()
    return {run.id: (store, run) for store in stores for run in store.runs()[:MAX_OFFERED]}


def looks_of(chosen: Mapping[str, str], seed: int, runs: Runs) -> tuple[list[Look], list[str]]:
    """One or two networks that can be shown, and what is wrong with the rest, in sentences.

    `chosen` has a text for each of `PLACES`; `seed` is that of the initial values of untrained networks.
    """
    texts, looks, problems = _texts(chosen, runs), list[Look](), list[str]()
    for place, text in zip(PLACES, texts, strict=True):
        try:
            looks += [_look(text, runs, seed)] if text else []
        except (SettingsError, StoreError) as error:
            said = getattr(error, "problems", (str(error),))
            problems += [f"{place}: {problem.removeprefix('arms: ')}." for problem in said]
    looks = looks or [_look(race_texts()[0], runs, seed)]
    if looks[0].text == looks[-1].text and len(looks) > 1:
        problems.append("second: this is the first network once more, and it is shown once.")
        looks = looks[:1]
    return _told_apart(looks), problems


def have_grown(looks: Sequence[Look]) -> bool:
    """Whether a run has kept further weights, or ended, since the page was drawn."""
    store = state.open_stores()[0]
    try:
        runs = [(look, store.run(look.run_id)) for look in looks if look.is_growing]
    except StoreError:  # it was deleted meanwhile
        return True
    return any(run.phase.has_ended or kept_steps(store, run) != look.steps for look, run in runs)


def race_texts() -> list[str]:
    """The arms of the race page, or the usual ones while they cannot be."""
    try:
        configs = race_configs(state.settings(), state.arms())
    except SettingsError:
        configs = race_configs({}, DEFAULT_ARMS)
    return list(dict.fromkeys(text_of(config) for config in configs))


def kept_steps(store: RunStore, run: RunInfo) -> tuple[int, ...]:
    """The steps of which there are weights; of a recording, also those of which there are answers alone."""
    steps = store.checkpoints(run.id)
    if store.read_only_because:
        every = run.config.training.checkpoint_every
        planned = range(every, run.config.training.steps + 1, every)
        steps += [
            s for s in planned if has_answer(store, question("profile", run.config, run_id=run.id, step=s))
        ]
    return tuple(sorted({0, *steps}))


def _texts(chosen: Mapping[str, str], runs: Runs) -> tuple[str, str]:
    """What is not chosen is the race of the page if it has begun, else its arms, untrained."""
    if chosen["first"]:
        return chosen["first"], chosen["second"]
    race = [run_id for run_id, (_, run) in runs.items() if run.race_id == state.race_id()]
    first, second = (*(sorted(race, key=lambda run_id: runs[run_id][1].arm) or race_texts()), "")[:2]
    return first, chosen["second"] or second


def _look(text: str, runs: Runs, seed: int) -> Look:
    if RUN_ID.fullmatch(text):
        store, run = runs.get(text) or _older_run(text)
        is_drawn = 0 not in store.checkpoints(run.id)
        plan, steps = plan_of_run(run.config), kept_steps(store, run)
        return Look(text, _nameless(), run.config, plan, run.id, steps, is_drawn, not run.phase.has_ended)
    network = network_of(text)
    if network.config is None:
        raise SettingsError([f"{text} is a form of ImageNet; instruments look at members of the lab"])
    config = network.config.model_copy(update={"seed": seed})
    return Look(network.text, _nameless(), config, network.plan)


def _older_run(run_id: str) -> tuple[RunStore, RunInfo]:
    store = state.open_stores()[0]
    try:
        return store, store.run(run_id)
    except StoreError:
        raise StoreError(f"there is no run {run_id} in the store of this machine") from None


def _nameless() -> Arm:
    return Arm("", styles_of(["plain"])[0])


def _told_apart(looks: Sequence[Look]) -> list[Look]:
    """With a name and a style that no other has."""
    flats = [to_flat(look.config) for look in looks]
    names = arm_names(flats) if len(looks) > 1 else [full_name(flats[0])]
    styles = styles_of(["residual" if look.plan.skip_units else "plain" for look in looks])
    return [replace(k, arm=Arm(n, s)) for k, n, s in zip(looks, names, styles, strict=True)]
