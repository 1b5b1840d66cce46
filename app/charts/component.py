"""A figure in a component that stays where it is: `st.plotly_chart` is torn down at every change of data.

Without the server's own routes (`streamlit run app/main.py`) it is `st.plotly_chart` all the same.
"""

import hashlib
import json
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from app.live import library
from app.live.delta import routes_are_served

HEIGHT = 420  # px of a figure that names none

_chart = st.components.v2.component(
    "resnet_chart",
    html='<div class="rl-chart"></div>',
    css=(Path(__file__).parent / "chart.css").read_text("utf-8"),
    js=(Path(__file__).parent / "loader.js").read_text("utf-8"),
    isolate_styles=False,
)


def steady_chart(figure: go.Figure, *, key: str, alt: str, is_still: bool = False) -> None:
    """Draws a figure in the place that `key` names; only what has changed is drawn again."""
    height = int(figure.layout.height or HEIGHT)
    if not routes_are_served():
        config = {"staticPlot": True} if is_still else {"displayModeBar": False}
        st.plotly_chart(figure, theme=None, key=key, config=config, alt=alt, height=height)
        return
    text = figure.to_json()
    data = {
        "figure": json.loads(text),
        "height": height,
        "version": hashlib.blake2b(f"{alt}{is_still}{text}".encode(), digest_size=8).hexdigest(),
        "alt": alt,
        "theme": st.context.theme.type or "light",
        "isStill": is_still,
        "script": _address("chart", library.chart_script()),
        "plotly": _address("plotly", library.plotly_script()),
    }
    _chart(data=data, key=key, height=height, on_theme_change=lambda: None)


def _address(name: str, script: str) -> str:
    return f"lib/{name}.js?v={library.version(script)}"
