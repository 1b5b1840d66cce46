"""What every unit makes of one picture, and how its values are spread over a batch.

U = units, C = channels, S = side, B = pictures of the batch. BN's statistics are held at those of the batch
(`settled`), so that the picture is seen as training would see it, at step 0 as well.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from resnet_core.findings import FeatureMaps
from resnet_core.instruments.settled import settled
from resnet_core.instruments.subject import Subject

BINS = 32


def feature_maps(subject: Subject, picture: int = 0, channels: int = 8) -> FeatureMaps:
    """The first `channels` maps of every unit for test picture `picture`, and counts over the batch.

    Features without a place, as of an MLP, are all there. Bins are equal parts of the range of a unit's
    finite values over the batch, or of the surroundings of a single value; NaN where there is none. Raises
    ValueError where there is no such picture.
    """
    shown, label = subject.test_picture(picture)
    pictures = torch.cat([subject.images.normalize(shown[None]), subject.batch[0]])
    outputs = list(_outputs(settled(subject.network, subject.batch[0]).units, pictures))
    spreads = [_spread(output[1:]) for output in outputs]
    plan = subject.network.plan
    return FeatureMaps(
        units=np.array(plan.unit_names),
        stages=np.array([unit.stage for unit in plan.units]),
        maps=tuple(_maps(output[0], channels) for output in outputs),
        picture=shown.cpu().numpy(),
        label=np.int64(label),
        logits=outputs[-1][0],
        **{name: np.array([getattr(spread, name) for spread in spreads]) for name in _Spread._fields},
    )


@torch.no_grad()
def _outputs(units: tuple, x: Tensor) -> Iterator[np.ndarray]:
    for unit in units:
        x = unit(x)
        yield x.cpu().numpy()


def _maps(output: np.ndarray, channels: int) -> np.ndarray:
    return output[:channels] if output.ndim == 3 else output[:, None, None]


class _Spread(NamedTuple):
    """Of one unit's values (B, C, ...) over the batch, as `FeatureMaps` has them."""

    bins: np.ndarray
    counts: np.ndarray
    values: int
    zeros: int
    nans: int
    infinities: int
    dead: int
    channels: int


def _spread(output: np.ndarray) -> _Spread:
    counts, bins = _histogram(output[np.isfinite(output)].astype(np.float64))
    by_channel = output.swapaxes(0, 1).reshape(output.shape[1], -1)
    return _Spread(
        bins=bins,
        counts=counts,
        values=output.size,
        zeros=np.count_nonzero(output == 0),
        nans=np.count_nonzero(np.isnan(output)),
        infinities=np.count_nonzero(np.isinf(output)),
        dead=np.count_nonzero((by_channel == 0).all(1)),
        channels=len(by_channel),
    )


def _histogram(finite: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # In float64: a range of float32 can be wider than float32.
    if not finite.size:
        return np.zeros(BINS, int), np.full(BINS + 1, np.nan)
    low, high = finite.min(), finite.max()
    around = 0.0 if low < high else max(abs(low), 1.0) / 2
    return np.histogram(finite, BINS, (low - around, high + around))
