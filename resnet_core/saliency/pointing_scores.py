"""How well maps point at a thing whose place is known, and how sure the rate is: the pointing game's rules.

B = pictures, H, W = height and width, N = H * W. A map that is nowhere positive has found no evidence for the
class: it points nowhere, which is a miss.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Scores(NamedTuple):
    """Of each picture's map."""

    is_hit: np.ndarray  # (B,) bool
    overlaps: np.ndarray  # (B,)
    has_evidence: np.ndarray  # (B,) bool: positive somewhere


def scores(maps: Tensor, masks: Tensor) -> Scores:
    """Maps (B, H, W) against masks (B, H, W) bool.

    A hit: the highest pixel (the first of equal ones, row by row) lies on the mask, without tolerance. The
    overlap is the share of the mask among as many highest pixels as the mask has. A map without evidence, or
    not finite, misses, and overlaps nowhere.
    """
    flat, on_thing = maps.flatten(1), masks.flatten(1)
    has_evidence = flat.isfinite().all(1) & (flat > 0).any(1)
    order = flat.sort(dim=1, descending=True, stable=True).indices  # (B, N)
    found = on_thing.gather(1, order)
    sizes = on_thing.sum(1, keepdim=True)
    is_among_highest = torch.arange(flat.shape[1], device=flat.device) < sizes
    overlaps = (found & is_among_highest).sum(1).double() / sizes[:, 0]
    return Scores(
        (found[:, 0] & has_evidence).cpu().numpy(),
        (overlaps * has_evidence).cpu().numpy(),
        has_evidence.cpu().numpy(),
    )


def joined(parts: list[Scores]) -> Scores:
    """Scores of pictures in several passes as those of one."""
    return Scores(*map(np.concatenate, zip(*parts, strict=True)))


def towards_centre(side: int) -> Tensor:
    """A map (S, S) > 0 that falls with the distance from the middle: what points there whatever is shown."""
    along = torch.arange(side) - (side - 1) / 2
    return side**2 - along[:, None] ** 2 - along[None, :] ** 2


def wilson(hits: int, pictures: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a rate."""
    from scipy.stats import binomtest

    interval = binomtest(int(hits), pictures).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


def standard_error(values: np.ndarray) -> float:
    """Of the mean of (B,) values, B >= 2."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))
