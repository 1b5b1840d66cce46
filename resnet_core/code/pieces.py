"""Lines of exported code: the constructor of an operation's module, calls inside each other, classes.

What stands for a number of channels is text: `16`, or the name of a parameter such as `channels`.
"""

import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from resnet_core.architecture.plan import ACTIVATIONS, GROUPS, NORMS, WEIGHTED, Op, Shape
from resnet_core.config import ModelConfig
from resnet_core.members import depth_rule

COLUMNS = 100  # of a docstring's lines
_ACTIVATIONS = {"relu": "nn.ReLU()", "gelu": "nn.GELU()", "tanh": "nn.Tanh()", "sigmoid": "nn.Sigmoid()"}
_EXPRESSIONS = ("global mean", "flatten", "factor")  # written as expressions, without a module of their own


def word_of(op: Op) -> str:
    """A layer as one says it."""
    return {"batch": "bn", "group": "norm", "layer": "norm"}.get(op.kind, op.kind)


def words_of(ops: Iterable[Op]) -> str:
    """Layers as one says them, such as conv-bn-relu."""
    return "-".join(word_of(op) for op in ops if op.kind in (*WEIGHTED, *NORMS, *ACTIVATIONS))


class Definitions(NamedTuple):
    """What a family writes: constants, classes (Network the last), all units with a skip as an expression."""

    constants: list[str]
    classes: list[str]
    blocks: str = ""


def last_name(op: Op) -> str:
    """Its name within its unit or container."""
    return op.name.rpartition(".")[2]


def constructor(op: Op, ins: str, outs: str, stride: str = "") -> str:
    """What makes the module of `op`, with `ins` and `outs` channels or features."""
    if op.kind == "conv":
        return f"nn.Conv2d({', '.join(_conv_arguments(op, ins, outs, stride))})"
    if op.kind == "linear":
        return f"nn.Linear({ins}, {outs}{'' if op.bias else ', bias=False'})"
    if op.kind in NORMS:
        return _norm(op, ins)
    if op.kind in ACTIVATIONS:
        return _ACTIVATIONS[op.kind]
    return _without_weights(op, ins, outs, stride)


def has_module(op: Op) -> bool:
    """Whether the exported code makes a module for it."""
    return op.kind not in _EXPRESSIONS


def convolution_of(op: Op) -> str:
    """The constructor of a convolution like `op`, of channels and a kernel that are parameters."""
    return f"nn.Conv2d(in_channels, channels, kernel, padding=kernel // 2{'' if op.bias else ', bias=False'})"


def composed(ops: Iterable[Op], inner: str) -> str:
    """The operations one after the other as one expression, the last one outermost."""
    for op in ops:
        if op.kind == "factor":
            inner = f"{op.value} * {inner}"
        elif op.kind == "global mean":
            inner = f"{inner}.mean(dim=(2, 3))"
        elif op.kind == "flatten":
            inner = f"{inner}.flatten(1)"
        else:
            inner = f"self.{last_name(op)}({inner})"
    return inner


def assignments(ops: Iterable[Op]) -> list[str]:
    """What makes the modules of `ops`, with numbers for their channels."""
    return [f"self.{last_name(op)} = {literal(op)}" for op in ops if has_module(op)]


def literal(op: Op) -> str:
    """The constructor of `op` with its own numbers."""
    return constructor(op, str(op.inputs[0]), str(op.outputs[0]))


def calls(ops: Iterable[Op], returns: bool = False) -> list[str]:
    """x through `ops` line by line, with the shapes; what has no module has a line of its own."""
    groups = [list(group) for _, group in groupby(ops, key=lambda op: None if has_module(op) else op)]
    lines = [f"x = {composed(group, 'x')}{shape_comment(group[-1].outputs)}" for group in groups]
    return [*lines[:-1], lines[-1].replace("x =", "return", 1)] if returns else lines


def shape_comment(shape: Shape) -> str:
    return f"  # (B, {', '.join(map(str, shape))})"


def depth_sum(model: ModelConfig) -> str:
    """How the depth comes about, such as 6 * 9 + 2 = 56 layers."""
    rule = depth_rule(model)
    return f"{rule.step} * {model.blocks_per_stage} + {rule.offset} = {model.depth} layers"


def indented(lines: Iterable[str], depth: int = 1) -> list[str]:
    return [f"{'    ' * depth}{line}" if line else "" for line in lines]


def module_class(
    name: str, doc: Sequence[str], arguments: str, made: Sequence[str], forward: Sequence[str]
) -> str:
    """A module's class; `made` are the lines of its constructor, `forward` those of a forward pass.

    The first line of `forward` may be a comment for its head: the shape of x.
    """
    remark = forward[0] if forward[0].startswith("  #") else ""
    body = forward[1:] if remark else forward
    lines = [
        *docstring(doc),
        "",
        f"def __init__({', '.join(filter(None, ('self', arguments)))}):",
        *indented(["super().__init__()", *made]),
        "",
        f"def forward(self, x: Tensor) -> Tensor:{remark}",
        *indented(body),
    ]
    return "\n".join([f"class {name}(nn.Module):", *indented(lines)])


def docstring(lines: Sequence[str]) -> list[str]:
    """One line, or a first sentence and more below it."""
    if len(lines) == 1:
        return [f'"""{lines[0]}"""']
    return [f'"""{lines[0]}', *lines[1:], '"""']


def wrapped(text: str) -> list[str]:
    """Words of a docstring in lines of a comfortable width."""
    return textwrap.wrap(text, COLUMNS, break_long_words=False, break_on_hyphens=False)


def _conv_arguments(op: Op, ins: str, outs: str, stride: str) -> list[str]:
    found = [ins, outs, str(op.kernel)]
    if stride or op.stride > 1:
        found.append(stride or f"stride={op.stride}")
    if op.padding:
        found.append(f"padding={op.padding}")
    if op.groups > 1:
        found.append(f"groups={op.groups}")
    return found if op.bias else [*found, "bias=False"]


def _norm(op: Op, channels: str) -> str:
    if op.kind == "batch":
        return f"nn.BatchNorm{'2d' if len(op.inputs) == 3 else '1d'}({channels})"
    if op.kind == "layer":
        return f"nn.GroupNorm(1, {channels})"
    groups = op.groups_of_norm if channels.isdigit() else f"math.gcd({channels}, {GROUPS})"
    return f"nn.GroupNorm({groups}, {channels})"


def _without_weights(op: Op, ins: str, outs: str, stride: str) -> str:
    if op.kind in ("max pool", "mean pool"):
        name = "MaxPool2d" if op.kind == "max pool" else "AvgPool2d"
        padding = f", padding={op.padding}" if op.padding else ""
        return (
            f"nn.{name}({op.kernel}, stride={op.stride}{padding}{', ceil_mode=True' if op.is_ceiled else ''})"
        )
    made = {
        "pad": f"PaddedShortcut({ins}, {outs}, {stride})",
        "adaptive mean": f"nn.AdaptiveAvgPool2d({op.outputs[1:]})",
        "scale": f"Scale({op.value})",
        "shift": "Shift()",
        "dropout": f"nn.Dropout({op.value})",
        "drop path": "DropPath(survival)",
    }
    return made[op.kind]
