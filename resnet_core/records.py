"""What a run leaves behind, as plain numbers: no torch.

L = layers with a weight, those beside the main path included, B = units with a skip (0 in a plain net).
NaN and infinity are content: numbers travel as float32 bytes, never as JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from resnet_core.config import RunConfig


class Phase(StrEnum):
    """Where a run is in its life. DIVERGED is a result, not a mishap."""

    QUEUED = "QUEUED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    DONE = "DONE"
    STOPPED = "STOPPED"
    DIVERGED = "DIVERGED"
    FAILED = "FAILED"

    @property
    def has_ended(self) -> bool:
        return self in (Phase.DONE, Phase.STOPPED, Phase.DIVERGED, Phase.FAILED)


class Layer(NamedTuple):
    """One weight on the depth axis: `depth` counts from 1 (the stem) to the net's depth (the classifier)."""

    name: str  # torchvision's module name, such as layer1.0.conv2
    kind: str  # conv, linear, or beside the main path: projection, gate or parallel
    depth: int

    @property
    def is_beside(self) -> bool:
        """Whether it is on a way past the main path, or on one of several ways beside each other."""
        return self.kind in ("projection", "gate", "parallel")


class Layout(NamedTuple):
    """What the arrays of a run are indexed by."""

    layers: tuple[Layer, ...]
    blocks: tuple[str, ...]  # such as layer1.0

    def size(self, quantity: str) -> int:
        """How many float32 numbers one reading of `quantity` has."""
        axis = QUANTITIES[quantity]
        return {"layer": len(self.layers), "block": len(self.blocks), "evaluation": len(EVALUATION)}[axis]


EVALUATION = ("test_accuracy", "test_loss", "test_images")
SCALARS = ("loss", "accuracy", "learning_rate", "seconds")

# Every quantity a step may carry and what it is indexed by; the position is its bit on disk and on the wire,
# so new ones go to the end.
QUANTITIES: dict[str, str] = {
    "evaluation": "evaluation",
    "gradient_norm": "layer",
    "nonfinite_gradients": "layer",
    "activation_mean": "layer",
    "activation_std": "layer",
    "dead_share": "layer",
    "branch_ratio": "block",
    "update_ratio": "layer",
    "gate": "block",
    "branch_gain": "block",
    "shortcut_gradient": "block",
    "branch_gradient": "block",
    "path_cosine": "block",
}


class Evaluation(NamedTuple):
    """Test pictures in evaluation mode (running BN statistics)."""

    accuracy: float
    loss: float
    images: int


@dataclass(frozen=True, slots=True)
class Pictures:
    """The first pictures of a batch as the network saw them, and what it said.

    `images` (n, side, side, channels) uint8 before normalisation; `labels`, `predictions` (n,) class indices.
    """

    images: np.ndarray
    labels: np.ndarray
    predictions: np.ndarray


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What was measured at one step, before its update: step 0 is the initial state.

    `loss` and `accuracy` are of this step's batch, `seconds` is training time so far (pauses excluded),
    `evaluation` is taken after this step's update. `quantities` maps names in QUANTITIES to float32 arrays.
    """

    step: int
    loss: float
    accuracy: float
    learning_rate: float
    seconds: float
    evaluation: Evaluation | None = None
    quantities: Mapping[str, np.ndarray] = field(default_factory=dict)
    pictures: Pictures | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One row of the catalog: what was asked, and how far it is. Times are seconds since 1970."""

    id: str
    race_id: str
    arm: int
    config: RunConfig
    phase: Phase
    reason: str = ""  # one sentence, for people: why it failed, where it diverged, what it waits for
    created: float = 0.0
    started: float | None = None
    finished: float | None = None
    attempt: int = 0
    pid: int | None = None
    pid_created: float | None = None
    steps_done: int = 0
    go_until: int | None = None  # the worker waits before this step; None: never
    stop_requested: bool = False
    test_accuracy: float | None = None  # the last evaluation
    steps_per_second: float | None = None  # over the last steps
    queue_position: int | None = None  # 1 is next
    environment: Mapping[str, str] = field(default_factory=dict)  # device, torch, threads, ...


def encode_step(record: StepRecord) -> tuple[int, bytes]:
    """The bit set of what is present, and the float32 numbers: SCALARS, then each present quantity."""
    parts = [np.array([getattr(record, name) for name in SCALARS], np.float32)]
    present = 0
    for bit, name in enumerate(QUANTITIES):
        value = record.evaluation if name == "evaluation" else record.quantities.get(name)
        if value is not None:
            present |= 1 << bit
            parts.append(np.asarray(value, np.float32))
    return present, np.concatenate(parts).astype("<f4").tobytes()


def decode_step(step: int, present: int, numbers: bytes, layout: Layout) -> StepRecord:
    """The inverse of `encode_step`. Raises ValueError when the bytes do not fit the layout."""
    values = np.frombuffer(numbers, "<f4")
    scalars, at = values[: len(SCALARS)], len(SCALARS)
    quantities: dict[str, np.ndarray] = {}
    for bit, name in enumerate(QUANTITIES):
        if present >> bit & 1:
            quantities[name] = values[at : at + layout.size(name)]
            at += layout.size(name)
    if at != len(values):
        raise ValueError(f"step {step}: {len(values)} numbers where the layout needs {at}")
    evaluation = quantities.pop("evaluation", None)
    if evaluation is not None:
        evaluation = Evaluation(float(evaluation[0]), float(evaluation[1]), int(evaluation[2]))
    return StepRecord(step, *map(float, scalars), evaluation=evaluation, quantities=quantities)
