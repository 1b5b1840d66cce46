"""The top of a page: what it asks, and the switch for a projector."""

import streamlit as st

from app import state


def heading(title: str, about_projector: str) -> None:
    """Draws the title and the switch, which a link can press as well."""
    text, presenting = st.columns([6, 1], vertical_alignment="center")
    text.markdown(f"#### {title}")
    with presenting:
        st.toggle("Projector", key="present", help=about_projector)
        if state.is_presenting():
            st.html("<style>html{font-size:20px}</style>")
