"""The choice of the networks that instruments look at: a list for each, settings, and the seed of both."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import streamlit as st

from app import state
from app.diagram.choice import WELL_KNOWN, Network, network_of
from app.figures.theme import full_name
from app.setting_widgets import draw_widget
from app.views import network_settings
from app.views.looks import PLACES, Look, Runs, race_texts
from resnet_core.config import to_flat
from resnet_core.records import RunInfo
from resnet_core.runs.store import RunStore

NOTHING = ""
LABELS = dict(zip(PLACES, ("Network", "Beside it"), strict=True))
Keep = Callable[[Mapping[str, str]], None]


def choose(looks: Sequence[Look], seed: int, runs: Runs, keep: Keep) -> None:
    """Draws the choices of `looks`; `keep` gets what is chosen instead."""
    columns = st.columns([4, 1.5, 0.1, 4, 1.5, 1.2], vertical_alignment="bottom")
    places = [(columns[0], columns[1]), (columns[3], columns[4])]
    shown = dict.fromkeys(PLACES, NOTHING) | {
        place: look.text for place, look in zip(PLACES, looks, strict=False)
    }
    for place, look, (left, right) in zip(PLACES, (*looks, None), places, strict=False):
        with left:
            _list(place, look, runs, lambda place, text: keep(shown | {place: text}))
        if look and not look.run_id:
            with right:
                network = Network(look.text, look.name, look.plan, look.config)
                network_settings.change(place, network, lambda place, text: keep(shown | {place: text}))
    if any(not look.run_id for look in looks):
        with columns[5]:
            _seed(seed, keep)


def _list(place: str, look: Look | None, runs: Runs, show: Callable[[str, str], None]) -> None:
    offered = ({NOTHING: "nothing"} if place != "first" else {}) | _offered(runs)
    text = look.text if look else NOTHING
    if text not in offered:
        offered = {text: f"Untrained: {look.name}"} | offered
    offered, key = _told_apart(offered), f"look {place}"
    state.show_in_widget(key, text)
    st.selectbox(
        LABELS[place], list(offered), format_func=lambda text: offered.get(text, text), key=key,
        on_change=lambda: show(place, state.widget_value(key)),
    )  # fmt: skip


def _seed(seed: int, keep: Keep) -> None:
    key = "look seed"
    state.show_in_widget(key, seed)
    draw_widget("seed", key, on_change=partial(_keep_seed, key, keep))


def _keep_seed(key: str, keep: Keep) -> None:
    chosen = state.widget_value(key)
    if chosen is not None:  # a number that is being typed
        keep({"seed": str(chosen)})


def _offered(runs: Runs) -> dict[str, str]:
    untrained = {text: f"Untrained: {network_of(text).name}" for text in race_texts()}
    kept = {run_id: _about(store, run) for run_id, (store, run) in runs.items()}
    known = {text: f"Untrained: {name}, width 16, 32 px" for text, name in WELL_KNOWN.items()}
    return untrained | kept | {text: label for text, label in known.items() if text not in untrained}


def _told_apart(offered: Mapping[str, str]) -> dict[str, str]:
    """Streamlit tells choices by what they are called: a name that is there already is given its settings."""
    said: dict[str, str] = {}
    for text, label in offered.items():
        said[text] = f"{label} ({text})" if label in said.values() else label
    return said


def _about(store: RunStore, run: RunInfo) -> str:
    when = (
        "recording" if store.read_only_because else time.strftime("%b %d %H:%M", time.localtime(run.created))
    )
    return f"Run: {full_name(to_flat(run.config))}, {run.steps_done} steps, {when} ({run.id[-4:]})"
