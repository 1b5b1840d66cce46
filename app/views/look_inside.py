"""The way from runs to the instruments: three buttons that open them on these runs."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state

PAGES = {
    "gradients": (
        "Gradients",
        ":material/trending_down:",
        "The instruments for the gradient, at any kept step.",
    ),
    "signal": ("Signal", ":material/graphic_eq:", "The instruments for the signal, at any kept step."),
    "saliency": ("Saliency", ":material/center_focus_strong:", "Where they look, at any kept step."),
}


def buttons(columns: Sequence[DeltaGenerator], run_ids: Sequence[str]) -> None:
    """Opens one of the pages on the first two of the runs; without runs they cannot be pressed."""
    for column, (page, (label, icon, about)) in zip(columns, PAGES.items(), strict=True):
        if column.button(
            label, icon=icon, help=about, disabled=not run_ids, width="stretch", key=f"look inside {page}"
        ):
            state.look_at(page, run_ids[:2])
            st.switch_page(f"views/{page}.py")
