"""The paper every figure is drawn on: type, grid and margins, and no title (the page has it)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from app.figures.theme import Palette

FONT = '"Source Sans", "Source Sans Pro", system-ui, sans-serif'
TEXT_SIZE = 14  # px at scale 1


class Paper(NamedTuple):
    """Colours, and `scale`, which enlarges type and lines for a projector."""

    palette: Palette
    scale: float = 1.0

    def px(self, length: float) -> int:
        return round(length * self.scale)

    def figure(self, traces: Sequence[Mapping[str, Any]], **layout: Any) -> go.Figure:
        """All of it at once, which Plotly checks ten times faster than part after part.

        The same `uirevision` for ever: a redrawn figure keeps the reader's zoom.
        """
        paper = {
            "template": "none",
            "font": {"family": FONT, "size": self.px(TEXT_SIZE), "color": self.palette.muted},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": self.px(62), "r": self.px(14), "t": self.px(10), "b": self.px(44)},
            "showlegend": False,
            "hovermode": "closest",
            "hoverlabel": {"font": {"size": self.px(TEXT_SIZE), "family": FONT}},
            "dragmode": "zoom",
            "uirevision": "keep",
        }
        return go.Figure(data=list(traces), layout=paper | layout)

    def axis(self, title: str = "", **more: Any) -> dict[str, Any]:
        """One axis: a quiet grid, no zero line, the title in the ink of the text."""
        font = {"color": self.palette.ink, "size": self.px(TEXT_SIZE)}
        return {
            "title": {"text": title, "font": font, "standoff": self.px(8)},
            "gridcolor": self.palette.grid,
            "zeroline": False,
            "showline": False,
            "ticks": "",
            "ticklabelstandoff": self.px(4),
            **more,
        }

    def log_axis(self, title: str = "", **more: Any) -> dict[str, Any]:
        """Powers of ten, as many labels as there is room for."""
        return self.axis(title, type="log", exponentformat="power", dtick=1, **more)
