"""How much of the machine a step uses: its multiply-adds a second against those of one large product.

A multiply-add is two operations, and a backward pass costs twice a forward one. What is not a convolution
(batch norm, ReLU, additions, the optimizer) counts as no work, so 100 % is out of reach.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.settings import QUICK, endless_run
from benchmarks.step import CYCLE, watched_step
from benchmarks.table import Row
from benchmarks.turns import middle, take_turns
from resnet_core.config import RunConfig
from resnet_core.cost import count_multiply_adds
from resnet_core.device import make_deterministic, pick_device

SECONDS = 15  # for each network
SIDES = {"cpu": (512, 1024, 1536)}
SIDES_ELSEWHERE = (2048, 4096, 8192)


def measure(quick: bool = False) -> list[Row]:
    make_deterministic(threads=1)
    device, share = pick_device(), QUICK if quick else 1
    side = fastest_side(device, SIDES.get(device.type, SIDES_ELSEWHERE))
    return [
        compare(endless_run(depth=56, width=width, batch=64), device, side, SECONDS * share)
        for width in ((8,) if quick else (8, 16))
    ]


def compare(config: RunConfig, device: torch.device, side: int, seconds: float) -> Row:
    """Operations a second of our watched step over those of a product of two `side` x `side` matrices."""
    turns = take_turns([watched_step(config, device), product(side, device)], seconds, device, CYCLE)
    step = CYCLE * step_operations(config) / turns.wall[:, 0]
    peak = CYCLE * 2 * side**3 / turns.wall[:, 1]
    share = middle(100 * step / peak)
    threads = ", one thread" if device.type == "cpu" else ""
    rates = f"{middle(step).median / 1e9:.1f} of {middle(peak).median / 1e9:.1f} GFLOP/s"
    return Row(
        f"share of the matrix-multiply rate, depth {config.model.depth}, width {config.model.width}",
        share.median,
        " %",
        share.half,
        note=f"width {config.model.width}: {rates}, float32{threads} (torch.mm of {side} x {side}).",
    )


def step_operations(config: RunConfig) -> int:
    """Floating point operations of one training step, convolutions and classifier only."""
    info, data = config.data.info, config.data
    macs = count_multiply_adds(config.model, info.channels, len(info.classes), data.side)
    return 3 * 2 * macs * config.training.batch


def fastest_side(device: torch.device, sides: tuple[int, ...]) -> int:
    """The size at which this machine multiplies fastest."""
    turns = {side: take_turns([product(side, device)], 0, device, calls=2) for side in sides}
    return max(sides, key=lambda side: side**3 / turns[side].wall.min())


def product(side: int, device: torch.device) -> Callable[[], Tensor]:
    left, right = (torch.full((side, side), value, device=device) for value in (0.5, 2.0))
    result = torch.empty_like(left)
    return lambda: torch.mm(left, right, out=result)
