"""Which class activation map is drawn: each part remembers its own."""

import streamlit as st

from app import state
from app.views.saliency_parts.method_names import NAMES
from resnet_core.options import BLOCK_METHODS

USUAL = "grad-cam"


def choose_method(key: str, *, only_usual_because: str = "") -> str:
    """Draws the choice and returns it; with a reason, Grad-CAM alone can be had."""
    is_fixed = bool(only_usual_because)
    state.show_in_widget(key, USUAL if is_fixed else state.remembered(key, USUAL))
    return st.selectbox(
        "Method", BLOCK_METHODS, format_func=NAMES.get, key=key, width=170, disabled=is_fixed,
        help=only_usual_because or None, on_change=lambda: state.remember(key, state.widget_value(key)),
    )  # fmt: skip
