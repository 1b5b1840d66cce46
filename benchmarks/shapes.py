"""How many pictures with masks are drawn in a second of one core."""

import time

import numpy as np

from benchmarks.settings import QUICK
from benchmarks.table import Row
from benchmarks.turns import MIN_ROUNDS, middle
from resnet_core.data.shapes import DIFFICULTY, shapes

BOUND = 20_000  # a second, at 16 pixels
SECONDS = 5
PICTURES = {16: 4_000, 64: 250}  # a round, by side


def measure(quick: bool = False) -> list[Row]:
    seconds = SECONDS * QUICK if quick else SECONDS
    return [drawn_per_second(side, count, seconds) for side, count in PICTURES.items()]


def drawn_per_second(side: int, count: int, seconds: float) -> Row:
    """Rounds of `count` pictures for about `seconds`, at the usual difficulty, never the same ones."""
    rates, start = [], time.perf_counter()
    while len(rates) < MIN_ROUNDS or time.perf_counter() - start < seconds:
        numbers = np.arange(count * len(rates), count * (len(rates) + 1))
        before = time.process_time()
        shapes(numbers, side)
        rates.append(count / (time.process_time() - before))
    found = middle(rates)
    return Row(
        f"pictures of shapes a second, {side} pixels",
        found.median,
        "",
        found.half,
        BOUND if side == 16 else None,
        "higher",
        f"{side} pixels: difficulty {DIFFICULTY:g}, with masks, in processor time of one core; "
        f"{count:,} pictures a round.",
    )
