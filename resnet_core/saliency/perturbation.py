"""The answer while the pixels that a map calls salient go, or come, first (Petsiuk et al., RISE).

C = channels, S = side, N = S * S pixels, F = shares of them, R = random orders, B = pictures.
"""

import numpy as np
import torch
from torch import Tensor, nn

AT_ONCE = 256  # pictures in one pass
BLUR = 1 / 8  # of the side: the standard deviation of the Gaussian, 2 pixels of 16


def pixel_order(map: np.ndarray) -> np.ndarray:
    """The pixels of a map (S, S) from its highest value to its lowest, as (N,) indices row by row.

    Of equal values the pixel that is read first comes first; what is not a number comes last.
    """
    return np.argsort(-map.ravel(), kind="stable")


def pixel_counts(pixels: int, shares: int) -> np.ndarray:
    """How many pixels each of `shares` steps has changed, from none to all, spread evenly: (F,)."""
    return np.linspace(0, pixels, shares).round().astype(int)


def partly_changed(before: Tensor, after: Tensor, order: np.ndarray, counts: np.ndarray) -> Tensor:
    """`before` (C, S, S) with the first pixels of `order` as they are in `after`: (F, C, S, S)."""
    place_in_order = np.argsort(order, kind="stable").reshape(before.shape[1:])
    is_changed = torch.from_numpy(place_in_order < counts[:, None, None])[:, None].to(before.device)
    return torch.where(is_changed, after, before)


def blurred(picture: Tensor) -> Tensor:
    """A picture (C, S, S) through a Gaussian whose standard deviation is an eighth of its side."""
    from scipy.ndimage import gaussian_filter

    deviation = BLUR * picture.shape[-1]
    smooth = gaussian_filter(picture.cpu().numpy(), (0, deviation, deviation), mode="nearest")
    return torch.from_numpy(smooth).to(picture.device)


@torch.no_grad()
def class_probabilities(network: nn.Module, pictures: Tensor, target: int) -> np.ndarray:
    """What `network` gives class `target` for each of `pictures` (B, C, S, S): (B,)."""
    parts = [network(part).softmax(1)[:, target] for part in pictures.split(AT_ONCE)]
    return torch.cat(parts).cpu().double().numpy()


def area(shares: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Under `curve` (..., F), by trapezia: (...).

    For shares that are evenly spread, (sum - first / 2 - last / 2) / (F - 1), as in RISE.
    """
    return np.trapezoid(curve, shares, axis=-1)
