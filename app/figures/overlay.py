"""One saliency map as a picture: its own grid of values, or smooth and over the picture it explains.

h, w = height and width of the map, N = side of the result. Evidence for the class is green, against it
purple, as in `map_colors`; how far a pixel is coloured says how much.
"""

import numpy as np
from PIL import Image

from app.figures.map_colors import colored, rgb
from app.figures.theme import LIGHT, Palette

N = 128
FADED = 0.55  # of the picture's contrast, so that colours stand out
FOR = {True: "#00a35c", False: "#35e08f"}  # by whether the page is light
AGAINST = {True: "#8a2be2", False: "#c99bff"}
STRONGEST = 0.88  # opacity of the largest value


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
    smooth = np.asarray(Image.fromarray(values.astype(np.float32)).resize((side, side), Image.BILINEAR))
    share = np.clip(smooth / (most or 1.0), -1, 1)[..., None]
    is_light = palette is LIGHT
    color = np.where(share >= 0, rgb(FOR[is_light]).astype(float), rgb(AGAINST[is_light]).astype(float))
    opacity = np.abs(share) * STRONGEST
    return np.rint(_faded(picture, side) * (1 - opacity) + color * opacity).astype(np.uint8)


def plain(picture: np.ndarray, side: int = N) -> np.ndarray:
    """The picture (C, S, S) uint8 alone, in its colours: (side, side, 3) uint8."""
    rows = np.moveaxis(np.broadcast_to(picture, (3, *picture.shape[1:])), 0, -1)
    return _nearest(np.ascontiguousarray(rows), side)


def _faded(picture: np.ndarray, side: int) -> np.ndarray:
    weights = (0.299, 0.587, 0.114) if len(picture) == 3 else (1.0,)
    grey = np.tensordot(weights, picture.astype(float), axes=1)
    return _nearest((128 + (grey - 128) * FADED)[..., None], side)


def _nearest(colors: np.ndarray, side: int) -> np.ndarray:
    rows, columns = (np.arange(side) * old // side for old in colors.shape[:2])
    return colors[np.ix_(rows, columns)]
