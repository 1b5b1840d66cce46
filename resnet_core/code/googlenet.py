"""GoogLeNet as code: a convolution with norm and activation, the Inception module, the Network."""

from resnet_core.architecture import Plan, Unit
from resnet_core.architecture.plan import WEIGHTED
from resnet_core.code.pieces import (
    Definitions,
    assignments,
    calls,
    composed,
    constructor,
    convolution_of,
    last_name,
    literal,
    module_class,
    shape_comment,
    words_of,
)
from resnet_core.config import ModelConfig

_INCEPTION = '''class Inception(nn.Module):
    """Four ways side by side, and their channels one after the other (Szegedy et al. 2015).

    1x1; 1x1 and 3x3; 1x1 and 5x5; max pool and 1x1. The 1x1 convolutions before the others save work.
    """

    def __init__(self, in_channels: int, one: int, three: list[int], five: list[int], pooled: int):
        super().__init__()
        self.branch1 = Convolution(in_channels, one, 1)
        self.branch2 = nn.Sequential(
            Convolution(in_channels, three[0], 1),
            Convolution(three[0], three[1], 3),
        )
        self.branch3 = nn.Sequential(
            Convolution(in_channels, five[0], 1),
            Convolution(five[0], five[1], 5),
        )
        self.branch4 = nn.Sequential(
            {pool},
            Convolution(in_channels, pooled, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], dim=1)'''


def googlenet_definitions(plan: Plan, model: ModelConfig) -> Definitions:
    """Convolution, Inception, Network."""
    module = next(unit for unit in plan.units if unit.merge)
    pool = literal(module.branches[3].ops[0])
    return Definitions([], [_convolution(module), _INCEPTION.format(pool=pool), _network(plan)])


def _convolution(module: Unit) -> str:
    conv, *others = module.branches[0].ops
    made = [f"self.conv = {convolution_of(conv)}"]
    made += [f"self.{last_name(op)} = {constructor(op, 'channels', 'channels')}" for op in others]
    doc = [f"{words_of((conv, *others))}; the side stays."]
    forward = [f"return {composed((conv, *others), 'x')}"]
    return module_class("Convolution", doc, "in_channels: int, channels: int, kernel: int", made, forward)


def _network(plan: Plan) -> str:
    stem, *middle, head = plan.units
    made, forward = [], [shape_comment(plan.inputs)]
    for op in stem.ops:
        if op.kind == "conv":
            name = op.name.partition(".")[0]
            made.append(f"self.{name} = Convolution({op.inputs[0]}, {op.outputs[0]}, {op.kernel})")
            forward.append(f"x = self.{name}(x){shape_comment(op.outputs)}")
    for unit in middle:
        made += [f"self.{unit.name} = {_inception(unit)}"] if unit.merge else assignments(unit.ops)
        name = unit.name or last_name(next(unit.ops))
        forward.append(f"x = self.{name}(x){shape_comment(unit.outputs)}")
    forward += calls(head.ops, returns=True)
    doc = ["Three convolutions, nine inception modules, classifier."]
    return module_class("Network", doc, "", [*made, *assignments(head.ops)], forward)


def _inception(unit: Unit) -> str:
    one, three, five, pooled = (
        [op.outputs[0] for op in path.ops if op.kind in WEIGHTED] for path in unit.branches
    )
    return f"Inception({unit.inputs[0]}, {one[0]}, {three}, {five}, {pooled[0]})"
