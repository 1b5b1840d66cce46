"""Multi-layer perceptrons as code: a Block of linear layers, and the Network of blocks."""

from resnet_core.architecture import Plan
from resnet_core.code.pieces import Definitions, assignments, calls, depth_sum, module_class, shape_comment
from resnet_core.code.units import Names, unit_class
from resnet_core.config import ModelConfig

NAMES = Names(ins="features", outs="features", stride="")


def mlp_definitions(plan: Plan, model: ModelConfig) -> Definitions:
    """Block, Network."""
    classes = [unit_class(plan.units[1], model, NAMES), _network(plan, model)]
    return Definitions(
        [f"BLOCKS = {model.blocks_per_stage}  # {depth_sum(model)}"], classes, "network.layer1"
    )


def _network(plan: Plan, model: ModelConfig) -> str:
    stem, unit, head = plan.units[0], plan.units[1], plan.units[-1]
    survival = f", survival=1 - (i + 1) / BLOCKS * (1 - {model.survival})" if model.survival < 1 else ""
    made = [
        *assignments(stem.ops),
        f"blocks = [Block({unit.inputs[0]}{survival}) for {'i' if survival else '_'} in range(BLOCKS)]",
        "self.layer1 = nn.Sequential(*blocks)",
        *assignments(head.ops),
    ]
    forward = [
        shape_comment(plan.inputs),
        *calls(stem.ops),
        f"x = self.layer1(x){shape_comment(unit.outputs)}",
    ]
    forward += calls(head.ops, returns=True)
    return module_class("Network", ["First layer, blocks, classifier."], "", made, forward)
