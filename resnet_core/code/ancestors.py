"""AlexNet and VGG as code: the lists of layers that they are."""

from collections.abc import Sequence

from resnet_core.architecture import Op, Plan
from resnet_core.architecture.plan import ACTIVATIONS, NORMS
from resnet_core.code.pieces import (
    Definitions,
    constructor,
    convolution_of,
    indented,
    literal,
    module_class,
    shape_comment,
    words_of,
)
from resnet_core.config import ModelConfig


def ancestor_definitions(plan: Plan, model: ModelConfig) -> Definitions:
    """convolution, Network."""
    return Definitions([], [_convolution(plan.units[0].branches[0].ops), _network(plan)])


def _convolution(ops: Sequence[Op]) -> str:
    """A convolution and what always follows it."""
    conv, *others = ops[: _end(ops)]
    made = [convolution_of(conv), *(constructor(op, "channels", "channels") for op in others)]
    lines = [
        f'"""{words_of((conv, *others))}; the side stays."""',
        "return [",
        *indented(f"{each}," for each in made),
        "]",
    ]
    head = "def convolution(in_channels: int, channels: int, kernel: int) -> list[nn.Module]:"
    return "\n".join([head, *indented(lines)])


def _end(ops: Sequence[Op]) -> int:
    """Where the first convolution with its norm and activation ends."""
    return next(i for i, op in enumerate(ops) if i and op.kind not in (*NORMS, *ACTIVATIONS))


def _network(plan: Plan) -> str:
    *groups, head = plan.units
    features = [op for unit in groups for op in unit.ops]
    flatten, *classifier = head.ops
    made = [
        "self.features = nn.Sequential(",
        *indented(_features(features)),
        ")",
        "self.classifier = nn.Sequential(",
        *indented(f"{literal(op)},{shape_comment(op.outputs)}" for op in classifier),
        ")",
    ]
    forward = [
        shape_comment(plan.inputs),
        f"x = self.features(x){shape_comment(flatten.inputs)}",
        f"x = x.flatten(1){shape_comment(flatten.outputs)}",
        f"return self.classifier(x){shape_comment((plan.num_classes,))}",
    ]
    convolutions = sum(op.kind == "conv" for op in features)
    doc = f"{convolutions} convolutions, {plan.depth - convolutions} linear layers."
    return module_class("Network", [doc], "", made, forward)


def _features(ops: Sequence[Op]) -> list[str]:
    """A line for each convolution, with what always follows it, and for each pool."""
    lines = []
    for op in ops:
        if op.kind == "conv":
            sizes = f"{op.inputs[0]}, {op.outputs[0]}, {op.kernel}"
            lines.append(f"*convolution({sizes}),{shape_comment(op.outputs)}")
        elif op.kind not in (*NORMS, *ACTIVATIONS):
            lines.append(f"{literal(op)},{shape_comment(op.outputs)}")
    return lines
