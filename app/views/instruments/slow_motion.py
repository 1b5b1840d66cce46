"""One training step in slow motion: forward unit by unit, then backward."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from app import state
from app.figures.strips import Strip, strips
from app.figures.words import in_words
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.motion_formulas import (
    backward_formula,
    delta_formula,
    forward_formula,
    forward_numbers,
)
from app.views.instruments.numbers import as_columns, numbers
from app.views.looks import Look
from resnet_core.findings import Motion

KEPT, SLIDER = "slow motion place", "slow motion slider"
MANY_UNITS = 150
FORMULAS = 250  # px
# Label, icon, keys, and where it goes from `place` of `last`.
BUTTONS = {
    "First": (":material/first_page:", "Shift+Left", lambda place, last: 0),
    "Back": (":material/chevron_left:", "Left", lambda place, last: max(place - 1, 0)),
    "Next": (":material/chevron_right:", "Right", lambda place, last: min(place + 1, last)),
    "Last": (":material/last_page:", "Shift+Right", lambda place, last: last),
}


class Spot(NamedTuple):
    """Where in one network the walk is."""

    is_backward: bool
    unit: int


def draw(scene: Scene) -> None:
    found = scene.ask([look.question("slow-motion", scene.step) for look in scene.looks])
    last = 2 * max(len(look.plan.units) for look in scene.looks) - 1
    place = _walk(last)
    pairs = list(zip(scene.looks, found, strict=True))
    spots = [spot_at(place, last, len(look.plan.units)) for look in scene.looks]
    rows = [_strip(*pair, spot) for pair, spot in zip(pairs, spots, strict=True) if pair[1] is not None]
    rows = [row for row in rows if len(row.names) <= MANY_UNITS]
    said = [_said(*pair, spot) for pair, spot in zip(pairs, spots, strict=True)]
    norms = [_norms(found, spot) for (_, found), spot in zip(pairs, spots, strict=True)]
    alt = " ".join(f"{words}{more}" for words, more in zip(said, norms, strict=True))
    chart(strips(rows, palette(), type_scale(), len(pairs)), key="slow motion", alt=alt)
    for column, pair, spot, words in zip(st.columns(len(pairs)), pairs, spots, said, strict=True):
        with column, st.container(border=True):
            _formulas(*pair, spot, words)
    numbers(_table(pairs), key="slow motion")
    scene.ask.ahead([look.question("slow-motion", s) for look in scene.looks for s in scene.all_steps()])


def spot_at(place: int, last: int, units: int) -> Spot:
    """The unit of a network with `units` units; one with fewer than the other waits at some of the places."""
    longest = (last + 1) // 2
    done = place % longest
    unit = round(done / max(longest - 1, 1) * (units - 1))
    return Spot(place >= longest, units - 1 - unit if place >= longest else unit)


def _walk(last: int) -> int:
    """Four buttons and a slider; returns the place, from 0 to `last`."""
    state.begin_widget(KEPT, 0)
    place = min(state.widget_value(KEPT), last)
    state.show_in_widget(SLIDER, place)
    columns = st.columns([1.5, 1.2, 1.2, 1.5, 5], vertical_alignment="center")
    for column, (label, (icon, keys, target)) in zip(columns, BUTTONS.items(), strict=False):
        goal = target(place, last)
        column.button(
            label, icon=icon, shortcut=keys, key=f"slow motion {label}", width="stretch",
            disabled=goal == place, on_click=state.show_in_widget, args=(KEPT, goal),
        )  # fmt: skip
    columns[4].slider(
        "Place: forward, then backward", 0, last, key=SLIDER, label_visibility="collapsed",
        on_change=lambda: state.show_in_widget(KEPT, state.widget_value(SLIDER)),
    )  # fmt: skip
    return place


def _strip(look: Look, motion: Motion, spot: Spot) -> Strip:
    """Forward all up to the reached unit is known, backward all behind it."""
    units = np.arange(len(motion.units))
    known = units >= spot.unit if spot.is_backward else units <= spot.unit
    past, through = (
        (motion.through_shortcut, motion.through_branch)
        if spot.is_backward
        else (motion.shortcuts, motion.branches)
    )
    return Strip(
        look.arm,
        motion.units,
        motion.stages,
        motion.has_skip,
        past,
        through,
        known,
        spot.is_backward,
        spot.unit,
    )


def _said(look: Look, motion: Motion | None, spot: Spot) -> str:
    way = "backward" if spot.is_backward else "forward"
    where = f"{way}, unit {spot.unit + 1} of {len(look.plan.units)}"
    return f"{look.name}, {where}: " + ("…" if motion is None else f"{motion.units[spot.unit]}")


def _norms(motion: Motion | None, spot: Spot) -> str:
    """What both ways bring at the reached unit, and what it hands on."""
    if motion is None:
        return "."
    names = ("through_shortcut", "through_branch", "gradients_in") if spot.is_backward else (
        "shortcuts", "branches", "outputs")  # fmt: skip
    past, through, whole = (float(getattr(motion, name)[spot.unit]) for name in names)
    way = f"shortcut {in_words(past)}, " if motion.has_skip[spot.unit] else ""
    return f": {way}branch {in_words(through)}, handed on {in_words(whole)}."


def _formulas(look: Look, motion: Motion | None, spot: Spot, words: str) -> None:
    st.markdown(f"**{words}**")
    with st.container(height=FORMULAS, border=False):
        if motion is None:
            return
        unit, i = look.plan.units[spot.unit], spot.unit
        if not spot.is_backward:
            st.latex(forward_formula(unit))
            st.latex(forward_numbers(motion, i))
            return
        st.latex(backward_formula(unit, motion, i))
        st.latex(delta_formula(unit, motion, i))
        at = np.flatnonzero(motion.weight_units == i)
        weights = [f"{motion.weight_layers[k]} {in_words(float(motion.weight_gradients[k]))}" for k in at]
        st.caption(f"‖∂L/∂W‖: {', '.join(weights) or 'no weights here'}")


def _table(pairs: Sequence[tuple[Look, Motion | None]]) -> dict[str, list]:
    names = ("network", "unit", "‖x‖", "shortcut", "branch", "‖y‖", "‖∂L/∂y‖", "∂L/∂x by the shortcut",
             "∂L/∂x by the branch", "cosine", "‖∂L/∂x‖")  # fmt: skip
    rows = [
        (look.name, *row)
        for look, m in pairs
        if m is not None
        for row in zip(m.units, m.inputs, m.shortcuts, m.branches, m.outputs, m.gradients_out,
                       m.through_shortcut, m.through_branch, m.cosines, m.gradients_in, strict=True)
    ]  # fmt: skip
    return as_columns(names, rows)
