"""Which picture is explained, and which class: the same on all parts of the page."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.views.instrument_page import Scene
from app.views.instruments.pictures import picture_number, show_picture, what_it_says
from resnet_core.findings import Finding


class Explained(NamedTuple):
    """`picture` as questions have it, such as test:7; `target` None is what each network says.

    `beside` is the room at the right of the choice, where `show` draws.
    """

    picture: str
    target: int | None
    beside: DeltaGenerator

    @property
    def options(self) -> dict[str, Any]:
        """As `Look.question` takes them: `look.question("block-maps", scene.step, **explained.options)`."""
        return {"picture": self.picture, "target": self.target}


def choose(scene: Scene) -> Explained:
    """Draws the choice; call it once, at the top of a part."""
    left, right = st.columns([6, 5], gap="medium", vertical_alignment="center")
    number = picture_number(scene, left, "Test picture", key="explained picture")
    classes = scene.looks[0].config.data.info.classes
    target = left.selectbox(
        "Class whose logit is explained", range(len(classes)), index=None, format_func=classes.__getitem__,
        placeholder="what each network says", key="explained class", width=260,
    )  # fmt: skip
    return Explained(f"test:{number}", target, right)


def show(scene: Scene, explained: Explained, found: Sequence[Finding | None]) -> None:
    """The picture and what each network says of it, beside the choice, as high with nothing known.

    `found` has a finding a network with `picture`, and `logits` and `label` where it has them.
    """
    known = [(look, each) for look, each in zip(scene.looks, found, strict=True) if each is not None]
    words = [what_it_says(look, each.logits, int(each.label)) for look, each in known]
    with explained.beside:
        show_picture(known[0][1].picture if known else None, words)
