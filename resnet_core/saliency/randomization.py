"""What is left of a map while weights become random from the top down (Adebayo 2018, arXiv:1810.03292).

P = places, C = channels, S = side, h, w = height and width of a map.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from resnet_core.attribution import CAMS, chosen_unit, method_map, watched
from resnet_core.attribution.maps import OF_A_LAYER
from resnet_core.instruments.settled import settled
from resnet_core.instruments.subject import Subject
from resnet_core.models import build_model
from resnet_core.options import RandomizedOptions
from resnet_core.saliency.explained import Explained, explained
from resnet_core.saliency_findings import Randomized

LARGEST_WINDOW = 7  # pixels: the usual one of the structural similarity; smaller maps have a smaller one


class _Place(NamedTuple):
    map: np.ndarray  # (h, w)
    probability: float


def randomized(
    subject: Subject, options: RandomizedOptions, report: Callable[[float], None] = lambda share: None
) -> Randomized:
    """One picture's map while units get initial values of another seed, from the classifier to the stem.

    The random values are those of the run's seed plus the one in the options; with 0, those that the run
    began with. Every map is of the same class and at the same unit, and a class activation map stays at its
    own resolution, signed. Each network that is random in part has its BN statistics settled anew on the
    batch that comes next: the trained network's belong to other weights. A map that is constant or not finite
    has no correlation. Raises ValueError for a picture, class or unit that is not there, and where the method
    cannot be used.
    """
    asked = explained(subject, options)
    number = chosen_unit(asked.network, options.unit) if options.method in OF_A_LAYER else None
    names, other = asked.network.plan.unit_names, _random_network(subject, options.seed)
    counts, found = places_of(len(names), options.places), []
    for count in counts:
        network = settled(replaced(subject.network, other, count), subject.batch[0])
        found.append(_place(asked._replace(network=network), options.method, number))
        report(len(found) / len(counts))
    maps, first = [place.map for place in found], found[0].map
    return Randomized(
        method=np.array(options.method),
        unit=np.array("" if number is None else names[number]),
        units=np.array([names[-count] if count else "" for count in counts]),
        counts=counts,
        maps=np.stack(maps),
        signed_rank=np.array([rank_correlation(first, map) for map in maps]),
        absolute_rank=np.array([rank_correlation(np.abs(first), np.abs(map)) for map in maps]),
        similarity=np.array([similarity(first, map) for map in maps]),
        probabilities=np.array([place.probability for place in found]),
        **asked.said,
        seed=np.int64(subject.config.seed + options.seed),
    )


def _random_network(subject: Subject, seed: int) -> nn.Module:
    config, plan = subject.config, subject.network.plan
    channels, seed = plan.inputs[0], config.seed + seed
    network = build_model(config.model, channels, plan.num_classes, seed, config.data.side)
    return network.to(subject.batch[0].device)


def _place(asked: Explained, method: str, unit: int | None) -> _Place:
    layer = None if unit is None else asked.network.units[unit]
    if method in CAMS:
        (seen,) = watched(asked.network, [layer], asked.images, asked.targets)
        maps = CAMS[method](*seen)
    else:
        maps = method_map(asked.network, layer, method, asked.images, asked.targets)
    with torch.no_grad():
        probability = asked.network(asked.images).softmax(1)[0, asked.target]
    return _Place(maps[0].cpu().numpy(), float(probability))


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
