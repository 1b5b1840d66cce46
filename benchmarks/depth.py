"""How the time of a step grows with depth: the exponent p of seconds ~ depth^p, a line through the logs."""

from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.settings import QUICK, endless_run
from benchmarks.step import CYCLE, watched_step
from benchmarks.table import Row
from benchmarks.turns import middle, take_turns
from resnet_core.device import make_deterministic, pick_device

BOUND = 1.1
DEPTHS = (20, 56, 110)
SECONDS = 40


def measure(quick: bool = False) -> list[Row]:
    make_deterministic(threads=1)
    return [compare(DEPTHS, pick_device(), SECONDS * (QUICK if quick else 1))]


def compare(depths: Sequence[int], device: torch.device, seconds: float, **settings: object) -> Row:
    """The exponent of our watched step over `depths`."""
    sides = [watched_step(endless_run(depth=depth, **settings), device) for depth in depths]
    turns = take_turns(sides, seconds, device, CYCLE)
    found = middle([exponent(depths, round_) for round_ in turns.wall])
    each = ", ".join(
        f"{1000 * s / CYCLE:.1f} ms at depth {d}"
        for d, s in zip(depths, np.median(turns.wall, axis=0), strict=True)
    )
    return Row(
        f"growth of step time with depth, {' to '.join(map(str, depths))}",
        found.median,
        bound=BOUND,
        middle=found.half,
        note=f"the exponent p of time ~ depth^p, all probes on; a step takes {each} "
        f"({len(turns.wall)} rounds of {CYCLE} steps of each).",
    )


def exponent(depths: Sequence[int], seconds: Sequence[float]) -> float:
    """The slope of log seconds over log depth."""
    return float(np.polyfit(np.log(depths), np.log(seconds), 1)[0])
