"""Which pictures a step trains on: a pure function of (seed, step), so there is no loader state to save.

B = batch. numpy only, so that every process and every arm of a race can draw the same batch.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np


class Batch(NamedTuple):
    """Indices into the training set, the shift of each picture in pixels, and whether it is mirrored."""

    indices: np.ndarray  # (B,) int64
    rows: np.ndarray  # (B,) int64 in [0, 2 pad]; pad means no shift
    columns: np.ndarray  # (B,)
    mirrored: np.ndarray  # (B,) bool


def draw_batch(seed: int, step: int, size: int, images: int, pad: int = 0, flips: bool = False) -> Batch:
    """The batch of `step`: epochs are permutations of all `images`, and a batch may straddle two."""
    positions = np.arange(step * size, (step + 1) * size)
    epochs = positions // images
    indices = np.empty(size, np.int64)
    for epoch in range(epochs[0], epochs[-1] + 1):
        chosen = epochs == epoch
        indices[chosen] = _permutation(seed, epoch, images)[positions[chosen] % images]
    rng = np.random.default_rng((seed, 1, step))
    rows, columns = rng.integers(0, 2 * pad + 1, (2, size))
    mirrored = rng.random(size) < (0.5 if flips else 0.0)
    return Batch(indices, rows, columns, mirrored)


@lru_cache(maxsize=4)
def _permutation(seed: int, epoch: int, images: int) -> np.ndarray:
    return np.random.default_rng((seed, 0, epoch)).permutation(images)
