"""A grid of thumbnails, each a button: `st.image` has no buttons, and sixty of Streamlit's are slow."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from app import state

FOLDER = Path(__file__).parent

_thumbnails = st.components.v2.component(
    "resnet_thumbnails",
    html='<div class="grid" role="group"></div>',
    css=(FOLDER / "thumbnails.css").read_text("utf-8"),
    js=(FOLDER / "thumbnails.js").read_text("utf-8"),
)


class Thumbnail(NamedTuple):
    """One picture: `source` is an address, `said` in `lines` below it as (words, CSS colour)."""

    number: int
    source: str
    title: str
    lines: Sequence[tuple[str, str]]
    alt: str


def thumbnails(
    shown: Sequence[Thumbnail], chosen: int, *, key: str, label: str, on_choose: Callable[[int], None]
) -> None:
    """Draws the grid, as high with nothing in it; `on_choose` gets the number of the one that is pressed.

    Arrow keys go from one to the next. `label` names the grid, `chosen` is the number that is marked.
    """
    _thumbnails(
        data={"shown": [each._asdict() for each in shown], "chosen": chosen, "label": label},
        key=key,
        on_chosen_change=lambda: on_choose(int(state.component_value(key, "chosen"))),
    )
