"""What a network would answer if it ended behind each unit: a linear read-out, and its own classifier.

Jastrzebski et al. 2018 put the classifier behind each block of the last stage; linear read-outs need no
common shape. U = units in front of the classifier, N = pictures, C = channels, K = classes. BN's statistics
are held at those of the first training pictures (`settled`).
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.architecture import Unit
from resnet_core.findings import Readout
from resnet_core.instruments.settled import settled
from resnet_core.instruments.subject import Subject

RIDGE = 1e-3  # lambda, as a share of the mean square of the centred features
SETTLED_ON = 256  # training pictures that give BN its statistics
AT_ONCE = 128  # pictures in one pass


class _Seen(NamedTuple):
    """One unit's channel means (N, C) and, by the network's own head, logits (N, K), or NaN."""

    means: np.ndarray
    logits: np.ndarray


def read_out(subject: Subject, picture: int = 0, fit_images: int = 1000, test_images: int = 500) -> Readout:
    """Accuracies over the first `test_images` test pictures, and what is said of test picture `picture`.

    The linear read-out is a ridge regression on one-hot labels, of the mean of each channel and a constant
    that is not shrunk, fitted to the first `fit_images` training pictures: about 1 for the class, 0 for the
    others. The network's own head, its last unit, goes straight onto any unit that has the channels it takes.
    Of fewer pictures than asked for, all are taken. An answer that is not finite is wrong; an accuracy is NaN
    where no picture has a finite one. Raises ValueError where there is no such picture.
    """
    images, (shown, label) = subject.images, subject.test_picture(picture)
    fitted, tested = images.train_images[:fit_images], images.test_images[:test_images]
    labels = images.train_labels[:fit_images].cpu().numpy(), images.test_labels[:test_images].cpu().numpy()
    network = settled(subject.network, images.normalize(fitted[:SETTLED_ON]))
    seen = _seen(network, subject, torch.cat([fitted, tested, shown[None]]))
    answers = [_ridge_logits(unit.means, labels[0], network.plan.num_classes) for unit in seen]
    heads = [unit.logits[len(fitted) :] for unit in seen]
    return Readout(
        units=np.array(network.plan.unit_names[:-1]),
        stages=np.array([unit.stage for unit in network.plan.units[:-1]]),
        fitted_accuracy=np.array([_accuracy(logits[:-1], labels[1]) for logits in answers]),
        head_accuracy=np.array([_accuracy(logits[:-1], labels[1]) for logits in heads]),
        fitted_logits=np.array([logits[-1] for logits in answers]),
        head_logits=np.array([logits[-1] for logits in heads]),
        label=np.int64(label),
        picture=shown.cpu().numpy(),
        fitted_on=np.int64(len(fitted)),
        tested_on=np.int64(len(tested)),
        chance=np.mean(labels[1] == np.bincount(labels[0]).argmax()),
        ridge=np.float64(RIDGE),
    )


@torch.no_grad()
def _seen(network: nn.Module, subject: Subject, pictures: Tensor) -> list[_Seen]:
    *units, head = network.units
    parts: list[list[_Seen]] = [[] for _ in units]
    has_head = [_fits(unit, network.plan.units[-1]) for unit in network.plan.units[:-1]]
    for part in pictures.split(AT_ONCE):
        x = subject.images.normalize(part)
        for i, unit in enumerate(units):
            x = unit(x)
            none = x.new_full((len(x), network.plan.num_classes), torch.nan)
            means = x.mean(dim=(2, 3)) if x.ndim == 4 else x
            parts[i].append(_Seen(_as_numbers(means), _as_numbers(head(x) if has_head[i] else none)))
    return [_Seen(*map(np.concatenate, zip(*of_unit, strict=True))) for of_unit in parts]


def _as_numbers(tensor: Tensor) -> np.ndarray:
    return tensor.cpu().double().numpy()


def _fits(unit: Unit, head: Unit) -> bool:
    """Whether the classifier takes what the unit puts out: of any side, if it begins with a global mean."""
    takes_any_side = any(op.kind == "global mean" for op in head.ops)
    return unit.outputs == head.inputs or (takes_any_side and unit.outputs[0] == head.inputs[0])


def _ridge_logits(means: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Fitted to the first rows, which have labels; (rows behind them, classes)."""
    fitted, others = means[: len(labels)], means[len(labels) :]
    if not np.isfinite(fitted).all():
        return np.full((len(others), classes), np.nan)
    centre, targets = fitted.mean(0), np.eye(classes)[labels]
    # In units of its own size: squares of float32 do not overflow then.
    size = np.abs(fitted - centre).max() or 1.0
    x = (fitted - centre) / size
    gram = x.T @ x
    ridge = RIDGE * np.trace(gram) / len(gram) or 1.0  # features that never change are no help
    weights = np.linalg.solve(gram + ridge * np.eye(len(gram)), x.T @ targets)  # (C, K)
    with np.errstate(invalid="ignore", over="ignore"):
        return (others - centre) / size @ weights + targets.mean(0)


def _accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    is_finite = np.isfinite(logits).all(1)
    if not is_finite.any():
        return np.nan
    return float(np.mean(is_finite & (logits.argmax(1) == labels)))
