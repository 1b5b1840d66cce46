"""What is left of a map while weights become random from the top down (Adebayo et al. 2018, 1810.03292).

P = places, U = units, C = channels, S = side, h, w = height and width of a map.
"""

from copy import deepcopy

import numpy as np
import torch
from torch import nn

LARGEST_WINDOW = 7  # pixels: the usual one of the structural similarity; smaller maps have a smaller one


def places_of(units: int, places: int) -> np.ndarray:
    """How many units are random at each place: from none to all, at most `places`, spread evenly."""
    return np.unique(np.linspace(0, units, places).round().astype(int))


@torch.no_grad()
def replaced(network: nn.Module, other: nn.Module, count: int) -> nn.Module:
    """A copy of `network` whose last `count` units have the parameters of `other`, of an equal plan."""
    copy, units = deepcopy(network), network.plan.units
    for op in (op for unit in units[len(units) - count :] for op in unit.ops):
        copy.get_submodule(op.name).load_state_dict(other.get_submodule(op.name).state_dict())
    return copy


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's, over the pixels of two maps (h, w); NaN where one is constant or not finite."""
    from scipy.stats import spearmanr

    if _says_nothing(first) or _says_nothing(second):
        return np.nan
    return float(spearmanr(first.ravel(), second.ravel()).statistic)


def similarity(first: np.ndarray, second: np.ndarray) -> float:
    """SSIM of the absolute values of two maps (h, w), each divided by its own largest, in a square window.

    The window is 7 pixels wide, or as wide as an odd number can be on a smaller map. NaN where a map is
    constant or not finite, or less than 3 pixels high or wide.
    """
    from skimage.metrics import structural_similarity

    window = min(LARGEST_WINDOW, (min(first.shape) - 1) // 2 * 2 + 1)
    if window < 3 or _says_nothing(first) or _says_nothing(second):
        return np.nan
    one, other = (np.abs(map.astype(np.float64)) for map in (first, second))
    return float(structural_similarity(one / one.max(), other / other.max(), win_size=window, data_range=1.0))


def _says_nothing(map: np.ndarray) -> bool:
    return not np.isfinite(map).all() or np.ptp(map) == 0
