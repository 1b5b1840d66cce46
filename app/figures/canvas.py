"""The paper every figure is drawn on: type, grid and margins, and no title (the page has it)."""

from typing import Any

import plotly.graph_objects as go

from app.figures.theme import Palette

FONT = '"Source Sans", "Source Sans Pro", system-ui, sans-serif'
TEXT_SIZE = 14  # px at scale 1


def canvas(palette: Palette, scale: float = 1.0, **layout: Any) -> go.Figure:
    """An empty figure; `scale` enlarges type for a projector."""
    size = round(TEXT_SIZE * scale)
    figure = go.Figure()
    figure.update_layout(
        template="none",
        font={"family": FONT, "size": size, "color": palette.muted},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={
            "l": round(62 * scale),
            "r": round(16 * scale),
            "t": round(12 * scale),
            "b": round(46 * scale),
        },
        showlegend=False,
        hovermode="closest",
        hoverlabel={"font": {"size": size, "family": FONT}, "bordercolor": palette.grid},
        dragmode="zoom",
        uirevision="keep",
        **layout,
    )
    return figure


def axis(palette: Palette, title: str = "", **more: Any) -> dict[str, Any]:
    """One axis: a quiet grid, no zero line, the title in the ink of the text."""
    return {
        "title": {"text": title, "font": {"color": palette.ink}, "standoff": 8},
        "gridcolor": palette.grid,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "ticklabelstandoff": 6,
        "fixedrange": False,
        **more,
    }


def log_axis(palette: Palette, title: str = "", **more: Any) -> dict[str, Any]:
    """Powers of ten, one label a decade or rarer."""
    return axis(palette, title, type="log", exponentformat="power", dtick=1, **more)
