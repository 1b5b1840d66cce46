"""A picture as the address of a small picture: as it is, or averaged where it is larger than a thumbnail.

C = channels, S = side.
"""

import numpy as np

from app.figures.montage import png

LARGEST = 32  # px of a thumbnail; the page enlarges it


def thumbnail(picture: np.ndarray) -> str:
    """(C, S, S) uint8 as a PNG's address."""
    factor = picture.shape[-1] // LARGEST if picture.shape[-1] % LARGEST == 0 else 1
    if factor > 1:
        cells = picture.reshape(len(picture), LARGEST, factor, LARGEST, factor)
        picture = np.rint(cells.mean((2, 4))).astype(np.uint8)
    rows = picture[0] if len(picture) == 1 else np.moveaxis(picture, 0, -1)
    return png(np.ascontiguousarray(rows))
