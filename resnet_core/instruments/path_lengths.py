"""The gradient at the picture by how many branches it has crossed (Veit et al. 2016, arXiv:1605.06431).

At each of n units with a skip a gradient takes the shortcut or the branch: 2^n paths. K = path lengths,
B = pictures, C = channels, S = side. In training mode: BN uses the batch's statistics.
"""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.architecture.paths import paths_of_length
from resnet_core.findings import PathLengths
from resnet_core.instruments.cut import Cut, buffers_kept, cuts, loss_gradient
from resnet_core.instruments.whole import relative_error, whole_gradients
from resnet_core.probes.gradient_norm import norms

EXACT_BLOCKS = 30  # up to here all lengths are computed: about B / 2 times the work of one backward pass
Report = Callable[[float], None]


def path_lengths(
    network: nn.Module,
    pictures: Tensor,
    labels: Tensor,
    samples: int = 3,
    *,
    lengths: int = 20,
    seed: int = 0,
    report: Report = lambda share: None,
) -> PathLengths:
    """The spectrum of path lengths for `pictures` (B, C, S, S) and `labels` (B,).

    The gradient along all paths of each length together is exact up to 30 blocks, beyond that NaN. That along
    a single path is the mean norm over `samples` different paths, for up to `lengths` lengths from 0 to B:
    of k blocks drawn from `seed` only the branch, in all others only the shortcut. Leaves weights, buffers
    and every `.grad` as they were.
    """
    with buffers_kept(network):
        whole = whole_gradients(network, pictures, labels).picture
        walk = cuts(network, pictures)
    blocks, start = len(network.plan.skip_units), loss_gradient(walk[-1].output, labels)
    is_exact = blocks <= EXACT_BLOCKS
    routes = {length: _draw(blocks, length, samples, seed) for length in _spread(blocks, lengths)}
    work = _Work(report, blocks * (blocks + 1) * is_exact + blocks * sum(map(len, routes.values())))
    by_length = _by_length(walk, start, work) if is_exact else []
    one_path = {k: np.mean([_path_norm(walk, start, route, work) for route in routes[k]]) for k in routes}
    shown = list(range(blocks + 1)) if is_exact else list(routes)
    return PathLengths(
        lengths=np.array(shown),
        counts=_counts(blocks, shown),
        carried=norms(by_length) if is_exact else np.full(len(shown), np.nan),
        one_path=np.array([one_path.get(length, np.nan) for length in shown]),
        samples=np.array([len(routes.get(length, ())) for length in shown]),
        blocks=np.int64(blocks),
        whole=norms([whole])[0],
        error=np.float64(relative_error(_sum(by_length), whole) if is_exact else np.nan),
    )


class _Work:
    """Tells the share of `steps` that is done."""

    def __init__(self, report: Report, steps: int):
        self._report, self._steps, self._done = report, max(steps, 1), 0

    def did(self, steps: int) -> None:
        self._done += steps
        self._report(min(self._done / self._steps, 1.0))


def _by_length(walk: Sequence[Cut], start: Tensor, work: _Work) -> list[Tensor]:
    found = [start]  # at the output of the unit: one gradient for each length of the way from there
    for one in reversed(walk):
        found = [one.before(gradient) for gradient in _across(one, found)]
        work.did(2 * (len(found) - 1) * one.unit.has_skip)
    return found


def _across(one: Cut, found: list[Tensor]) -> list[Tensor]:
    parts = [one.back(gradient) for gradient in found]
    if not one.unit.has_skip:
        return [rest for _, rest in parts]
    shortcuts, rests = [part[0] for part in parts], [part[1] for part in parts]
    both = [shortcut + rest for shortcut, rest in zip(shortcuts[1:], rests, strict=False)]
    return [shortcuts[0], *both, rests[-1]]


def _path_norm(walk: Sequence[Cut], start: Tensor, chosen: frozenset[int], work: _Work) -> float:
    gradient, block = start, sum(one.unit.has_skip for one in walk)
    work.did(block)
    for one in reversed(walk):
        block -= one.unit.has_skip
        is_shortcut = one.unit.has_skip and block not in chosen
        gradient = one.before(one.back_one_way(gradient, is_shortcut))
    return norms([gradient])[0]


def _spread(blocks: int, lengths: int) -> list[int]:
    return np.unique(np.linspace(0, blocks, min(lengths, blocks + 1)).round().astype(int)).tolist()


def _draw(blocks: int, length: int, samples: int, seed: int) -> list[frozenset[int]]:
    if math.comb(blocks, length) <= samples:
        return [frozenset(chosen) for chosen in combinations(range(blocks), length)]
    return list(_different(np.random.default_rng([seed, length]), blocks, length, samples))


def _different(draw: np.random.Generator, blocks: int, length: int, samples: int) -> Iterator[frozenset[int]]:
    seen = set()
    while len(seen) < samples:
        chosen = frozenset(draw.choice(blocks, length, replace=False).tolist())
        if chosen not in seen:
            seen.add(chosen)
            yield chosen


def _counts(blocks: int, lengths: Sequence[int]) -> np.ndarray:
    counts = paths_of_length(blocks)
    return np.array(
        [float(counts[length]) if counts[length] < sys.float_info.max else np.inf for length in lengths]
    )


def _sum(gradients: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(gradients)).cpu().double().sum(0)
