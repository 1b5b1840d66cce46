"""Networks of one number in and one out, whose gradient turns into noise with depth.

The demonstration of Balduzzi et al. 2017, the shattered gradients problem (arXiv:1702.08591).
W = 200 ReLU units a layer, P = 256 inputs on a grid over [-2, 2], at initialisation. A plain layer is
`ReLU(norm(W h))`, a block `h + beta W ReLU(BN(h))`; weights are He's, and y is a linear read-out of the last.
Centring subtracts the mean over the grid; BN also divides by the standard deviation over the grid. Both are
held fixed in dy/dx: one input among many hardly moves them.

Without norm or biases a ReLU network of one number is two straight lines, however deep: nothing shatters.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from resnet_core.findings import ScalarNets

WIDTH = 200
POINTS = 256
LAGS = 40
BIAS = 0.5  # standard deviation
EPS = 1e-5  # as in PyTorch's BatchNorm

Draw = Callable[..., Tensor]


class ScalarNet(NamedTuple):
    """One of the networks; `norm` is none, bias, centred or BN."""

    name: str
    depth: int
    norm: str
    beta: float | None = None  # what a block's branch is scaled by; None: no skips


NETS = (
    ScalarNet("plain", 1, "none"),
    ScalarNet("plain, biases", 24, "bias"),
    *(ScalarNet("plain, centred", depth, "centred") for depth in (4, 10, 24)),
    *(ScalarNet("plain, BN", depth, "BN") for depth in (4, 10, 24)),
    *(ScalarNet(f"ResNet, BN, beta = {beta:g}", 50, "BN", beta) for beta in (0.1, 1.0)),
)


def scalar_nets(seeds: int, report: Callable[[float], None] = lambda share: None) -> ScalarNets:
    """Slopes dy/dx over the grid, and their autocorrelation averaged over networks of `seeds` seeds.

    The same for the same number of seeds. The autocorrelation at a lag is the mean product of slopes that far
    apart over their variance, the mean slope of the network taken off first.
    """
    grid = torch.linspace(-2, 2, POINTS)[:, None]  # (P, 1)
    first, found = [], np.empty((seeds, len(NETS), LAGS))
    for seed in range(seeds):
        for index, net in enumerate(NETS):
            outputs, slopes = outputs_and_slopes(net, grid, seed)
            found[seed, index] = autocorrelation(slopes, LAGS)
            first += [(outputs, slopes)] if seed == 0 else []
        report((seed + 1) / seeds)
    return ScalarNets(
        names=np.array([net.name for net in NETS]),
        depths=np.array([net.depth for net in NETS]),
        grid=grid[:, 0].numpy(),
        outputs=np.stack([outputs for outputs, _ in first]),
        slopes=np.stack([slopes for _, slopes in first]),
        lags=np.arange(1, LAGS + 1),
        autocorrelation=found.mean(0),
        spread=found.std(0),
        seeds=np.int64(seeds),
    )


def outputs_and_slopes(net: ScalarNet, grid: Tensor, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """y and dy/dx of a new network at the inputs `grid` (P, 1), both (P,)."""
    draw = _gaussians(torch.Generator().manual_seed(seed))
    x = grid.clone().requires_grad_()
    y = _plain(net, x, draw) if net.beta is None else _residual(net, x, draw)
    (slopes,) = torch.autograd.grad(y.sum(), x)  # the inputs meet in statistics alone, and those are fixed
    return y.detach()[:, 0].numpy(), slopes[:, 0].numpy()


def autocorrelation(series: np.ndarray, lags: int) -> np.ndarray:
    """Of a series (P,) at the lags 1 .. `lags`: (lags,), NaN where the series is constant."""
    apart = series.astype(np.float64) - series.mean(dtype=np.float64)
    variance = (apart**2).mean()
    if variance == 0:
        return np.full(lags, np.nan)
    return np.array([(apart[:-lag] * apart[lag:]).mean() / variance for lag in range(1, lags + 1)])


def _plain(net: ScalarNet, x: Tensor, draw: Draw) -> Tensor:
    for _ in range(net.depth):
        x = x @ draw(x.shape[1], WIDTH, variance=2 / x.shape[1])  # (P, W)
        x = (x + draw(WIDTH, variance=BIAS**2) if net.norm == "bias" else _normalised(x, net.norm)).relu()
    return x @ draw(WIDTH, 1, variance=1 / WIDTH)  # (P, 1)


def _residual(net: ScalarNet, x: Tensor, draw: Draw) -> Tensor:
    x = x @ draw(1, WIDTH, variance=1)  # no ReLU behind it that would halve the variance
    for _ in range(net.depth):
        x = x + net.beta * _normalised(x, net.norm).relu() @ draw(WIDTH, WIDTH, variance=2 / WIDTH)
    return x @ draw(WIDTH, 1, variance=1 / WIDTH)  # (P, 1)


def _normalised(x: Tensor, norm: str) -> Tensor:
    fixed = x.detach()
    if norm == "none":
        return x
    x = x - fixed.mean(0)
    return x if norm == "centred" else x / (fixed.var(0, unbiased=False) + EPS).sqrt()


def _gaussians(generator: torch.Generator) -> Draw:
    def draw(*shape: int, variance: float) -> Tensor:
        return torch.randn(*shape, generator=generator) * variance**0.5

    return draw
