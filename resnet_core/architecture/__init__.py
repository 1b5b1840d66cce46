"""Plans of networks: what is in them, without building them."""

from functools import lru_cache

from resnet_core.architecture.plan import Op, Path, Plan, Unit
from resnet_core.architecture.residual import residual_plan
from resnet_core.config import ModelConfig

__all__ = ["Op", "Path", "Plan", "Unit", "plan_of"]


@lru_cache(maxsize=128)
def plan_of(model: ModelConfig, in_channels: int, num_classes: int, side: int) -> Plan:
    """The plan of `model` for pictures (in_channels, side, side)."""
    return residual_plan(model, (in_channels, side, side), num_classes)
