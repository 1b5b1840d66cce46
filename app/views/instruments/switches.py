"""Small switches of a part: one of a few words, kept while the visitor goes from part to part."""

from collections.abc import Mapping

import streamlit as st

from app import state


def switch(label: str, words: Mapping[str, str], *, key: str, usual: str = "") -> str:
    """Which of `words` is chosen, `usual` or the first one at first. Keys of `words` are returned."""
    chosen = state.remembered(key, "")
    chosen = chosen if chosen in words else usual or next(iter(words))
    said = st.segmented_control(
        label, list(words), format_func=words.get, key=key, required=True, label_visibility="collapsed",
        default=None if state.correct_widget(key, chosen) else chosen,
        on_change=lambda: state.remember(key, state.widget_value(key) or chosen),
    )  # fmt: skip
    return said or chosen
