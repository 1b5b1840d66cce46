"""Saliency maps in rows of tiles, a strip a network, and the one scale of their colours below.

Every tile is one small picture in the page, which enlarges it without smoothing.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.canvas import Paper
from app.figures.map_colors import colored
from app.figures.montage import png
from app.figures.theme import Arm, Palette

NAME, TITLE, NOTE = 30, 20, 20  # px of the lines of text: a network's name, above and below a tile
TILE = (56, 132)  # px, the smallest and the largest
ROOM = 620  # px that all tiles may take together, as long as they are not the smallest
SCALE = 52  # px below all strips
BAR = 0.22  # of the width


class Tile(NamedTuple):
    """One map: `colors` (n, n, 3) uint8, or (0, 0, 3) while it is not known."""

    title: str
    colors: np.ndarray
    note: str = ""


class Strip(NamedTuple):
    """One network's tiles, in reading order. `about` stands beside its name."""

    arm: Arm
    tiles: Sequence[Tile]
    about: str = ""


class Scale(NamedTuple):
    """What the colours stand for: up to `most`, on both sides of 0 where it is signed; `said` in words.

    `most` is NaN where every map has a scale of its own. `is_over`: the maps lie over a picture.
    """

    most: float
    is_signed: bool
    said: str
    is_over: bool = False


def map_sheet(
    strips: Sequence[Strip], scale: Scale, palette: Palette, size: float = 1.0, *, across: int = 9
) -> go.Figure:
    """The strips below each other; how high it is depends on the number of tiles alone."""
    rows = sum(max(-(-len(strip.tiles) // across), 1) for strip in strips)
    place = _Place(Paper(palette, size), len(strips), rows, across)
    images, notes, row = [], [], 0
    for number, strip in enumerate(strips):
        notes.append(place.name(strip, number, row))
        for index, tile in enumerate(strip.tiles):
            at = (number, row + index // across, index % across)
            images += [place.image(tile, *at)] if tile.colors.size else []
            notes += place.words(tile, *at)
        row += max(-(-len(strip.tiles) // across), 1)
    hidden = {"visible": False, "fixedrange": True, "range": [0, 1]}
    return place.paper.figure(
        [], {"l": 0, "r": 0, "t": 0, "b": 0}, height=place.height, dragmode=False,
        images=[*images, place.bar(scale)], annotations=[*notes, *place.scale_words(scale)],
        xaxis=hidden, yaxis=hidden, meta={"panel": "map sheet"},
    )  # fmt: skip


class _Place(NamedTuple):
    paper: Paper
    strips: int
    rows: int
    across: int

    @property
    def tile(self) -> int:
        """Pixels at scale 1."""
        return min(max(ROOM // max(self.rows, 1) - TITLE - NOTE, TILE[0]), TILE[1])

    @property
    def height(self) -> int:
        return self.paper.px(self.strips * NAME + self.rows * self._row + SCALE)

    @property
    def _row(self) -> int:
        return TITLE + self.tile + NOTE

    def _at(self, left: float, pixels: float) -> dict[str, Any]:
        at = {"x": left, "y": 1 - self.paper.px(pixels) / self.height, "xref": "paper", "yref": "paper"}
        return at | {"xanchor": "left", "yanchor": "top"}

    def name(self, strip: Strip, number: int, row: int) -> dict[str, Any]:
        color = strip.arm.style.color(self.paper.palette)
        about = f'  <span style="color:{self.paper.palette.ink}">{strip.about}</span>' if strip.about else ""
        at = self._at(0, number * NAME + row * self._row)
        return self.paper.note(
            f"<b>{strip.arm.name}</b>{about}", **at | {"font": self.paper.ink_font | {"color": color}}
        )

    def words(self, tile: Tile, number: int, row: int, column: int) -> list[dict[str, Any]]:
        top = (number + 1) * NAME + row * self._row
        font = {"font": self.paper.ink_font | {"size": self.paper.px(13)}, "align": "left"}
        above = self.paper.note(tile.title, **self._at(column / self.across, top) | font)
        below = self._at(column / self.across, top + TITLE + self.tile)
        return [above, self.paper.note(tile.note, **below | font)] if tile.note else [above]

    def image(self, tile: Tile, number: int, row: int, column: int) -> dict[str, Any]:
        at = self._at(column / self.across, (number + 1) * NAME + row * self._row + TITLE)
        size = {"sizex": 0.96 / self.across, "sizey": self.paper.px(self.tile - 2) / self.height}
        return {"source": png(tile.colors), "sizing": "contain", "layer": "above", **at, **size}

    def bar(self, scale: Scale) -> dict[str, Any]:
        values = np.linspace(-1 if scale.is_signed else 0, 1, 65)[None]
        at = self._at(0, self.strips * NAME + self.rows * self._row + 10)
        size = {"sizex": BAR, "sizey": self.paper.px(12) / self.height}
        return {
            "source": png(colored(values, self.paper.palette, 1.0)), "sizing": "stretch", "layer": "above",
            **at, **size,
        }  # fmt: skip

    def scale_words(self, scale: Scale) -> list[dict[str, Any]]:
        top = self.strips * NAME + self.rows * self._row + 24
        most = f"{scale.most:.3g}" if scale.most else "–"
        low = (f"−{most}" if scale.most else "–") if scale.is_signed else "0"
        font = {"font": self.paper.ink_font | {"size": self.paper.px(13)}}
        ends = [(0, "left", low), (BAR, "right", most)] + (
            [(BAR / 2, "center", "0")] if scale.is_signed else []
        )
        words = [
            self.paper.note(said, **self._at(left, top) | font | {"xanchor": anchor})
            for left, anchor, said in ends
        ]
        beside = self._at(BAR + 0.02, top - 16)
        return [*words, self.paper.note(scale.said, **beside | font | {"align": "left"})]
