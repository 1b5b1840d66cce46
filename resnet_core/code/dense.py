"""DenseNets as code: a DenseLayer that adds channels, a block of such layers, a Transition, the Network."""

from collections.abc import Sequence

from resnet_core.architecture import Op, Plan, Unit
from resnet_core.architecture.dense import BOTTLENECK
from resnet_core.architecture.plan import WEIGHTED, layer_count
from resnet_core.code.pieces import (
    Definitions,
    assignments,
    calls,
    composed,
    constructor,
    depth_sum,
    indented,
    last_name,
    literal,
    module_class,
    shape_comment,
)
from resnet_core.code.units import lines_of_branch, words_of_branch
from resnet_core.config import ModelConfig

_BLOCK = '''def dense_block(in_channels: int) -> nn.Sequential:
    """Layers that each see the channels of all layers before them."""
    block = nn.Sequential()
    for layer in range(LAYERS):
        block.add_module(f"denselayer{layer + 1}", DenseLayer(in_channels + layer * GROWTH))
    return block'''


def dense_definitions(plan: Plan, model: ModelConfig) -> Definitions:
    """DenseLayer, dense_block, Transition, Network."""
    constants = [
        f"LAYERS = {model.blocks_per_stage}  # in each of three blocks: {depth_sum(model)} with weights\n"
        f"GROWTH = {model.growth}  # channels that each of them adds"
    ]
    layer = next(unit for unit in plan.units if unit.has_skip)
    transition = next(unit for unit in plan.units if "transition" in unit.name)
    return Definitions(constants, [_layer(layer), _BLOCK, _transition(transition), _network(plan)])


def _layer(unit: Unit) -> str:
    ops = unit.branches[0].ops
    made = _made(ops, [*[f"{BOTTLENECK} * GROWTH"] * (layer_count(ops) - 1), "GROWTH"])
    doc = [
        "Adds channels (Huang et al. 2017): y = [x, F(x)].",
        "",
        f"F is {words_of_branch(unit)}.",
    ]
    forward = [*lines_of_branch(unit), "return torch.cat([x, branch], dim=1)"]
    return module_class("DenseLayer", doc, "in_channels: int", made, forward)


def _transition(unit: Unit) -> str:
    ops = tuple(unit.ops)
    doc = ["Mixes the channels of a block, keeps some of them, and halves the side."]
    forward = [f"return {composed(ops, 'x')}"]
    made = _made(ops, ["channels"])
    return module_class("Transition", doc, "in_channels: int, channels: int", made, forward)


def _made(ops: Sequence[Op], outputs: Sequence[str]) -> list[str]:
    """What makes the modules; `outputs` are the channels behind each layer with weights."""
    lines, now, rest = [], "in_channels", iter(outputs)
    for op in ops:
        before, now = now, next(rest) if op.kind in WEIGHTED else now
        lines.append(f"self.{last_name(op)} = {constructor(op, before, now)}")
    return lines


def _network(plan: Plan) -> str:
    stem, head = plan.units[0], plan.units[-1]
    cut = [op.kind for op in head.ops].index("global mean")
    features, classifier = tuple(head.ops)[:cut], tuple(head.ops)[cut:]
    parts = [*_parts(tuple(stem.ops)), *_blocks(plan), *_parts(features)]
    made = ["self.features = nn.Sequential(", "    OrderedDict(", *indented(parts, 2), "    )", ")"]
    forward = [
        shape_comment(plan.inputs),
        f"x = self.features(x){shape_comment(features[-1].outputs)}",
        *calls(classifier, returns=True),
    ]
    doc = ["Stem, three dense blocks with transitions between them, classifier."]
    return module_class("Network", doc, "", [*made, *assignments(classifier)], forward)


def _parts(ops: tuple[Op, ...]) -> list[str]:
    return [f"{last_name(op)}={literal(op)},{shape_comment(op.outputs)}" for op in ops]


def _blocks(plan: Plan) -> list[str]:
    lines = []
    for stage in dict.fromkeys(unit.stage for unit in plan.units if unit.has_skip):
        layers = [unit for unit in plan.units if unit.stage == stage and unit.has_skip]
        lines.append(f"{stage}=dense_block({layers[0].inputs[0]}),{shape_comment(layers[-1].outputs)}")
        for unit in plan.units:
            if unit.stage == stage and not unit.has_skip:
                arguments = f"{unit.inputs[0]}, {unit.outputs[0]}"
                name = unit.name.rpartition(".")[2]
                lines.append(f"{name}=Transition({arguments}),{shape_comment(unit.outputs)}")
    return lines
