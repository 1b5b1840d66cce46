"""The first pictures of a drawn set: as good as the whole one, and there at once."""

import numpy as np
import torch

from resnet_core.config import DataConfig
from resnet_core.data.sets import ImageSet, drawn_pictures


def drawn_set(data: DataConfig, trained: int = 1000, tested: int = 60) -> ImageSet:
    """`trained` pictures to train on and `tested` to test with."""
    parts = [
        torch.from_numpy(part)
        for count, is_training in ((trained, True), (tested, False))
        for part in drawn_pictures(np.arange(count), data, is_training)[:2]
    ]
    return ImageSet(data.info, *parts)
