"""How often each method points at the thing, and how far it overlaps it: a row a method, both networks in it.

Controls have rows of their own at the bottom, and a dotted line through them up to the top. G = methods.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.depth import ALONG
from app.figures.panels import GLYPHS, Axes, Curve, Panel, panels
from app.figures.theme import Arm, Palette

ROW, TOP, BOTTOM = 23, 52, 46  # px at scale 1
NAMES = 170  # px of the names of methods
PANELS = ((0.0, 0.58), (0.64, 1.0))
TITLES = ("rate of hits, with 95 % intervals", "overlap with the mask, ± standard error")
APART = 0.2  # of a row, between its two networks


class Rates(NamedTuple):
    """One network's `methods` by their names on the page, and numbers (G,) of each; NaN for none."""

    arm: Arm
    methods: Sequence[str]
    rates: np.ndarray
    lows: np.ndarray
    highs: np.ndarray
    overlaps: np.ndarray
    overlap_errors: np.ndarray


class Game(NamedTuple):
    """All networks of the page, and the rows: methods, and below them controls, known or not."""

    arms: Sequence[Arm]
    methods: Sequence[str]
    controls: Sequence[str]


class Depths(NamedTuple):
    """All networks of the page, the deepest layer of any, the rate of a random pixel; NaN if unknown."""

    arms: Sequence[Arm]
    deepest: float
    chance: float = np.nan


class UnitRates(NamedTuple):
    """Grad-CAM's rate at every unit of one network, with its interval, over the depth: (U,).

    `outline_rates` count what points into the outline as well; they are said, not drawn.
    """

    arm: Arm
    units: Sequence[str]
    depths: np.ndarray
    rates: np.ndarray
    lows: np.ndarray
    highs: np.ndarray
    outline_rates: np.ndarray


def pointing(found: Sequence[Rates], game: Game, palette: Palette, scale: float = 1.0) -> go.Figure:
    """`found` are those networks of which something is known already."""
    arms, methods, controls = game
    paper, rows = Paper(palette, scale), [*methods, *controls]
    traces = [
        {"type": "scatter", "x": [None], "y": [None], "xaxis": f"x{n}", "yaxis": f"y{n}"} for n in ("", "2")
    ]
    for one in found:
        order = [arm.name for arm in arms].index(one.arm.name)
        traces += _marks(one, rows, (order - (len(arms) - 1) / 2) * 2 * APART, paper)
    return paper.figure(
        traces, {"l": NAMES, "t": TOP, "b": BOTTOM}, height=paper.px(TOP + BOTTOM + ROW * len(rows)),
        annotations=_names(arms, paper),
        shapes=[*_control_lines(found[:1], controls, palette), _rule(len(methods), paper)],
        **_axes(rows, paper),
    )  # fmt: skip


def by_unit(found: Sequence[UnitRates], depths: Depths, palette: Palette, scale: float = 1.0) -> go.Figure:
    """Grad-CAM's rate against depth, with its band; dotted, the rate of a random pixel where it is known."""
    arms, deepest, chance = depths
    panel = Panel("Grad-CAM's rate of hits at every unit", list(map(_by_depth, found)),
                  [(arm, arm.name) for arm in arms])  # fmt: skip
    figure = panels([panel], Axes(ALONG, (0, deepest + 1), (0.0, 1.02), "rate of hits"), palette, scale)
    if np.isfinite(chance):
        line = {"color": palette.muted, "width": 1.4 * scale, "dash": "dot"}
        figure.add_shape({"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": chance, "y1": chance,
                          "line": line, "name": "random pixel"})  # fmt: skip
        figure.add_annotation(
            Paper(palette, scale).note("random pixel", xref="paper", x=1, xanchor="right", yref="y", y=chance)
            | {"yanchor": "bottom", "font": {"color": palette.muted, "size": 13 * scale}}
        )
    return figure


