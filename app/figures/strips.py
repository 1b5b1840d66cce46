"""Networks as rows of units: what goes through a unit and what goes past it, as wide as it is large.

U = units of a network. Width is by the logarithm, on one scale for all rows.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper, axis_number
from app.figures.theme import Arm, Palette
from app.figures.words import in_words

ROW, TOP = 118, 34  # px at scale 1: height of a row, and room above the first for the key of widths
THIN, WIDE = 1.5, 11.0  # px of the lines
BOX = (0.3, 0.2)  # half of width and height of a unit's box
LANE = 0.62  # height at which a shortcut passes
KEY = (0.02, 0.06)  # length of a line of the key and room of its number, as shares of the width
ROOM = 300.0  # px that the widest lines of all units take together
MANY = 60  # units from which there is no room for their boxes' outlines


class Strip(NamedTuple):
    """One network. What is not `known` (U,) is drawn faintly; `reached` is the unit that stands out."""

    arm: Arm
    names: np.ndarray  # (U,)
    stages: np.ndarray  # (U,)
    has_skip: np.ndarray  # (U,) bool
    past: np.ndarray  # (U,) what takes the shortcut
    through: np.ndarray  # (U,) what takes the branch
    known: np.ndarray  # (U,) bool
    is_backward: bool = True
    reached: int | None = None


def strips(rows: Sequence[Strip], palette: Palette, scale: float = 1.0, most_rows: int = 2) -> go.Figure:
    """As high as `most_rows` rows, so that nothing moves when a row is not known yet."""
    paper = Paper(palette, scale)
    widths = Widths.of([values for row in rows for values in (row.past[row.has_skip], row.through)])
    most_units = max((len(row.names) for row in rows), default=1)
    widths = widths._replace(wide=min(WIDE, ROOM / most_units))
    shapes, notes, layout = [], [], {}
    count = max(most_rows, len(rows), 1)
    for index, row in enumerate(rows):
        number, top = axis_number(index), 1 - index / count
        hidden = {"visible": False, "fixedrange": True}
        along = {"range": [-0.8, len(row.names) - 0.2], "anchor": f"y{number}"}
        up = {"range": [-0.75, 1.15], "domain": [top - 1 / count, top], "anchor": f"x{number}"}
        layout |= {f"xaxis{number}": hidden | along, f"yaxis{number}": hidden | up}
        shapes += _row_shapes(row, widths, number, paper)
        notes += _row_notes(row, number, paper)
    shapes, notes = [*shapes, *_key_lines(widths, paper)], [*notes, *_key_numbers(widths, paper)]
    heads = [_heads(row, axis_number(i), paper) for i, row in enumerate(rows)]
    margins = {"t": TOP, "l": 8, "r": 8, "b": 4}
    height = paper.px(ROW * count + TOP)
    return paper.figure(
        heads, margins, height=height, shapes=shapes, annotations=notes, dragmode=False, **layout
    )


class Widths(NamedTuple):
    """Line widths by the logarithm of what is drawn, between `low` and `high` decades."""

    low: float
    high: float
    is_known: bool = True
    wide: float = WIDE

    @classmethod
    def of(cls, sets: Sequence[np.ndarray]) -> "Widths":
        values = np.concatenate([np.empty(0), *sets])
        values = values[np.isfinite(values) & (values > 0)]
        if not len(values):
            return cls(-1.0, 0.0, False)
        low, high = np.log10([values.min(), values.max()])
        return cls(float(low), float(max(high, low + 1)))

    def __call__(self, value: float) -> float:
        """Pixels at scale 1; the thinnest for 0, the widest for infinity."""
        if np.isnan(value) or value <= 0:
            return THIN
        share = (np.log10(value) - self.low) / (self.high - self.low)
        return float(THIN + (self.wide - THIN) * min(max(share, 0.0), 1.0))


def _row_shapes(row: Strip, widths: Widths, number: str, paper: Paper) -> list[dict[str, Any]]:
    place, drawn = {"type": "path", "xref": f"x{number}", "yref": f"y{number}"}, []
    for i in range(len(row.names)):
        left, right = i - BOX[0], i + BOX[0]
        box = f"M {left},{-BOX[1]} H {right} V {BOX[1]} H {left} Z"
        through = f"M {i - 0.5},0 L {i + 0.5},0"
        past = f"M {i - 0.5},0 C {i - 0.38},{LANE * 1.35} {i + 0.38},{LANE * 1.35} {i + 0.5},0"
        drawn.append((box, {"layer": "below"} | _box_look(row, i, paper)))
        ways = [(through, row.through[i])] + ([(past, row.past[i])] if row.has_skip[i] else [])
        drawn += [(path, _stroke(row, i, float(value), widths=widths, paper=paper)) for path, value in ways]
    return [place | {"path": path} | look for path, look in _joined(drawn)]


def _joined(drawn: Sequence[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Paths of one look as one path: Plotly takes a millisecond and more for each shape."""
    looks, paths = {}, {}
    for path, look in drawn:
        key = repr(look)
        looks[key] = look
        paths.setdefault(key, []).append(path)
    return [(" ".join(paths[key]), look) for key, look in looks.items()]


