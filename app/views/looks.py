"""Which networks an instrument looks at: untrained ones by their settings, or runs at the steps they kept."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from app import state
from app.diagram.choice import WELL_KNOWN, Network, network_of, text_of
from app.figures.theme import Arm, arm_names, full_name, styles_of
from app.views import network_settings
from resnet_core.analyst.answers import has_answer
from resnet_core.architecture import Plan
from resnet_core.config import RunConfig, SettingsError, to_flat
from resnet_core.cost import plan_of_run
from resnet_core.questions import Question, question
from resnet_core.race import DEFAULT_ARMS, race_configs
from resnet_core.records import RunInfo
from resnet_core.runs.places import RUN_ID
from resnet_core.runs.store import RunStore, StoreError

NOTHING = ""
MAX_OFFERED = 40  # runs, the newest first


@dataclass(frozen=True)
class Look:
    """One network on the page. `steps` are those whose weights are kept: 0 has the initial values."""

    text: str  # what a link says: a network such as none-56, or the id of a run
    arm: Arm
    config: RunConfig
    plan: Plan
    run_id: str = ""
    steps: tuple[int, ...] = (0,)
    has_drawn_start: bool = True  # step 0 has the initial values of the config, not weights from elsewhere

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


def choose(chosen: dict[str, str], show: Any) -> tuple[list[Look], list[str]]:
    """Draws the two choices, and returns what can be shown and what is wrong with the rest.

    `chosen` has `first`, `second` and `seed`; `show(place, text)` puts another network on the page.
    """
    runs = _runs()
    seed = int(chosen["seed"]) if chosen["seed"].isdecimal() else 0
    texts = [chosen["first"], chosen["second"]] if chosen["first"] else usual_texts(runs)
    looks, problems = [], []
    for name, text in zip(("first", "second"), texts, strict=False):
        try:
            looks += [_look(text, runs, seed)] if text else []
        except (SettingsError, StoreError) as error:
            said = getattr(error, "problems", (str(error),))
            problems += [f"{name}: {problem.removeprefix('arms: ')}" for problem in said]
    looks = _told_apart(looks or [_look(_race_texts()[0], runs, seed)])
    _draw_choices(looks, runs, show)
    return looks, problems


def usual_texts(runs: dict[str, tuple[RunStore, RunInfo]]) -> list[str]:
    """The race of the page if it has begun, else its arms, untrained."""
    race = [run_id for run_id, (_, run) in runs.items() if run.race_id == state.race_id()]
    return (sorted(race, key=lambda run_id: runs[run_id][1].arm) or _race_texts())[:2]


def kept_steps(store: RunStore, run: RunInfo) -> tuple[int, ...]:
    """The steps of which there are weights; of a recording without weights, those that have answers."""
    steps = store.checkpoints(run.id)
    if not steps and store.read_only_because:
        every = run.config.training.checkpoint_every
        planned = range(every, run.config.training.steps + 1, every)
        steps = [
            s for s in planned if has_answer(store, question("profile", run.config, run_id=run.id, step=s))
        ]
    return tuple(sorted({0, *steps}))


def _runs() -> dict[str, tuple[RunStore, RunInfo]]:
    found = {}
    for store in state.open_stores():
        found |= {run.id: (store, run) for run in store.runs()[:MAX_OFFERED]}
    return found


def _look(text: str, runs: dict[str, tuple[RunStore, RunInfo]], seed: int) -> Look:
    if RUN_ID.fullmatch(text):
        store, run = runs.get(text) or (state.open_stores()[0], state.open_stores()[0].run(text))
        is_drawn = 0 not in store.checkpoints(run.id)
        plan, steps = plan_of_run(run.config), kept_steps(store, run)
        return Look(text, _nameless(), run.config, plan, run.id, steps, is_drawn)
    network = network_of(text)
    if network.config is None:
        raise SettingsError([f"{text} is a form of ImageNet; instruments look at members of the lab"])
    config = network.config.model_copy(update={"seed": seed})
    return Look(network.text, _nameless(), config, network.plan)


def _nameless() -> Arm:
    return Arm("", styles_of(["plain"])[0])


def _told_apart(looks: Sequence[Look]) -> list[Look]:
    """Each once, with a name and a style that no other has."""
    looks = list({look.text: look for look in looks}.values())
    flats = [to_flat(look.config) for look in looks]
    names = arm_names(flats) if len(looks) > 1 else [full_name(flats[0])]
    styles = styles_of(["residual" if look.plan.skip_units else "plain" for look in looks])
    return [replace(k, arm=Arm(n, s)) for k, n, s in zip(looks, names, styles, strict=True)]


def _race_texts() -> list[str]:
    try:
        configs = race_configs(state.settings(), state.arms())
    except SettingsError:
        configs = race_configs({}, DEFAULT_ARMS)
    return [text_of(config) for config in configs]


def _draw_choices(looks: Sequence[Look], runs: dict[str, tuple[RunStore, RunInfo]], show: Any) -> None:
    columns = st.columns([4, 1.6, 0.2, 4, 1.6], vertical_alignment="bottom")
    for column, label, name, number in ((0, "Network", "first", 0), (3, "Beside it", "second", 1)):
        look = looks[number] if number < len(looks) else None
        offered = ({NOTHING: "nothing"} if number else {}) | _offered(runs)
        text = look.text if look else NOTHING
        if text not in offered:
            offered = {text: f"Untrained: {look.name}"} | offered
        state.show_in_widget(f"look {name}", text)
        columns[column].selectbox(
            label, list(offered), format_func=lambda text, offered=offered: offered.get(text, text),
            key=f"look {name}", on_change=_chosen, args=(name, show),
        )  # fmt: skip
        if look and not look.run_id:
            with columns[column + 1]:
                network = Network(look.text, look.name, look.plan, look.config)
                network_settings.change(name, network, show)


def _chosen(name: str, show: Any) -> None:
    show(name, state.widget_value(f"look {name}"))


def _offered(runs: dict[str, tuple[RunStore, RunInfo]]) -> dict[str, str]:
    untrained = {text: f"Untrained: {network_of(text).name}" for text in _race_texts()}
    kept = {run_id: _about(store, run) for run_id, (store, run) in runs.items()}
    known = {text: f"Untrained: {name}, width 16, 32 px" for text, name in WELL_KNOWN.items()}
    return untrained | kept | {text: label for text, label in known.items() if text not in untrained}


def _about(store: RunStore, run: RunInfo) -> str:
    when = (
        "recording" if store.read_only_because else time.strftime("%b %d %H:%M", time.localtime(run.created))
    )
    return f"Run: {full_name(to_flat(run.config))}, {run.steps_done} steps, {when} ({run.id[-4:]})"