def _by_depth(one: UnitRates) -> Curve:
    said = [
        f"{one.arm.name}, {unit}: {rate:.2f}, in the outline {outline:.2f}"
        for unit, rate, outline in zip(one.units, one.rates, one.outline_rates, strict=True)
    ]
    return Curve(one.arm, one.depths, one.rates, said, one.lows, one.highs)


def _marks(one: Rates, rows: Sequence[str], shift: float, paper: Paper) -> list[dict[str, Any]]:
    at = np.array([rows.index(name) + shift for name in one.methods])
    color, style = one.arm.style.color(paper.palette), one.arm.style
    sides = (
        (one.rates, one.highs - one.rates, one.rates - one.lows),
        (one.overlaps, one.overlap_errors, one.overlap_errors),
    )
    marks = []
    for index, (values, above, below) in enumerate(sides):
        number = axis_number(index)
        said = [
            f"{one.arm.name}, {name}: {v:.3f} (+{a:.3f} −{b:.3f})"
            for name, v, a, b in zip(one.methods, values, above, below, strict=True)
        ]
        error = {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": color,
                 "thickness": 1.6 * paper.scale, "width": 3 * paper.scale}  # fmt: skip
        marks.append({
            "type": "scatter", "mode": "markers", "name": one.arm.name, "meta": "marks", "x": values, "y": at,
            "error_x": error, "marker": {"symbol": style.symbol, "color": color, "size": 8 * paper.scale},
            "text": said, "hovertemplate": "%{text}<extra></extra>",
            "xaxis": f"x{number}", "yaxis": f"y{number}",
        })  # fmt: skip
    return marks


def _axes(rows: Sequence[str], paper: Paper) -> dict[str, dict[str, Any]]:
    layout: dict[str, dict[str, Any]] = {}
    for index, domain in enumerate(PANELS):
        number = axis_number(index)
        x = paper.axis("", range=[-0.02, 1.02], domain=list(domain), anchor=f"y{number}", nticks=6)
        y = paper.axis("", range=[len(rows) - 0.5, -0.5], anchor=f"x{number}", tickmode="array",
                       tickvals=list(range(len(rows))), ticktext=list(rows), showticklabels=not index,
                       tickfont=paper.ink_font)  # fmt: skip
        layout |= {f"xaxis{number}": x, f"yaxis{number}": y}
    return layout


def _names(arms: Sequence[Arm], paper: Paper) -> list[dict[str, Any]]:
    """The panels' titles, and which mark is whose, in one line above the rates."""
    titles = [paper.heading(f"<b>{t}</b>", p[0], 24) for t, p in zip(TITLES, PANELS, strict=True)]
    parts = [
        f'<span style="color:{arm.style.color(paper.palette)}">{GLYPHS[arm.style.symbol]} {arm.name}</span>'
        for arm in arms
    ]
    return [*titles, paper.heading("   ".join(parts), PANELS[0][0], 3)]


def _control_lines(found: Sequence[Rates], controls: Sequence[str], palette: Palette) -> list[dict[str, Any]]:
    """A line at each control of the first network; the same pictures, so the other's is there as well."""
    lines = []
    for one in found:
        for name in (name for name in controls if name in one.methods):
            row = list(one.methods).index(name)
            for number, value in (("", one.rates[row]), ("2", one.overlaps[row])):
                if np.isfinite(value):
                    lines.append({
                        "type": "line", "xref": f"x{number}", "yref": f"y{number} domain", "x0": float(value),
                        "x1": float(value), "y0": 0, "y1": 1, "layer": "below", "name": name,
                        "line": {"color": palette.muted, "width": 1.4, "dash": "dot"},
                    })  # fmt: skip
    return lines


def _rule(methods: int, paper: Paper) -> dict[str, Any]:
    """Between methods and controls."""
    return {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": methods - 0.5,
            "y1": methods - 0.5, "line": {"color": paper.palette.muted, "width": 1}}  # fmt: skip
