"""One saliency map as a picture: its own grid of values, or smooth and over the picture it explains.

h, w = height and width of the map, S = side of the picture, N = side of the result. The colours are those of
`map_colors` in both. Over a picture, a value is the more opaque the larger it is, and the picture is grey and
drawn near the page's own colour, from which the strongest values are farthest.
"""

import numpy as np
from PIL import Image

from app.figures.map_colors import STEPS, colored, ramp
from app.figures.theme import LIGHT, Palette

N = 128
STRONGEST = 0.9  # opacity of the largest value
RISE = 0.5  # power of a value's share with which opacity rises
GREYS = {
    True: (176, 252),
    False: (12, 112),
}  # of black and white in the picture, by whether the page is light
_OPACITY = (STRONGEST * (np.abs(np.arange(-STEPS, STEPS + 1)) / STEPS) ** RISE).astype(np.float32)[:, None]


def grid(values: np.ndarray, most: float, palette: Palette, side: int = N) -> np.ndarray:
    """(h, w) values as they are, each cell one colour: (side, side, 3) uint8. `most` ends the colours."""
    return _nearest(colored(values, palette, most), side)


def overlay(
    picture: np.ndarray, values: np.ndarray, most: float, palette: Palette, *, side: int = N
) -> np.ndarray:
    """(h, w) values, smoothed, over the grey picture (C, S, S) uint8: (side, side, 3) uint8.

    Where a value is not finite the grid is shown instead: smoothing would spread it over its neighbours.
    """
    if not np.isfinite(values).all():
        return grid(values, most, palette, side)
    shares = Image.fromarray((values / (most or 1.0)).astype(np.float32))
    smooth = np.asarray(shares.resize((side, side), Image.BILINEAR))
    return _over(_nearest(_grey(picture), side), smooth, palette)


def plain(picture: np.ndarray, side: int = N) -> np.ndarray:
    """The picture (C, S, S) uint8 alone, in its colours: (side, side, 3) uint8."""
    rows = np.moveaxis(np.broadcast_to(picture, (3, *picture.shape[1:])), 0, -1)
    return _nearest(np.ascontiguousarray(rows), side)


def bar(palette: Palette, *, is_signed: bool, is_over: bool) -> np.ndarray:
    """The colours from the lowest to the highest value as one row, (1, steps, 3) uint8.

    `is_over`: as they are where they lie over a middle grey of the picture.
    """
    shares = np.linspace(-1 if is_signed else 0, 1, 129, dtype=np.float32)[None]
    return _over(np.full((1, 129, 1), 128.0), shares, palette) if is_over else colored(shares, palette, 1.0)


def _over(grey: np.ndarray, shares: np.ndarray, palette: Palette) -> np.ndarray:
    black, white = GREYS[palette is LIGHT]
    under = (black + (white - black) / 255 * grey).astype(np.float32)  # (N, N, 1)
    place = np.rint(np.clip(shares, -1, 1) * STEPS).astype(int) + STEPS
    colors = ramp(palette) * _OPACITY  # (2 STEPS + 1, 3)
    return np.rint(under * (1 - _OPACITY)[place] + colors[place]).astype(np.uint8)


def _grey(picture: np.ndarray) -> np.ndarray:
    weights = (0.299, 0.587, 0.114) if len(picture) == 3 else (1.0,)
    return np.tensordot(weights, picture.astype(float), axes=1)[..., None]  # (S, S, 1)


def _nearest(colors: np.ndarray, side: int) -> np.ndarray:
    rows, columns = (np.arange(side) * old // side for old in colors.shape[:2])
    return colors[np.ix_(rows, columns)]
