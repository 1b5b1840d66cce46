"""The set of drawn pictures: which numbers are trained on, and which are tested on. No torch.

N = pictures. Test picture n is number n; those that are trained on begin behind all of seven digits.
"""

import numpy as np

from resnet_core.config import DataConfig
from resnet_core.data.shapes import Shapes, shapes

FIRST_TRAINED = 10_000_000


def drawn_pictures(numbers: np.ndarray, data: DataConfig, is_training: bool = False) -> Shapes:
    """Pictures of the set's test part, or of its training part, with their masks; `numbers` (N,).

    Numbers that a part does not have give further pictures of the same kind: with `is_training` off, none
    below ten million is trained on.
    """
    first = FIRST_TRAINED if is_training else 0
    return shapes(first + np.asarray(numbers, np.int64), data.side, data.difficulty)
