"""Plain and residual networks as code: a Block, a stage of blocks, and the Network of three stages."""

from resnet_core.architecture import Plan
from resnet_core.code.pieces import Definitions, assignments, calls, depth_sum, module_class, shape_comment
from resnet_core.code.units import unit_class
from resnet_core.config import ModelConfig

STAGES = (1, 2, 3)


def residual_definitions(plan: Plan, model: ModelConfig) -> Definitions:
    """Block, stage, Network."""
    block = unit_class(next(unit for unit in plan.units if unit.name == "layer2.0"), model)
    return Definitions(
        [f"BLOCKS = {model.blocks_per_stage}  # in each of three stages: {depth_sum(model)}"],
        [block, _stage(model), _network(plan)],
        f"({', '.join(f'*network.layer{stage}' for stage in STAGES)})",
    )


def _stage(model: ModelConfig) -> str:
    chances = model.survival < 1
    lines = [
        "def stage(number: int, in_channels: int, channels: int) -> nn.Sequential:",
        '    """The blocks of stage 1, 2 or 3; the first one of stages 2 and 3 halves the side."""',
        "    blocks = []",
        "    for block in range(BLOCKS):",
        "        stride = 2 if number > 1 and block == 0 else 1",
        f"        blocks.append(Block(in_channels, channels, stride{', survival' if chances else ''}))",
        "        in_channels = channels",
        "    return nn.Sequential(*blocks)",
    ]
    if chances:
        place = "        place = (number - 1) * BLOCKS + block + 1  # of all blocks, from 1"
        lines[5:5] = [place, f"        survival = 1 - place / (3 * BLOCKS) * (1 - {model.survival})"]
    return "\n".join(lines)


def _network(plan: Plan) -> str:
    stem, head = plan.units[0], plan.units[-1]
    made, forward = assignments(stem.ops), [shape_comment(plan.inputs), *calls(stem.ops)]
    for stage in STAGES:
        first = next(unit for unit in plan.units if unit.stage == f"layer{stage}")
        made.append(f"self.layer{stage} = stage({stage}, {first.inputs[0]}, {first.outputs[0]})")
        forward.append(f"x = self.layer{stage}(x){shape_comment(first.outputs)}")
    made += assignments(head.ops)
    forward += calls(head.ops, returns=True)
    return module_class("Network", ["Stem, three stages, classifier."], "", made, forward)
