"""The paper every figure is drawn on: type, grid and margins, and no title (the page has it)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from app.figures.theme import Palette

FONT = '"Source Sans", "Source Sans Pro", system-ui, sans-serif'
TEXT_SIZE = 14  # px at scale 1, as are the margins
MARGINS = {"l": 62, "r": 14, "t": 10, "b": 44}


def axis_number(index: int) -> str:
    """What Plotly puts behind the name of an axis: nothing for the first, 2 for the second."""
    return str(index + 1) if index else ""


class Paper(NamedTuple):
    """Colours, and `scale`, which enlarges type and lines for a projector."""

    palette: Palette
    scale: float = 1.0

    def px(self, length: float) -> int:
        return round(length * self.scale)

    @property
    def ink_font(self) -> dict[str, Any]:
        return {"color": self.palette.ink, "size": self.px(TEXT_SIZE)}

    def figure(
        self, traces: Sequence[Mapping[str, Any]], margins: Mapping[str, float] | None = None, **layout: Any
    ) -> go.Figure:
        """All of it at once, which Plotly checks ten times faster than part after part.

        `margins` are those that are not the usual ones, in pixels at scale 1. The same `uirevision` for ever:
        a redrawn figure keeps the reader's zoom.
        """
        paper = {
            "template": "none",
            "font": {"family": FONT, "size": self.px(TEXT_SIZE), "color": self.palette.muted},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {side: self.px(room) for side, room in (MARGINS | dict(margins or {})).items()},
            "showlegend": False,
            "hovermode": "closest",
            "hoverlabel": {"font": {"size": self.px(TEXT_SIZE), "family": FONT}},
            "dragmode": "zoom",
            "uirevision": "keep",
        }
        return go.Figure(data=list(traces), layout=paper | layout)

    def axis(self, title: str = "", **more: Any) -> dict[str, Any]:
        """One axis: a quiet grid, no zero line, the title in the ink of the text."""
        return {
            "title": {"text": title, "font": self.ink_font, "standoff": self.px(8)},
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

    def note(self, text: str, **place: Any) -> dict[str, Any]:
        """A text within the figure, without an arrow."""
        return {"text": text, "yref": "paper", "showarrow": False, "font": self.ink_font, **place}

    def heading(self, text: str, left: float, gap: float) -> dict[str, Any]:
        """A text above one panel of several, from `left` (a share of the width) on, `gap` pixels above it."""
        place = {"x": left, "xref": "paper", "xanchor": "left", "y": 1, "yanchor": "bottom"}
        return self.note(text, **place, yshift=self.px(gap), align="left")

    def mark(self, symbol: str, size: float, color: str, line: float) -> dict[str, Any]:
        """A marker; the `line` is that of an open one."""
        width = self.px(line if symbol.endswith("open") else 0)
        return {
            "symbol": symbol, "size": self.px(size), "color": color, "line": {"width": width, "color": color},
        }  # fmt: skip
