"""The runs that a table of variants still lacks: started by one button, watched, stopped by another."""

from collections.abc import Sequence

import streamlit as st

from app import state
from app.views import messages
from app.views.cost import duration, seconds_here, slots
from app.views.text import as_plain
from resnet_core.records import Phase
from resnet_core.runs.store import MAX_ARMS, Refused, RunStore, StoreError
from resnet_core.trials import Setup, Trial, seconds_left, trials_in

SECONDS_PER_LOOK = 1.0


def orders(setup: Setup, trials: Sequence[Trial]) -> None:
    """Draws the buttons; looks again every second while runs are on their way."""
    is_going = any(trial.going for trial in trials)
    ended = {trial.measured.id for trial in trials if trial.measured}
    st.fragment(_orders, run_every=SECONDS_PER_LOOK if is_going else None)(setup, ended, is_going)


def _orders(setup: Setup, ended: set[str], was_going: bool) -> None:
    store = state.open_stores()[0]
    try:
        trials = trials_in(store, setup)
    except StoreError as error:
        st.error(as_plain(str(error)))
        return
    now_ended = {trial.measured.id for trial in trials if trial.measured}
    if now_ended != ended or any(trial.going for trial in trials) != was_going:
        st.rerun()  # the whole page, with the new numbers
    missing = [trial for trial in trials if trial.is_missing]
    going = [trial.going.id for trial in trials if trial.going]
    measure, stop, progress = st.columns([2.6, 1, 5], vertical_alignment="center")
    measure.button(
        _label(store, missing), type="primary", icon=":material/play_arrow:", width="stretch", key="measure",
        disabled=not missing or bool(store.read_only_because), on_click=_measure, args=(setup,),
        help="Each variant is a run like any other. They wait in the queue of this machine and go on "
        "without this page.",
    )  # fmt: skip
    stop.button(
        "Stop", icon=":material/stop:", width="stretch", key="stop trials", disabled=not going,
        on_click=_stop, args=(going,), help="Ends the runs of this table that wait or train.",
    )  # fmt: skip
    with progress:
        _progress(store, trials)


def _label(store: RunStore, missing: Sequence[Trial]) -> str:
    if not missing:
        return "Nothing is missing"
    seconds = seconds_here(store, [trial.config for trial in missing])
    time = "" if seconds is None else f" (about {duration(seconds)})"
    return f"Measure the missing {len(missing)}{time}"


def _progress(store: RunStore, trials: Sequence[Trial]) -> None:
    done = sum(trial.measured is not None for trial in trials)
    going = [trial.going for trial in trials if trial.going]
    if not going:
        st.caption(f"{done} of {len(trials)} are measured on this machine.")
        return
    waiting = sum(run.phase is Phase.QUEUED for run in going)
    said = f"{done} of {len(trials)} measured, {len(going) - waiting} training, {waiting} waiting"
    seconds = seconds_left(trials, store.machine(), slots(store))
    said += "" if seconds is None else f"; about {duration(seconds)} left"
    share = sum(run.steps_done / run.config.training.steps for run in going)
    st.progress(min((done + share) / len(trials), 1.0), text=said)


def _measure(setup: Setup) -> None:
    """Queues what is missing, as many runs together as the machine trains at once."""
    store = state.open_stores()[0]
    missing = [trial for trial in trials_in(store, setup) if trial.is_missing]
    together = min(MAX_ARMS, slots(store))
    for start in range(0, len(missing), together):
        try:
            store.create_race([trial.config for trial in missing[start : start + together]])
        except (Refused, StoreError) as error:
            state.say("error", f"{start} of {len(missing)} runs were queued. The rest was not: {error}")
            return


def _stop(run_ids: Sequence[str]) -> None:
    with messages.refusals():
        state.open_stores()[0].request_stop(run_ids)
