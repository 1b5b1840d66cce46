"""Timing on machines that are never quiet: the sides take turns, and ratios are formed within a round.

R = rounds, K = sides. Whatever slows the machine for a second slows all sides of that round alike, so the
median of the rounds' ratios stays where it is.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch

from resnet_core.device import synchronize

MIN_ROUNDS = 3


class Middle(NamedTuple):
    """The median, and the quartiles around it."""

    median: float
    low: float
    high: float

    @property
    def half(self) -> tuple[float, float]:
        return self.low, self.high


class Turns(NamedTuple):
    """Seconds of each side in each round, (R, K): on the clock, and of this thread's processor."""

    wall: np.ndarray
    processor: np.ndarray

    def ratio(self, one: int, other: int) -> Middle:
        """How many times as long `one` took as `other`."""
        return middle(self.wall[:, one] / self.wall[:, other])

    def processor_ratio(self, one: int, other: int) -> float:
        return float(np.median(self.processor[:, one] / self.processor[:, other]))


def middle(values: Sequence[float]) -> Middle:
    low, median, high = np.quantile(np.asarray(values, float), (0.25, 0.5, 0.75))
    return Middle(float(median), float(low), float(high))


def take_turns(
    sides: Sequence[Callable[[], object]],
    seconds: float,
    device: torch.device,
    calls: int = 10,
    calls_a_turn: int | None = None,
) -> Turns:
    """Rounds of `calls` calls of each side for about `seconds`, after one turn that is not counted.

    A turn is one call on a CPU. Elsewhere it is the whole round, since waiting for the device after each
    call would hide what runs side by side.
    """
    turn = calls_a_turn or (1 if device.type == "cpu" else calls)
    _round(sides, turn, turn, device)
    rounds, end = [], time.perf_counter() + seconds
    while len(rounds) < MIN_ROUNDS or time.perf_counter() < end:
        rounds.append(_round(sides, calls, turn, device))
    wall, processor = np.array(rounds).transpose(1, 0, 2)  # (R, 2, K)
    return Turns(wall, processor)


def _round(
    sides: Sequence[Callable[[], object]], calls: int, turn: int, device: torch.device
) -> tuple[list[float], list[float]]:
    wall, processor = [0.0] * len(sides), [0.0] * len(sides)
    for number in range(calls // turn):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for side in order:  # who goes first changes, too
            spent = _timed(sides[side], turn, device)
            wall[side] += spent[0]
            processor[side] += spent[1]
    return wall, processor


def _timed(call: Callable[[], object], times: int, device: torch.device) -> tuple[float, float]:
    synchronize(device)
    processor, wall = time.thread_time(), time.perf_counter()
    for _ in range(times):
        call()
    synchronize(device)
    return time.perf_counter() - wall, time.thread_time() - processor
