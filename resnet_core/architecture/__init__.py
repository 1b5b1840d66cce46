"""Plans of networks: what is in them, without building them."""

from collections.abc import Callable
from functools import lru_cache

from resnet_core.architecture.ancestors import alexnet_plan, vgg_plan
from resnet_core.architecture.dense import dense_plan
from resnet_core.architecture.googlenet import googlenet_plan
from resnet_core.architecture.mlp import mlp_plan
from resnet_core.architecture.plan import Op, Path, Plan, Shape, Unit
from resnet_core.architecture.residual import residual_plan
from resnet_core.config import ModelConfig
from resnet_core.members import kind_of

__all__ = ["Op", "Path", "Plan", "Unit", "plan_of"]

_PLANS: dict[str, Callable[[ModelConfig, Shape, int], Plan]] = {
    "resnet": residual_plan,
    "dense": dense_plan,
    "mlp": mlp_plan,
    "alexnet": alexnet_plan,
    "vgg": vgg_plan,
    "googlenet": googlenet_plan,
}


@lru_cache(maxsize=128)
def plan_of(model: ModelConfig, in_channels: int, num_classes: int, side: int) -> Plan:
    """The plan of `model` for pictures (in_channels, side, side)."""
    return _PLANS[kind_of(model)](model, (in_channels, side, side), num_classes)
