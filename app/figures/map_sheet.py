"""Saliency maps in rows of tiles, a strip a network, and the one scale of their colours below.

Every tile is one small picture in the page, which enlarges it without smoothing. How high the sheet is
depends on the number of tiles and on their titles alone.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from textwrap import wrap
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper
from app.figures.map_colors import rgb
from app.figures.montage import png
from app.figures.overlay import bar
from app.figures.theme import Arm, Palette
from app.figures.words import in_words

NAME, TITLE, LINE = 32, 21, 18  # px of the lines of text: a network's name, above and below a tile
TILE = (72, 190)  # px, the smallest and the largest
FULL = 0.96  # share of a column that its tile takes
WIDTH = 1280  # px of a sheet for which tiles are made, on a laptop; a projector has as much more as its scale
ROOM = 620  # px that all rows may take together, as long as tiles are not the smallest
ACROSS = (5, 14)  # columns, the fewest and the most
WIDE = 6  # columns, of which each is wide enough for a note in one line
LETTER = 7.0  # px, of the small type
SCALE = 58  # px below all strips
BAR = 0.24  # of the width
UNKNOWN = 128  # pixels of a tile that has none
EDGE, MARK = 2 / 128, 6 / 128  # of a tile's side: the frame of each, and of those that are marked


class Tile(NamedTuple):
    """One map: `colors` (n, n, 3) uint8, or (0, 0, 3) while it is not known: an empty frame."""

    title: str
    colors: np.ndarray
    note: str = ""
    is_marked: bool = False


class Strip(NamedTuple):
    """One network's tiles, in reading order. `about` stands beside its name."""

    arm: Arm
    tiles: Sequence[Tile]
    about: str = ""


class Scale(NamedTuple):
    """What the colours stand for: up to `most`, on both sides of 0 where it is signed; `said` in words.

    `most` is NaN where every map has a scale of its own, 0 where there is nothing to see. `is_over`: the maps
    lie over a picture.
    """

    most: float
    is_signed: bool
    said: str
    is_over: bool = False


def map_sheet(
    strips: Sequence[Strip],
    scale: Scale,
    palette: Palette,
    size: float = 1.0,
    *,
    across: int | None = None,
    lines: int | None = None,
) -> go.Figure:
    """The strips below each other, `across` tiles in a row, or as many as there is room for.

    `lines` of text have room below a tile; usually one, or two where columns are narrow.
    """
    place = _Place(Paper(palette, size), strips, across or _as_many_as_fit(strips), lines)
    images, notes = [place.bar(scale)], place.scale_words(scale)
    for number, strip in enumerate(strips):
        notes.append(place.name(number))
        for index, tile in enumerate(strip.tiles):
            notes += place.words(tile, number, index)
            images.append(place.image(tile, number, index))
    hidden = {"visible": False, "fixedrange": True, "range": [0, 1]}
    return place.paper.figure(
        [], {"l": 0, "r": 0, "t": 0, "b": 0}, height=place.paper.px(place.height), dragmode=False,
        images=images, annotations=notes, xaxis=hidden, yaxis=hidden, meta={"panel": "map sheet"},
    )  # fmt: skip


