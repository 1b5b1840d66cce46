"""Whether a race may start at all: what it needs against what is there, before any is taken. No torch."""

import os
from collections.abc import Sequence
from pathlib import Path

import psutil

from resnet_core.config import RunConfig
from resnet_core.cost import count_parameters, memory_bytes
from resnet_core.runs.durable import DiskFull, check_free_space

MAX_WAITING = 50
CUDA_SLOTS = 4


class Refused(ValueError):
    """A race that cannot be taken; the sentence names what it needs and what is there."""


def count_slots(device: str = "cpu") -> int:
    """How many runs train at once: one a core, four on a GPU; `RESNET_LAB_SLOTS` overrides."""
    chosen = os.environ.get("RESNET_LAB_SLOTS", "")
    if chosen:
        if not chosen.isdecimal() or int(chosen) < 1:
            raise ValueError(f"RESNET_LAB_SLOTS: {chosen!r} is not a number of runs of at least 1")
        return int(chosen)
    if device.startswith("cuda"):
        return CUDA_SLOTS
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def check_admission(
    configs: Sequence[RunConfig],
    folder: Path,
    waiting: int = 0,
    free_memory: int | None = None,
) -> None:
    """Raises `Refused` when the queue is full, or memory or disk would not do for this race."""
    if waiting + len(configs) > MAX_WAITING:
        raise Refused(
            f"{waiting} runs wait already and at most {MAX_WAITING} may; let some finish or stop them first"
        )
    _check_memory(configs, free_memory)
    try:
        check_free_space(folder, sum(map(disk_bytes, configs)))
    except DiskFull as error:
        raise Refused(f"this race does not fit on the disk: {error}") from None


def disk_bytes(config: RunConfig) -> int:
    """Estimated size of the finished run: numbers, weights of every checkpoint, two optimizer states."""
    training, info = config.training, config.data.info
    weights = 4 * count_parameters(config.model, info.channels, len(info.classes))
    checkpoints = training.steps // training.checkpoint_every + 2
    numbers = training.steps * (40 + 4 * 4 * config.model.depth)
    return numbers + weights * (checkpoints + 2) + 1_000_000


def _check_memory(configs: Sequence[RunConfig], free_memory: int | None) -> None:
    needed = sum(map(memory_bytes, configs))  # the arms of a race always run at once
    there = psutil.virtual_memory().available if free_memory is None else free_memory
    if needed > there:
        raise Refused(
            f"this race would need about {_gigabytes(needed)} of memory ({len(configs)} runs at once) and "
            f"{_gigabytes(there)} is free; choose a smaller batch, depth, width or image side"
        )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
