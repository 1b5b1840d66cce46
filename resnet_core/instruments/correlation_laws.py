"""How alike the gradients at two unlike inputs are, against depth: laws of shattered gradients, and networks.

W = units a layer, D = inputs moved, B = inputs of a batch, K = those compared, L = layers or blocks.
Balduzzi et al. 2017 (arXiv:1702.08591) give 1/2^L for plain networks and 1/sqrt(L) with skips and BN. Why:
suppose that every ReLU is open for half of the inputs, independently at any two, so for both at once in a
quarter of all cases. With He's weights, the covariance of two gradients (and the variance of one) then goes

- plain, `ReLU(W h)`: times 1/2 (times 1) a layer. The correlation is 1/2^L.
- residual, `h + W ReLU(h)`: the branch adds 1/2 (1) to the shortcut's 1, so times 3/2 (2): (3/4)^L.
- residual with BN, `h + W ReLU(BN(h))`: BN divides the branch's part by the variance v of h. If each block
  adds 1 to it, v = l in block l: times 1 + 1/(2 l) (1 + 1/l). The correlation is the product of
  (l + 1/2) / (l + 1), which goes like 1/sqrt(L).

BN divides by less than that, though: the mean of a ReLU is the same for all inputs and no part of the
variance between them. Each block adds 1 - 1/pi, so v = 1 + (1 - 1/pi)(l - 1), and the product of
(v + 1/2) / (v + 1) goes like L^-0.73: `corrected`. And without norm, inputs grow alike on their way through
the network: ReLUs are open together more often than by chance, and gradients stay more alike than the law
says.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from resnet_core.findings import CorrelationLaws

WIDTH = 256
INPUTS = 256  # gaussian, all independent; BN and centring take their statistics of them
COMPARED = 4
DIRECTIONS = 48  # in which inputs are moved
DEPTHS = np.array((1, 2, 3, 4, 6, 8, 12, 16, 24, 32))
EPS = 1e-5  # as in PyTorch's BatchNorm


class Kind(NamedTuple):
    """A family of networks; `norm` is none, centred or BN."""

    name: str
    is_residual: bool
    norm: str

    @property
    def formula(self) -> str:
        if not self.is_residual:
            return "1/2^L"
        return "about 1/sqrt(L)" if self.norm == "BN" else "(3/4)^L"


KINDS = (
    Kind("plain", False, "none"),
    Kind("plain, centred", False, "centred"),
    Kind("plain, BN", False, "BN"),
    Kind("residual", True, "none"),
    Kind("residual, centred", True, "centred"),
    Kind("residual, BN", True, "BN"),
)


def correlation_laws(seeds: int, report: Callable[[float], None] = lambda share: None) -> CorrelationLaws:
    """Correlations of the gradients at unlike inputs in new networks of `seeds` seeds, and the laws.

    The same for the same number of seeds. Statistics of BN are held fixed in the gradients. A measured
    correlation is of networks of finite width: below about 0.01 it is chance, and can be negative.
    """
    found = np.empty((seeds, len(KINDS), len(DEPTHS)))
    for seed in range(seeds):
        found[seed] = [correlations(kind, seed) for kind in KINDS]
        report((seed + 1) / seeds)
    return CorrelationLaws(
        names=np.array([kind.name for kind in KINDS]),
        depths=DEPTHS,
        measured=found.mean(0),
        spread=found.std(0),
        laws=np.stack([law(kind, DEPTHS) for kind in KINDS]),
        corrected=np.stack([corrected_law(kind, DEPTHS) for kind in KINDS]),
        formulas=np.array([kind.formula for kind in KINDS]),
        seeds=np.int64(seeds),
    )


def law(kind: Kind, depths: np.ndarray) -> np.ndarray:
    """The correlation at each of `depths` when ReLUs are open independently and BN divides by l."""
    if kind.is_residual and kind.norm == "BN":
        return _product(np.arange(1.0, depths.max() + 1))[depths - 1]
    return (0.75 if kind.is_residual else 0.5) ** depths


def corrected_law(kind: Kind, depths: np.ndarray) -> np.ndarray:
    """The same when BN divides by the variance between inputs; NaN for networks to which this is nothing."""
    if kind.is_residual and kind.norm == "BN":
        return _product(1 + (1 - 1 / np.pi) * np.arange(depths.max()))[depths - 1]
    return np.full(len(depths), np.nan)


def correlations(kind: Kind, seed: int, width: int = WIDTH) -> np.ndarray:
    """Mean correlation over pairs of inputs at each of `DEPTHS`, of a new network.

    Of two Jacobians dh/dx it is the cosine, which compares the gradients of all units at once.
    """
    draw = torch.Generator().manual_seed(seed)
    signal = torch.randn(INPUTS, width, generator=draw)  # (B, W)
    moves = torch.randn(width, DIRECTIONS, generator=draw).expand(COMPARED, -1, -1)  # (K, W, D) dh/dx
    found = []
    for depth in range(1, DEPTHS[-1] + 1):
        weight = torch.randn(width, width, generator=draw) * (2 / width) ** 0.5
        signal, moves = _deeper(kind, weight, signal, moves)
        found += [_mean_cosine(moves)] if depth in DEPTHS else []
    return np.array(found)


def _deeper(kind: Kind, weight: Tensor, signal: Tensor, moves: Tensor) -> tuple[Tensor, Tensor]:
    """One layer or block further: signals (B, W) and what moving the inputs does to the first of them."""
    if kind.is_residual:
        branch, moved = _activated(signal, moves, kind.norm)
        return signal + branch @ weight.T, moves + weight @ moved
    return _activated(signal @ weight.T, weight @ moves, kind.norm)


def _activated(signal: Tensor, moves: Tensor, norm: str) -> tuple[Tensor, Tensor]:
    if norm != "none":
        signal = signal - signal.mean(0)
    if norm == "BN":
        scale = (signal.var(0, unbiased=False) + EPS).rsqrt()  # (W,)
        signal, moves = signal * scale, moves * scale[:, None]
    is_open = signal[:COMPARED, :, None] > 0  # (K, W, 1)
    return signal.relu(), moves * is_open


def _mean_cosine(moves: Tensor) -> float:
    flat = F.normalize(moves.flatten(1), dim=1)  # (K, W D)
    above = torch.triu_indices(len(flat), len(flat), 1)
    return (flat @ flat.T)[above[0], above[1]].mean().item()


def _product(variances: np.ndarray) -> np.ndarray:
    return np.cumprod((variances + 0.5) / (variances + 1))
