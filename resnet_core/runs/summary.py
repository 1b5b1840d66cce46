"""A run in one flat JSON object: what was asked, how it ended, what came out."""

import math
from typing import Any

from resnet_core.config import to_flat
from resnet_core.records import RunInfo


def summarize(info: RunInfo) -> dict[str, Any]:
    """Plain values by name. JSON has no NaN, so what is not a finite number is None."""
    return {
        "run_id": info.id,
        "race_id": info.race_id,
        "arm": info.arm,
        "phase": info.phase.value,
        "reason": info.reason,
        "steps_done": info.steps_done,
        "test_accuracy": finite_or_none(info.test_accuracy),
        "steps_per_second": finite_or_none(info.steps_per_second),
        "created": info.created,
        "started": info.started,
        "finished": info.finished,
        "settings": to_flat(info.config),
        "environment": dict(info.environment),
    }


def finite_or_none(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
