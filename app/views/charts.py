"""Figures in the colours of the page, and without Plotly's row of tools."""

import plotly.graph_objects as go
import streamlit as st

from app import state
from app.charts.component import steady_chart
from app.figures.theme import PALETTES, Palette

PROJECTOR_SCALE = 1.35


def palette() -> Palette:
    """The colours of the page as it is now, light or dark."""
    return PALETTES.get(st.context.theme.type or "light", PALETTES["light"])


def type_scale() -> float:
    """How much larger type and lines of a figure are than on a laptop."""
    return PROJECTOR_SCALE if state.is_presenting() else 1.0


def chart(figure: go.Figure, *, key: str, alt: str, is_still: bool = False) -> None:
    """Draws a figure; a still one does not answer to the pointer. `alt` is for those who do not see it."""
    steady_chart(figure, key=key, alt=alt, is_still=is_still)
