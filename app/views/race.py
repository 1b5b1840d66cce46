"""The race: two to four networks train side by side, live."""

from collections.abc import Sequence

import streamlit as st

from app import state
from app.controls import draw_controls
from app.live.component import stage
from app.views import cost, look_inside, messages, results
from app.views.heading import heading
from app.views.text import as_plain, explain
from resnet_core.config import RunConfig
from resnet_core.records import RunInfo
from resnet_core.runs.store import RunStore, StoreError


def page() -> None:
    problems = state.start_session()
    configs, wrong = draw_controls()
    heading("What does the skip connection change?", "Larger type for the last row, settings folded away.")
    with messages.place():
        messages.show_problems([*problems, *wrong])
        runs = _runs_of_race()
    state.write_url()
    has_ended = all(run.phase.has_ended for run in runs)
    st.fragment(_buttons, run_every=None if has_ended else 1.0)(configs, [run.id for run in runs])
    _show_stage(runs)
    if runs and has_ended:
        results.card(state.open_stores()[0], runs)
    if runs:
        words, *columns = st.columns([2.2, 1, 1, 1, 4], vertical_alignment="center")
        words.markdown("Look inside these networks:")
        look_inside.buttons(columns[:3], [run.id for run in runs])
    explain("race")


def _runs_of_race() -> list[RunInfo]:
    """The race in the URL; a race that is not here is said and forgotten."""
    if not state.race_id():
        return []
    try:
        runs = state.open_stores()[0].race(state.race_id())
    except StoreError as error:
        st.error(as_plain(str(error)))
        runs = []
    if not runs:
        messages.show_missing("race", state.race_id())
        state.show_race("")
    return runs


def _show_stage(runs: Sequence[RunInfo]) -> None:
    """The race of the page, or the recording before there is one."""
    shown = runs or sorted(state.open_stores()[1].runs(), key=lambda run: run.arm)
    if not shown:
        st.info("There is no recording in assets/recordings. Press Train to see a race of your own.")
        return
    stage(
        shown,
        mode="live" if runs else "recording",
        key=f"race {state.race_id()}" if runs else "recording",
        present=state.is_presenting(),
        stores=state.open_stores(),
    )


def _buttons(configs: Sequence[RunConfig], run_ids: Sequence[str]) -> None:
    """Train, Pause or Resume, Step, Stop; runs every second while the race does."""
    store = state.open_stores()[0]
    try:
        runs = [store.run(run_id) for run_id in run_ids]
    except StoreError as error:
        st.error(as_plain(str(error)))
        return
    if state.race_id() != (runs[0].race_id if runs else ""):
        st.rerun()  # Train was pressed: the whole page, with the new race
    if runs and all(run.phase.has_ended for run in runs) and not state.was_seen_ended(runs[0].race_id):
        st.rerun()  # the whole page once, which shows the results and takes this timer away
    _draw_buttons(store, configs, runs)
    messages.show_kept(store)


def _draw_buttons(store: RunStore, configs: Sequence[RunConfig], runs: Sequence[RunInfo]) -> None:
    run_ids = [run.id for run in runs]
    going = [run for run in runs if not run.phase.has_ended]
    held = bool(going) and all(run.go_until is not None for run in going)
    train, pause, step, stop, costs = st.columns([1.3, 1.2, 1, 1, 5], vertical_alignment="center")
    train.button(
        "Train", type="primary", icon=":material/play_arrow:", width="stretch", key="train",
        disabled=not configs or bool(store.read_only_because), on_click=_train, args=(configs,),
    )  # fmt: skip
    pause.button(
        "Resume" if held else "Pause", icon=f":material/{'resume' if held else 'pause'}:", width="stretch",
        key="pause", disabled=not going, on_click=_hold, args=(run_ids, None if held else 0),
    )  # fmt: skip
    step.button(
        "Step", icon=":material/step_over:", width="stretch", key="step", disabled=not held,
        on_click=_step, args=(run_ids,), help="One step; an arm that is behind catches up first.",
    )  # fmt: skip
    stop.button(
        "Stop", icon=":material/stop:", width="stretch", key="stop", disabled=not going,
        on_click=_stop, args=(run_ids,), help="Ends the race here and keeps what was measured.",
    )  # fmt: skip
    with costs:
        cost.line(store, configs)


def _train(configs: Sequence[RunConfig]) -> None:
    with messages.refusals():
        runs = state.open_stores()[0].create_race(configs)
        state.show_race(runs[0].race_id)
        state.forget_url_problems()


def _hold(run_ids: Sequence[str], until: int | None) -> None:
    with messages.refusals():
        state.open_stores()[0].hold(run_ids, until)


def _step(run_ids: Sequence[str]) -> None:
    with messages.refusals():
        store = state.open_stores()[0]
        going = [run for run in map(store.run, run_ids) if not run.phase.has_ended]
        if going:
            store.hold([run.id for run in going], _next_step(going))


def _next_step(runs: Sequence[RunInfo]) -> int:
    """The step that all arms stop before: one further, or where the first one is when they are apart."""
    done = [run.steps_done for run in runs]
    return max(done) + (1 if min(done) == max(done) else 0)


def _stop(run_ids: Sequence[str]) -> None:
    with messages.refusals():
        state.open_stores()[0].request_stop(run_ids)


page()
