"""Small switches of a part: one of a few words, kept while the visitor goes from part to part."""

from collections.abc import Mapping

import streamlit as st

from app import state


def switch(label: str, words: Mapping[str, str], *, key: str) -> str:
    """Which of `words` is chosen, the first one at first. Keys of `words` are returned."""
    chosen = state.remembered(key, "")
    state.show_in_widget(key, chosen if chosen in words else next(iter(words)))
    return st.segmented_control(
        label, list(words), format_func=words.get, key=key, required=True, label_visibility="collapsed",
        on_change=lambda: state.remember(key, state.widget_value(key)),
    )  # fmt: skip
