"""The test picture that an instrument looks at: which one, what it shows and what the networks say of it."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from app import state
from app.figures.montage import png
from app.views.instrument_page import Scene
from app.views.looks import Look

SIDE = 84  # px of the picture on the page
NAMED = 3  # classes that are named, the most probable first


def choose_picture(scene: Scene) -> int:
    """The number of a test picture, the same on all parts."""
    return picture_number(scene, st, "Test picture", key="test picture", width=220)


def picture_number(scene: Scene, place: Any, label: str, *, key: str, usual: int = 0, **look: Any) -> int:
    """The number of a test picture that all networks have, remembered under `key`."""
    last = min(look.config.data.info.test_images for look in scene.looks) - 1
    state.show_in_widget(key, min(int(state.remembered(key, usual)), last))
    chosen = place.number_input(
        f"{label} (0 to {last:,})", 0, last, key=key, **look,
        on_change=lambda: state.remember(key, state.widget_value(key)),
    )  # fmt: skip
    return int(chosen)


def show_picture(picture: np.ndarray | None, words: Sequence[str]) -> None:
    """The picture (C, S, S) uint8 beside sentences about it; as high where nothing is known yet."""
    shown = "" if picture is None else image(picture, "the test picture")
    lines = "".join(f"<div>{escape(line)}</div>" for line in words)
    st.html(
        f'<div style="display:flex;gap:16px;align-items:center;min-height:{SIDE + 4}px">{shown}'
        f"<div>{lines}</div></div>"
    )


def image(picture: np.ndarray, alt: str, side: int = SIDE) -> str:
    """HTML of a picture (C, S, S) uint8, drawn `side` pixels wide."""
    rows = picture[0] if len(picture) == 1 else np.moveaxis(picture, 0, -1)
    look = f"width:{side}px;height:{side}px;image-rendering:pixelated;border-radius:4px"
    address, words = png(np.ascontiguousarray(rows)), escape(alt)
    return f'<img src="{address}" alt="{words}" title="{words}" style="{look}">'


def what_it_says(look: Look, logits: np.ndarray, label: int) -> str:
    """One sentence: the classes that the network holds most probable, and whether the first is right.

    A picture without a label has -1 instead: then nothing is right or wrong.
    """
    classes = look.config.data.info.classes
    if not np.isfinite(logits).all():
        return f"{look.name} says nothing: {np.count_nonzero(~np.isfinite(logits))} logits are not finite."
    shares = softmax(logits)
    order = np.argsort(-shares, kind="stable")[:NAMED]
    said = ", ".join(f"{classes[i]} {shares[i]:.0%}" for i in order)
    verdict = "" if label < 0 else " (right)" if order[0] == label else " (wrong)"
    return f"{look.name} says: {said}{verdict}."


def softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis; NaN where a logit is not finite."""
    with np.errstate(invalid="ignore"):
        powers = np.exp(logits.astype(np.float64) - logits.max(-1, keepdims=True))
        return powers / powers.sum(-1, keepdims=True)