class _Place:
    """Where everything stands: shares of the width, and pixels from the top at scale 1."""

    def __init__(self, paper: Paper, strips: Sequence[Strip], across: int, lines: int | None):
        self.paper, self.strips, self.across = paper, strips, across
        self.lines = lines or (1 if across <= WIDE else 2)
        self.rows = [max(-(-len(strip.tiles) // across), 1) for strip in strips]
        self.row = TITLE + self.tile + self.lines * LINE + 6

    @cached_property
    def tile(self) -> int:
        fits = min(FULL * WIDTH / self.across, ROOM / max(sum(self.rows), 1) - TITLE - self.lines * LINE - 6)
        return round(min(max(fits, TILE[0]), TILE[1]))

    @cached_property
    def height(self) -> int:
        return len(self.strips) * NAME + sum(self.rows) * self.row + SCALE

    def _top(self, number: int, index: int = 0) -> int:
        return (number + 1) * NAME + (sum(self.rows[:number]) + index // self.across) * self.row

    def _at(self, left: float, top: float) -> dict[str, Any]:
        at = {"x": left, "y": 1 - top / self.height, "xref": "paper", "yref": "paper"}
        return at | {"xanchor": "left", "yanchor": "top"}

    def _small(self, text: str, left: float, top: float, **more: Any) -> dict[str, Any]:
        font = self.paper.ink_font | {"size": self.paper.px(13)}
        return self.paper.note(text, **self._at(left, top) | {"font": font, "align": "left"} | more)

    def name(self, number: int) -> dict[str, Any]:
        strip, ink = self.strips[number], self.paper.palette.ink
        about = f'  <span style="color:{ink}">{strip.about}</span>' if strip.about else ""
        font = self.paper.ink_font | {"color": strip.arm.style.color(self.paper.palette)}
        at = self._at(0, self._top(number) - NAME)
        return self.paper.note(f"<b>{strip.arm.name}</b>{about}", **at | {"font": font})

    def words(self, tile: Tile, number: int, index: int) -> list[dict[str, Any]]:
        left, top = index % self.across / self.across, self._top(number, index)
        title = f"<b>{tile.title}</b>" if tile.is_marked else tile.title
        letters = int(WIDTH / self.across / LETTER)
        lines = [line for said in tile.note.split("<br>") for line in wrap(said, letters)][: self.lines]
        below = [self._small("<br>".join(lines), left, top + TITLE + self.tile)] if lines else []
        return [self._small(title, left, top), *below]

    def image(self, tile: Tile, number: int, index: int) -> dict[str, Any]:
        at = self._at(index % self.across / self.across, self._top(number, index) + TITLE)
        size = {"sizex": FULL / self.across, "sizey": self.tile / self.height}
        return {"source": png(_framed(tile, self.paper.palette)), "sizing": "contain", "layer": "above",
                **at, **size}  # fmt: skip

    def bar(self, scale: Scale) -> dict[str, Any]:
        colors = bar(self.paper.palette, is_signed=scale.is_signed, is_over=scale.is_over)
        size = {"sizex": BAR, "sizey": 14 / self.height}
        at = self._at(0, self.height - SCALE + 12)
        return {"source": png(colors), "sizing": "stretch", "layer": "above", **at, **size}

    def scale_words(self, scale: Scale) -> list[dict[str, Any]]:
        top = self.height - SCALE + 28
        low, most = _ends(scale)
        middle = [self._small("0", BAR / 2, top, xanchor="center")] if scale.is_signed else []
        ends = [self._small(low, 0, top), self._small(most, BAR, top, xanchor="right")]
        return [*ends, *middle, self._small(scale.said, BAR + 0.02, top - 19)]


def _ends(scale: Scale) -> tuple[str, str]:
    if math.isnan(scale.most):
        return ("− its largest" if scale.is_signed else "0"), "its largest"
    most = in_words(scale.most, 3) if scale.most else "–"
    return (f"−{most}" if scale.is_signed and scale.most else "–" if scale.is_signed else "0"), most


def _as_many_as_fit(strips: Sequence[Strip]) -> int:
    """A column a tile, as long as titles do not run into each other."""
    tiles = max((len(strip.tiles) for strip in strips), default=0)
    longest = max((len(tile.title) for strip in strips for tile in strip.tiles), default=0)
    return min(max(tiles, ACROSS[0]), ACROSS[1], int(WIDTH / (LETTER * (longest + 2))))


def _framed(tile: Tile, palette: Palette) -> np.ndarray:
    """Its colours within a thin line of the grid's colour, or a thick one of the ink's."""
    colors = tile.colors.copy() if tile.colors.size else np.tile(rgb(palette.paper), (UNKNOWN, UNKNOWN, 1))
    side = len(colors)
    width = max(round(side * (MARK if tile.is_marked else EDGE)), 1)
    is_edge = np.minimum(np.arange(side), np.arange(side)[::-1]) < width
    colors[is_edge[:, None] | is_edge] = rgb(palette.ink if tile.is_marked else palette.grid)
    return colors
