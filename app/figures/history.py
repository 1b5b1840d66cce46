"""What is known of one run up to a step, as arrays a figure can draw.

R = readings of a quantity, L = layers, B = blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from resnet_core.records import QUANTITIES, Layer, Layout, StepRecord


@dataclass(frozen=True, slots=True)
class Readings:
    """One quantity over time: `steps` (R,), `values` (R, L) or (R, B)."""

    steps: np.ndarray
    values: np.ndarray

    def until(self, step: float) -> "Readings":
        known = int(np.searchsorted(self.steps, step, side="right"))
        return Readings(self.steps[:known], self.values[:known])


@dataclass(frozen=True, slots=True)
class History:
    """One run: `steps`, `loss` (one number a recorded step), `evaluation` and the probes' readings."""

    steps: np.ndarray
    loss: np.ndarray
    accuracy: Readings  # test accuracy, values (R, 1)
    layers: tuple[Layer, ...] = ()
    blocks: tuple[str, ...] = ()
    readings: dict[str, Readings] = field(default_factory=dict)
    planned_steps: int = 0

    def until(self, step: float) -> "History":
        """Only what was known at `step`."""
        known = int(np.searchsorted(self.steps, step, side="right"))
        readings = {name: reading.until(step) for name, reading in self.readings.items()}
        return History(
            self.steps[:known], self.loss[:known], self.accuracy.until(step),
            self.layers, self.blocks, readings, self.planned_steps,
        )  # fmt: skip


def history_of(records: Sequence[StepRecord], layout: Layout | None, planned_steps: int = 0) -> History:
    """The arrays of a run from its stored steps. A run without steps, or without a layout yet, is empty."""
    evaluated = [record for record in records if record.evaluation is not None]
    accuracy = np.array([[record.evaluation.accuracy] for record in evaluated], np.float64).reshape(-1, 1)
    readings = {}
    for name in QUANTITIES:
        read = [record for record in records if name in record.quantities]
        if read:
            values = np.stack([record.quantities[name] for record in read])
            readings[name] = Readings(np.array([record.step for record in read]), values)
    return History(
        np.array([record.step for record in records], np.int64),
        np.array([record.loss for record in records], np.float64),
        Readings(np.array([record.step for record in evaluated], np.int64), accuracy),
        layout.layers if layout else (),
        layout.blocks if layout else (),
        readings,
        planned_steps,
    )
