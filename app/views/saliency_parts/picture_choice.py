"""Which picture is explained, and which class: the same on all parts of the page."""

from typing import NamedTuple

import streamlit as st

from app.views.instrument_page import Scene
from app.views.instruments.pictures import picture_number


class Explained(NamedTuple):
    """`picture` as questions have it, such as test:7; `target` None is what each network says."""

    picture: str
    target: int | None


def choose(scene: Scene) -> Explained:
    """Draws the choice."""
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    number = picture_number(scene, left, "Test picture", key="explained picture")
    classes = scene.looks[0].config.data.info.classes
    target = right.selectbox(
        "Class whose logit is explained", range(len(classes)), index=None, format_func=classes.__getitem__,
        placeholder="what each network says", key="explained class", width=260,
    )  # fmt: skip
    return Explained(f"test:{number}", target)
