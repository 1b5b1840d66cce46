"""The time scrubber: Streamlit's own slider waits for 200 ms before it says anything."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from app import state

FOLDER = Path(__file__).parent

_scrubber = st.components.v2.component(
    "resnet_scrubber",
    html="""<div class="row"><button type="button"></button>
<input type="range" min="0" aria-label="Step"><output></output></div>""",
    css=(FOLDER / "scrubber.css").read_text("utf-8"),
    js=(FOLDER / "scrubber.js").read_text("utf-8"),
)


def scrubber(steps: Sequence[int], step: int, *, key: str, on_change: Callable[[int], None]) -> None:
    """Draws the slider at `step`; `on_change` gets the one that the reader goes to."""
    _scrubber(
        data={"steps": list(steps), "step": step},
        key=key,
        on_step_change=lambda: on_change(state.component_value(key, "step")),
    )
