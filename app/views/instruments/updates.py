"""How far the updates of a run moved its weights, or how far the pictures of a batch agree."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import state
from app.figures.history import History, history_of
from app.figures.updates import QUANTITY, updates
from app.figures.words import in_words
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments import gradient_noise
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.switches import switch
from app.views.looks import Look

VIEWS = {"updates": "Updates", "noise": "Gradient noise"}
NOT_READ = "this run has stored no update ratios (the probe is off, or it has not begun)."
NONE_YET = "no run: an untrained network has no updates. Choose a run above to see them."


def draw(scene: Scene) -> None:
    left, right = st.columns([1, 3], vertical_alignment="center")
    with left:
        view = switch("View", VIEWS, key="updates view")
    (_updates if view == "updates" else gradient_noise.draw)(scene, right)


def _updates(scene: Scene, place) -> None:
    histories = [(look, _history(look)) for look in scene.looks]
    said = "  \n".join(_moved(look, history, scene.step) for look, history in histories)
    place.markdown(said)
    runs = [(look.arm, history) for look, history in histories if history is not None]
    scene.ask.about = "Read from what each run stored while it was trained: nothing is computed again."
    if runs:
        figure = updates(runs, scene.step, palette(), type_scale())
        chart(figure, key="updates", alt=said.replace("**", ""))
        numbers(_update_table(histories), key="updates")


def _history(look: Look) -> History | None:
    """What the run has stored; None for an untrained network and where the probe was off."""
    if not look.run_id:
        return None
    store = next(s for s in state.open_stores() if s.folder(look.run_id).is_dir())
    every = max(look.config.probes.update_ratio, 1)
    history = history_of(store.steps(look.run_id, stride=every), store.layout(look.run_id))
    return history if QUANTITY in history.readings else None


def _moved(look: Look, history: History | None, step: int) -> str:
    if history is None:
        return f"**{look.name}**: {NOT_READ if look.run_id else NONE_YET}"
    at, values = _reading(history, step)
    middle, low, high = (in_words(float(f(values))) for f in (np.median, np.min, np.max))
    return f"**{look.name}**: in step {at} weights moved by {middle} of their norm (median; {low} to {high})."


def _reading(history: History, step: int) -> tuple[int, np.ndarray]:
    """The newest reading up to `step`, or the first."""
    found = history.readings[QUANTITY]
    at = max(int(np.searchsorted(found.steps, step, side="right")) - 1, 0)
    return int(found.steps[at]), found.values[at].astype(np.float64)


def _update_table(histories: Sequence[tuple[Look, History | None]]) -> dict[str, list]:
    rows = [
        (look.name, int(step), layer.name, layer.depth, float(value))
        for look, history in histories
        if history is not None
        for step, values in zip(
            history.readings[QUANTITY].steps, history.readings[QUANTITY].values, strict=True
        )
        for layer, value in zip(history.layers, values, strict=True)
    ]
    return as_columns(("run", "step", "layer", "depth", "‖update‖ / ‖weight‖"), rows)
