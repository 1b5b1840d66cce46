"""Dotted lines of no network: chance, or where nothing changes. They are in the colour of quiet text."""

import numpy as np
import plotly.graph_objects as go

from app.figures.depth import Line
from app.figures.theme import Arm, ArmStyle, Palette


def level(name: str, height: float, last: float) -> Line:
    """A level line from the picture to depth `last`, as a law of `by_depth`."""
    return Line(
        Arm(name, ArmStyle("plain", 0)), np.array([0.0, last]), np.full(2, height), np.array([name] * 2)
    )


def made_neutral(figure: go.Figure, name: str, palette: Palette) -> go.Figure:
    """Takes the colour of a network from the level line `name`."""
    figure.for_each_trace(
        lambda trace: trace.update(line_color=palette.muted, hovertemplate=f"{name}: %{{text:.3~g}}"),
        {"meta": "law", "name": name},
    )
    figure.for_each_annotation(lambda note: note.update(font_color=palette.muted), {"text": name})
    return figure
