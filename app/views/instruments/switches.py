"""Small switches of a part: one of a few words, kept while the visitor goes from part to part."""

from collections.abc import Mapping

import streamlit as st

from app import state


def switch(label: str, words: Mapping[str, str], *, key: str) -> str:
    """Which of `words` is chosen, the first one at first. Keys of `words` are returned."""
    kept = f"kept {key}"
    state.begin_widget(kept, next(iter(words)))
    if state.widget_value(kept) not in words:
        state.show_in_widget(kept, next(iter(words)))
    state.show_in_widget(key, state.widget_value(kept))

    def keep() -> None:
        state.show_in_widget(kept, state.widget_value(key))

    return st.segmented_control(
        label, list(words), format_func=words.get, key=key, required=True, label_visibility="collapsed",
        on_change=keep,
    )  # fmt: skip