def _box_look(row: Strip, i: int, paper: Paper) -> dict[str, Any]:
    ink, is_reached = paper.palette.ink, i == row.reached
    outline = paper.px(3) if is_reached else (1 if len(row.names) < MANY else 0)
    fill = row.arm.style.color(paper.palette) if row.known[i] else paper.palette.grid
    line = {"color": ink if is_reached else paper.palette.muted, "width": outline}
    return {"fillcolor": fill, "line": line, "opacity": 1.0 if is_reached else 0.3}


def _stroke(row: Strip, i: int, value: float, *, widths: Widths, paper: Paper) -> dict[str, Any]:
    if not row.known[i]:
        return {"line": {"color": paper.palette.muted, "width": 1}, "opacity": 0.35}
    color, dash = row.arm.style.color(paper.palette), "solid"
    if not np.isfinite(value):
        color = paper.palette.infinite if np.isinf(value) else paper.palette.undefined
    elif value == 0:
        dash = "dot"
    return {
        "line": {"color": color, "width": _in_halves(widths(value) * paper.scale), "dash": dash},
        "opacity": 0.9,
    }


def _in_halves(width: float) -> float:
    return round(2 * width) / 2


def _heads(row: Strip, number: str, paper: Paper) -> dict[str, Any]:
    """Where each way leaves its unit: an arrow head that says the number."""
    skips, all_units = np.flatnonzero(row.has_skip), np.arange(len(row.names))
    side = -0.5 if row.is_backward else 0.5
    x = np.concatenate([all_units + side, skips.astype(float)])
    y = np.concatenate([np.zeros(len(all_units)), np.full(len(skips), LANE)])
    shown = np.concatenate([row.known, row.known[skips]])
    said = [f"{n}, branch: {v:.3g}" for n, v in zip(row.names, row.through, strict=True)]
    said += [f"{row.names[i]}, shortcut: {row.past[i]:.3g}" for i in skips]
    symbol = "triangle-left" if row.is_backward else "triangle-right"
    marker = {"symbol": symbol, "size": paper.px(9), "color": row.arm.style.color(paper.palette)}
    return {
        "type": "scatter", "mode": "markers", "name": row.arm.name, "x": x[shown], "y": y[shown],
        "marker": marker, "text": np.array(said, object)[shown], "hovertemplate": "%{text}",
        "xaxis": f"x{number}", "yaxis": f"y{number}", "cliponaxis": False,
    }  # fmt: skip


def _row_notes(row: Strip, number: str, paper: Paper) -> list[dict[str, Any]]:
    place = {"xref": f"x{number}", "yref": f"y{number}", "showarrow": False}
    color = row.arm.style.color(paper.palette)
    notes = [
        place | {"text": f"<b>{row.arm.name}</b>", "x": -0.8, "xanchor": "left", "y": 1.15, "yanchor": "top",
                 "font": paper.ink_font | {"color": color}}
    ]  # fmt: skip
    small = {"color": paper.palette.muted, "size": paper.px(12)}
    first = {stage: int(np.flatnonzero(row.stages == stage)[0]) for stage in dict.fromkeys(row.stages)}
    for stage, i in first.items():
        notes.append(place | {"text": stage, "x": i - 0.35, "xanchor": "left", "y": -0.28, "yanchor": "top",
                              "font": small})  # fmt: skip
    return notes


def _key_values(widths: Widths) -> list[float]:
    return [10.0**d for d in np.linspace(widths.low, widths.high, 3)] if widths.is_known else []


def _key_spot(i: int) -> float:
    return 1 - (3 - i) * sum(KEY)


def _key_lines(widths: Widths, paper: Paper) -> list[dict[str, Any]]:
    place = {"type": "line", "xref": "paper", "yref": "paper", "yanchor": 1, "ysizemode": "pixel"}
    height = {"y0": paper.px(TOP / 2), "y1": paper.px(TOP / 2)}
    return [
        place | height | {"x0": _key_spot(i), "x1": _key_spot(i) + KEY[0],
                          "line": {"color": paper.palette.ink, "width": widths(value) * paper.scale}}
        for i, value in enumerate(_key_values(widths))
    ]  # fmt: skip


def _key_numbers(widths: Widths, paper: Paper) -> list[dict[str, Any]]:
    return [
        {"text": in_words(value), "xref": "paper", "x": _key_spot(i) + KEY[0], "xanchor": "left",
         "yref": "paper", "y": 1, "yanchor": "middle", "yshift": paper.px(TOP / 2), "xshift": paper.px(4),
         "showarrow": False, "font": {"color": paper.palette.muted, "size": paper.px(13)}}
        for i, value in enumerate(_key_values(widths))
    ]  # fmt: skip
