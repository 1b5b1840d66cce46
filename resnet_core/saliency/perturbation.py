"""The answer while the pixels that a map calls salient go, or come back, first (deletion, insertion: RISE).

C = channels, S = side, N = S * S pixels, F = shares of them, R = random orders, B = pictures.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.attribution import chosen_unit, method_map
from resnet_core.attribution.maps import OF_A_LAYER
from resnet_core.instruments.subject import Subject
from resnet_core.options import PerturbedOptions
from resnet_core.saliency.explained import explained
from resnet_core.saliency_findings import Perturbed

AT_ONCE = 256  # pictures in one pass
BLUR = 1 / 8  # of the side: the standard deviation of the Gaussian, 2 pixels of 16


def perturbed(
    subject: Subject, options: PerturbedOptions, report: Callable[[float], None] = lambda share: None
) -> Perturbed:
    """The probability of one class while one picture loses, or gets back, its pixels in the order of a map.

    Deletion puts the training set's mean colour in their place, 0 after normalising. Insertion begins with
    the picture through a Gaussian of an eighth of its side and puts the pixels back. The control are random
    orders, of seeds 0, 1, ... Raises ValueError for a picture, class or unit that is not there, and where the
    method cannot be used.
    """
    asked, method = explained(subject, options), options.method
    number = chosen_unit(asked.network, options.unit) if method in OF_A_LAYER else None
    layer = None if number is None else asked.network.units[number]
    map = method_map(asked.network, layer, method, asked.images, asked.targets)[0].cpu().numpy()
    counts = pixel_counts(map.size, options.shares)
    random = [np.random.default_rng(seed).permutation(map.size) for seed in range(options.orders)]
    curves = []
    for order in (pixel_order(map), *random):
        curves.append(both_curves(asked.network, asked.images[0], asked.target, (order, counts)))
        report(len(curves) / (1 + options.orders))
    shares, (deletion, insertion) = counts / map.size, np.stack(curves, 1)  # 2 x (1 + R, F)
    return Perturbed(
        method=np.array(method),
        unit=np.array("" if number is None else asked.network.plan.unit_names[number]),
        shares=shares,
        deletion=deletion[0],
        insertion=insertion[0],
        random_deletion=deletion[1:],
        random_insertion=insertion[1:],
        deletion_area=area(shares, deletion[0]),
        insertion_area=area(shares, insertion[0]),
        random_deletion_areas=area(shares, deletion[1:]),
        random_insertion_areas=area(shares, insertion[1:]),
        map=map,
        **asked.said,
    )


def both_curves(
    network: nn.Module, picture: Tensor, target: int, steps: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Probabilities of class `target` by deletion and by insertion: (2, F).

    `picture` (C, S, S) is normalised; `steps` are the order of its pixels (N,) and how many of them each step
    has changed (F,).
    """
    gone = partly_changed(picture, torch.zeros_like(picture), *steps)
    back = partly_changed(blurred(picture), picture, *steps)
    return class_probabilities(network, torch.cat([gone, back]), target).reshape(2, -1)


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
