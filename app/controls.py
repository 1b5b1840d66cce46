"""Widgets to settings: the sidebar of the race page. Bounds live in `resnet_core.config`, not here."""

from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

import streamlit as st

from app import state
from app.figures.theme import arm_names
from resnet_core.config import MAX_DEPTH, MIN_DEPTH, RunConfig, SettingsError, field_of
from resnet_core.data.info import SETS
from resnet_core.race import DEFAULT_ARMS, MAX_ARMS, MIN_ARMS, Arm, race_configs

LABELS = {
    "dataset": "Pictures",
    "side": "Image side in pixels",
    "augment": "Shift and mirror the pictures",
    "steps": "Steps",
    "batch": "Batch",
    "learning_rate": "Learning rate",
    "seed": "Seed",
    "width": "Width",
    "shortcut": "Shortcut where the shape changes",
    "init": "Initial values",
    "warmup_steps": "Warm-up steps",
    "schedule": "Learning rate schedule",
    "momentum": "Momentum",
    "weight_decay": "Weight decay",
    "eval_every": "Steps between test accuracies",
    "eval_images": "Test pictures in between",
    "checkpoint_every": "Steps between checkpoints",
}
ADVANCED = tuple(LABELS)[7:]
DEPTHS = f"Weighted layers: 6n+2, from {MIN_DEPTH} to {MAX_DEPTH}."
NUMBER_STEPS = {
    "steps": 50,
    "batch": 16,
    "learning_rate": 0.05,
    "width": 2,
    "momentum": 0.05,
    "weight_decay": 1e-4,
}


def _arm(skip: str, depth: int, norm: str = "batch") -> Arm:
    return {"skip": skip, "depth": depth, "norm": norm}


PRESETS: dict[str, tuple[str, Sequence[Arm]]] = {
    "Plain vs residual": (
        "Two networks of 56 layers that differ in nothing but the addition.",
        DEFAULT_ARMS,
    ),
    "Deeper is worse?": (
        "20 and 56 layers, plain and residual: the experiment of He et al. 2015, figure 6.",
        (_arm("none", 20), _arm("none", 56), _arm("identity", 20), _arm("identity", 56)),
    ),
    "Skip or batch norm?": (
        "With and without each of the two: which of them keeps the gradient in range?",
        (_arm("none", 20), _arm("identity", 20), _arm("none", 20, "none"), _arm("identity", 20, "none")),
    ),
}


def draw_controls() -> tuple[list[RunConfig], Sequence[str]]:
    """Draws the sidebar. Returns the race's configs, or none and what is wrong, in sentences."""
    with st.sidebar:
        _draw_presets()
        _draw_arms()
        with st.container(border=True):
            st.markdown("**For every arm**")
            for name in ("dataset", "side", "steps", "batch", "learning_rate", "seed"):
                _draw_setting(name)
            with st.expander("More settings"):
                for name in (*ADVANCED, "augment"):
                    _draw_setting(name)
    try:
        return race_configs(state.settings(), state.arms()), ()
    except SettingsError as error:
        return [], error.problems


def _draw_presets() -> None:
    with st.container(border=True):
        st.markdown("**Races to begin with**")
        for name, (what, arms) in PRESETS.items():
            st.button(
                name, help=what, on_click=state.set_arms, args=(arms,), width="stretch", key=f"preset {name}"
            )


def _draw_arms() -> None:
    arms = [dict(arm) for arm in state.arms()]
    names = arm_names([{**state.settings(), **arm} for arm in arms])
    with st.container(border=True):
        st.markdown("**Arms**")
        for i, arm in enumerate(arms):
            arms[i] = _draw_arm(i, arm, names[i], removable=len(arms) > MIN_ARMS)
        state.keep_arms(arms)
        if len(arms) < MAX_ARMS:
            another = {**arms[-1], "depth": arms[-1]["depth"] + 6}
            st.button("Add an arm", icon=":material/add:", on_click=state.set_arms, args=([*arms, another],))


def _draw_arm(i: int, arm: Arm, name: str, removable: bool) -> dict[str, Any]:
    key = f"arm {state.generation()} {i}"
    with st.container(gap="xsmall"):
        title, remove = st.columns([5, 1], vertical_alignment="center")
        title.markdown(f"**{i + 1}** &nbsp;{name}")
        if removable:
            rest = [other for j, other in enumerate(state.arms()) if j != i]
            remove.button(
                "", icon=":material/close:", key=f"{key} remove", help=f"Remove {name}",
                on_click=state.set_arms, args=(rest,), type="tertiary",
            )  # fmt: skip
        depth = st.number_input("Depth", value=arm["depth"], step=6, key=f"{key} depth", help=DEPTHS)
        with st.container(horizontal=True):
            skip = st.toggle("Skip", value=arm["skip"] == "identity", key=f"{key} skip")
            norm = st.toggle("Batch norm", value=arm["norm"] == "batch", key=f"{key} norm")
    return {"depth": depth, "skip": "identity" if skip else "none", "norm": "batch" if norm else "none"}


def _draw_setting(name: str) -> None:
    key = f"set_{name}"
    state.begin_widget(key, state.settings()[name])
    state.keep_setting(name, _widget(name, key))


def _widget(name: str, key: str) -> Any:
    label, about = LABELS[name], _help(name)
    kind = field_of(name).annotation
    if name == "dataset":
        return st.selectbox(
            label, list(SETS), format_func=lambda s: SETS[s].title, key=key, help=about, on_change=_fit_side
        )
    if name == "side":
        sides = SETS[state.settings()["dataset"]].sides
        return st.segmented_control(
            label, sides, key=key, help=about, required=True, format_func=lambda s: f"{s}"
        )
    if get_origin(kind) is Literal:
        return st.segmented_control(label, get_args(kind), key=key, help=about, required=True)
    if kind is bool:
        return st.toggle(label, key=key, help=about)
    # No bounds on the widget: it would clip in silence, while the settings say what is possible.
    form = "%d" if kind is int else "%g"
    return st.number_input(label, step=NUMBER_STEPS.get(name, 1), format=form, key=key, help=about)


def _fit_side() -> None:
    """A new set may not come in the old side."""
    sides = SETS[state.widget_value("set_dataset")].sides
    if state.settings()["side"] not in sides:
        state.change({"side": sides[0]})


def _help(name: str) -> str:
    about = field_of(name).description
    return about[0].upper() + about[1:] + "."
