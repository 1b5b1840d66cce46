"""One widget for one setting: its label, and what else is read off the setting itself. No bounds are here."""

from typing import Any, Literal, get_args, get_origin

import streamlit as st

from app import state
from resnet_core.config import field_of
from resnet_core.data.info import SETS

LABELS = {
    "dataset": "Pictures",
    "side": "Image side in pixels",
    "augment": "Shift and mirror the pictures",
    "difficulty": "Difficulty of the drawn pictures",
    "steps": "Steps",
    "batch": "Batch",
    "learning_rate": "Learning rate",
    "seed": "Seed",
    "warmup_steps": "Warm-up steps",
    "schedule": "Learning rate schedule",
    "momentum": "Momentum",
    "weight_decay": "Weight decay",
    "eval_every": "Steps between test accuracies",
    "eval_images": "Test pictures in between",
    "checkpoint_every": "Steps between checkpoints",
    "skip": "What goes past each unit",
    "scale": "Factor of the skip",
    "scale_on": "What is scaled",
    "gate": "Gate",
    "gate_bias": "Bias of the gates at the start",
    "shortcut_dropout": "Share that is dropped",
    "growth": "Growth rate",
    "compression": "Compression",
    "order": "Order within a unit",
    "block": "Block",
    "norm": "Norm",
    "activation": "Activation",
    "width": "Width",
    "shortcut": "Shortcut where the shape changes",
    "init": "Initial values",
    "gain": "Factor on the initial weights",
    "survival": "Survival of the last unit",
}
NUMBER_STEPS = {
    "steps": 50, "batch": 16, "learning_rate": 0.05, "momentum": 0.05, "weight_decay": 1e-4, "width": 2,
    "scale": 0.1, "gate_bias": 1.0, "shortcut_dropout": 0.1, "compression": 0.1, "survival": 0.1,
    "gain": 0.1, "difficulty": 0.1,
}  # fmt: skip
FEW = 4  # choices that fit beside each other


def draw_widget(name: str, key: str, **on_change: Any) -> Any:
    """The widget of a setting, which shows what `app.state` has put under its key. Returns what it says."""
    kind = field_of(name).annotation
    words = {"label": LABELS[name], "help": about(name), "key": key, **on_change}
    if name == "dataset":
        return st.selectbox(options=list(SETS), format_func=lambda chosen: SETS[chosen].title, **words)
    if name == "side":
        sides = SETS[state.settings()["dataset"]].sides
        return st.segmented_control(options=sides, required=True, format_func=lambda side: f"{side}", **words)
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        if len(choices) > FEW:
            return st.selectbox(options=choices, **words)
        return st.segmented_control(options=choices, required=True, **words)
    if kind is bool:
        return st.toggle(**words)
    # No bounds on the widget: it would clip in silence, while the settings say what is possible.
    form = "%d" if kind is int else "%g"
    return st.number_input(step=NUMBER_STEPS.get(name, 1), format=form, **words)


def draw_depth(key: str, *, step: int, **more: Any) -> int | None:
    """The widget of a depth, without bounds as all others; `step` leads to the next possible one."""
    return st.number_input("Depth", step=step, key=key, **more)


def about(name: str) -> str:
    """What a setting is, as a sentence."""
    text = field_of(name).description
    return text[0].upper() + text[1:] + "."
