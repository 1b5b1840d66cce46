"""Colours of feature maps: 0 is the page, positive is green, negative is purple (ColorBrewer's PRGn).

Readers with any common colour blindness tell the two apart. NaN and infinity have colours of their own.
h, w = height and width of a map.
"""

from functools import cache
from itertools import pairwise

import numpy as np

from app.figures.theme import LIGHT, Palette

_LIGHT = ("#40004b", "#762a83", "#af8dc3", "#f7f7f7", "#7fbf7b", "#1b7837", "#00351a")
_DARK = ("#f3e3ff", "#b98be0", "#5f3a80", "#1b2029", "#1f6b43", "#4cc98a", "#d6ffe9")
STEPS = 128  # colours on either side of 0


def diverging_scale(palette: Palette) -> list[list]:
    """Plotly's colour scale from the lowest to the highest value, 0 in the middle."""
    stops = _LIGHT if palette is LIGHT else _DARK
    return [[i / (len(stops) - 1), color] for i, color in enumerate(stops)]


def rising_scale(palette: Palette) -> list[list]:
    """The upper half of it, for values that are nowhere negative."""
    upper = diverging_scale(palette)[3:]
    return [[2 * (place - 0.5), color] for place, color in upper]


def limits(maps: np.ndarray) -> tuple[float, float]:
    """The ends of the colours: 0 and the largest value, or as far on both sides of 0; 0, 0 with no number."""
    finite = maps[np.isfinite(maps)]
    if not finite.size:
        return 0.0, 0.0
    low, most = float(finite.min()), float(np.abs(finite).max())
    return (-most if low < 0 else 0.0), most


def colored(maps: np.ndarray, palette: Palette, most: float | None = None) -> np.ndarray:
    """(..., h, w) values to (..., h, w, 3) uint8, on one scale: to `most`, or as `limits` gives it."""
    most = limits(maps)[1] if most is None else most
    shares = np.divide(maps.astype(np.float64), most or 1.0)
    places = np.where(np.isfinite(shares), np.rint(shares * STEPS) + STEPS, 0).astype(int)
    colors = ramp(palette)[np.clip(places, 0, 2 * STEPS)]
    colors[np.isnan(maps)] = rgb(palette.undefined)
    colors[np.isinf(maps)] = rgb(palette.infinite)
    return colors


def rgb(color: str) -> np.ndarray:
    """ "#00725a" as three uint8."""
    return np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)], np.uint8)


@cache
def ramp(palette: Palette) -> np.ndarray:
    """The colours of the shares -1 to 1 of the largest value, (2 STEPS + 1, 3) uint8. Not to be changed."""
    stops = [rgb(color).astype(float) for _, color in diverging_scale(palette)]
    places = np.linspace(0, len(stops) - 1, 2 * STEPS + 1)
    pairs = list(pairwise(stops))
    at = np.minimum(places.astype(int), len(pairs) - 1)
    parts = [
        pairs[i][0] + (place - i) * (pairs[i][1] - pairs[i][0]) for i, place in zip(at, places, strict=True)
    ]
    return np.rint(parts).astype(np.uint8)
