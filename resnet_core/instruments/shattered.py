"""The gradient of one logit at the picture, on the straight line from one test picture to another.

After Balduzzi et al. 2017 (arXiv:1702.08591), whose line is a grid of numbers. P = places, C = channels,
S = side, G = lags. The line is straight in normalised pixels. BN's statistics are those of the batch that is
trained on next, held fixed on the whole line (`settled`): with the line's own, each gradient would depend on
the other places; running ones mean nothing before training. Nothing is dropped by chance.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.findings import Shattered
from resnet_core.instruments.settled import settled
from resnet_core.instruments.subject import Subject

PLACES_AT_ONCE = 32  # so that memory does not grow with their number


def shattered(
    subject: Subject,
    first: int,
    second: int,
    *,
    points: int = 64,
    logit: int | None = None,
    report: Callable[[float], None] = lambda share: None,
) -> Shattered:
    """How gradients at `points` places between the test pictures `first` and `second` differ.

    The logit is that of class `logit`, or of the label of the first picture. A gradient that is 0 or not
    finite has no direction: its cosines are NaN and no part of the autocorrelation.
    Raises ValueError for a picture or a class that is not there, and for a line from a picture to itself.
    """
    ends, labels = _ends(subject, first, second)
    logit = labels[0] if logit is None else _checked(logit, len(subject.config.data.info.classes))
    start, end = subject.images.normalize(torch.stack(ends))
    places = torch.linspace(0, 1, points)
    line = torch.lerp(start, end, places.to(start)[:, None, None, None])  # (P, C, S, S)
    network = settled(subject.network, subject.batch[0])
    logits, gradients = logits_and_gradients(network, line, logit, report)
    cosines, lags = _cosines(gradients), np.arange(1, points)
    return Shattered(
        places=places.numpy(),
        logits=logits.numpy(),
        slopes=(gradients @ (end - start).flatten().cpu().double()).numpy(),
        norms=gradients.norm(dim=1).numpy(),
        cosines=cosines,
        lags=lags,
        autocorrelation=np.array([_mean(cosines.diagonal(lag)) for lag in lags]),
        logit=np.int64(logit),
        labels=np.array(labels),
        ends=tuple(picture.cpu().numpy() for picture in ends),
    )


def logits_and_gradients(
    network: nn.Module, line: Tensor, logit: int, report: Callable[[float], None] = lambda share: None
) -> tuple[Tensor, Tensor]:
    """The logit (P,) at each picture of `line` (P, C, S, S), and its gradient there, (P, C S S), in float64.

    Pictures must not meet in `network`: its BN has fixed statistics. Leaves every `.grad` as it was.
    """
    values, gradients = [], []
    for chunk in line.split(PLACES_AT_ONCE):
        pictures = chunk.detach().requires_grad_()
        logits = network(pictures)[:, logit]
        gradients.append(torch.autograd.grad(logits.sum(), pictures)[0].flatten(1).cpu().double())
        values.append(logits.detach().cpu().double())
        report(sum(map(len, values)) / len(line))
    return torch.cat(values), torch.cat(gradients)


def _ends(subject: Subject, first: int, second: int) -> tuple[tuple[Tensor, Tensor], tuple[int, int]]:
    if first == second:
        raise ValueError(f"second: {second} is the first picture too; a line needs two")
    pictures, labels = zip(*(subject.test_picture(index) for index in (first, second)), strict=True)
    return pictures, labels


def _checked(logit: int, classes: int) -> int:
    if logit >= classes:
        raise ValueError(f"logit: {logit} is not there; the classes are 0 to {classes - 1}")
    return logit


def _cosines(gradients: Tensor) -> np.ndarray:
    units = gradients / gradients.norm(dim=1, keepdim=True)  # 0 / 0 is NaN
    return (units @ units.T).numpy()


def _mean(cosines: np.ndarray) -> float:
    there = cosines[~np.isnan(cosines)]
    return there.mean() if len(there) else np.nan
