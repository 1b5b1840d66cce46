"""A residual unit as code: what its constructor makes, and its forward pass, line by line.

It is written from a unit that changes the shape; where others keep it, the lines ask for that themselves.
"""

from collections.abc import Sequence
from typing import NamedTuple

from resnet_core.architecture import Op, Unit
from resnet_core.architecture.plan import WEIGHTED
from resnet_core.architecture.residual import EXPANSION
from resnet_core.code.pieces import (
    composed,
    constructor,
    indented,
    last_name,
    module_class,
    word_of,
    words_of,
    wrapped,
)
from resnet_core.config import ModelConfig

_GATED = {
    "exclusive gate": "(1 - gate) * shortcut + gate * branch",
    "shortcut gate": "(1 - gate) * shortcut + branch",
}
_TAIL = ("alpha", "factor", "drop")  # what may lie between a branch and the merge
_SOURCES = {
    "none": "A plain unit",
    "identity": "A residual unit (He et al. 2015)",
    "scaled": "A residual unit with a scaled skip (He et al. 2016)",
    "gated": "A unit with gates g = sigmoid(W x + b) (Srivastava et al. 2015)",
    "conv1x1": "A residual unit with a layer of weights as its skip (He et al. 2016)",
    "dropout": "A residual unit with dropout on its skip (He et al. 2016)",
}


class Names(NamedTuple):
    """What the arguments of a unit's class are called."""

    ins: str = "in_channels"
    outs: str = "channels"
    stride: str = "stride"


NAMES = Names()


def unit_class(unit: Unit, model: ModelConfig, names: Names = NAMES) -> str:
    """The class Block, from a unit that changes the shape where there are such."""
    arguments = [f"{name}: int" for name in dict.fromkeys(names) if name]
    chances = ["survival: float"] if model.survival < 1 else []
    doc = [f"{_SOURCES[model.skip]}.", "", *wrapped(f"{formula(unit)}, where F is {words_of_branch(unit)}.")]
    is_projected = model.skip == "conv1x1" or model.shortcut == "C"
    asks = bool(unit.before) and not is_projected  # a unit that keeps its shape does without `before`
    made = _made(unit, names, "" if is_projected else f"{names.ins} != {names.outs}", asks)
    return module_class("Block", doc, ", ".join([*arguments, *chances]), made, _forward(unit, asks))


def formula(unit: Unit) -> str:
    """What the unit computes, such as y = relu(x + F(x))."""
    shortcut = "x"
    for op in unit.shortcut.ops if unit.shortcut else ():
        shortcut = {"factor": f"{op.value:g} x", "dropout": "dropout(x)"}.get(op.kind, shortcut)
        if last_name(op) == "downsample" and op.kind in WEIGHTED:
            shortcut = "W x"
    branch = "F(x)"
    for op in unit.branches[0].ops:
        branch = {"factor": f"{op.value:g} {branch}", "drop path": f"drop({branch})"}.get(op.kind, branch)
        branch = f"alpha {branch}" if last_name(op) == "alpha" else branch
    inner = {
        None: branch,
        "add": f"{shortcut} + {branch}",
        "exclusive gate": f"(1 - g) {shortcut} + g {branch}",
        "shortcut gate": f"(1 - g) {shortcut} + {branch}",
    }[unit.merge]
    for op in unit.after:
        inner = f"{word_of(op)}({inner})"
    return f"y = {inner}"


def words_of_branch(unit: Unit) -> str:
    """What F is made of, such as conv-bn-relu-conv-bn."""
    return words_of((*unit.before, *unit.branches[0].ops))


def lines_of_branch(unit: Unit, has_begun: bool = False) -> list[str]:
    """The branch in lines of one layer each, from x or, if it has begun already, from `branch`."""
    ops = unit.branches[0].ops
    tail = [op for op in ops if last_name(op) in _TAIL]
    lines, source = [], "branch" if has_begun else "x"
    for group in [*_groups(unit, ops[: len(ops) - len(tail)]), *([tail] if tail else [])]:
        lines.append(f"branch = {composed(group, source)}")
        source = "branch"
    return lines


def _made(unit: Unit, names: Names, changes: str, asks: bool) -> list[str]:
    """The constructor; `changes` is the condition under which the shape changes, if that matters."""
    lines = [f"self.changes_shape = {changes}"] if asks else []
    lines += _made_of_branch(unit, names)
    if unit.shortcut:
        lines += _made_of_shortcut(unit.shortcut.ops, "self.changes_shape" if asks else changes, names)
    gates = (path.ops[0] for path in unit.paths if path.role == "gate")
    lines += [_assignment(op, *names) for op in gates]
    return lines + [_assignment(op, names.outs, names.outs) for op in unit.after]


def _forward(unit: Unit, asks: bool) -> list[str]:
    # With a gate three ways part: in this order their gradients also come together as in the lab.
    first = [f"shortcut = {_shortcut(unit)}"] if unit.merge in _GATED else []
    return _returned([*_start(unit, asks), *first, *lines_of_branch(unit, asks), *_merge(unit)])


def _assignment(op: Op, ins: str, outs: str, stride: str = "") -> str:
    return f"self.{last_name(op)} = {constructor(op, ins, outs, stride)}"


def _made_of_branch(unit: Unit, names: Names) -> list[str]:
    ops = [op for op in (*unit.before, *unit.branches[0].ops) if op.kind != "factor"]
    layers = [op for op in ops if op.kind in WEIGHTED]
    inner = names.outs if layers[0].outputs == layers[-1].outputs else "width"
    now, lines = names.ins, [f"width = {names.outs} // {EXPANSION}"] if inner == "width" else []
    for op in ops:
        if op.kind in WEIGHTED:
            before, now = now, names.outs if op is layers[-1] else inner
            lines.append(_assignment(op, before, now, names.stride if op.stride > 1 else ""))
        else:
            lines.append(_assignment(op, now, now))
    return lines


def _made_of_shortcut(ops: Sequence[Op], condition: str, names: Names) -> list[str]:
    """What changes the shape, wherever `condition` holds, and dropout."""
    dropout = [_assignment(op, "", "") for op in ops if op.kind == "dropout"]
    changing = [op for op in ops if _is_downsample(op)]
    if not changing:
        return dropout
    if last_name(changing[0]) == "downsample":
        made = [_assignment(changing[0], *names)]
    else:
        written = [constructor(changing[0], *names)]
        written += [constructor(op, names.outs, names.outs) for op in changing[1:]]
        made = ["self.downsample = nn.Sequential(", *indented(f"{each}," for each in written), ")"]
    if not condition:
        return [*made, *dropout]
    return ["self.downsample = nn.Identity()", f"if {condition}:", *indented(made), *dropout]


def _is_downsample(op: Op) -> bool:
    return "downsample" in op.name.split(".")


def _start(unit: Unit, asks: bool) -> list[str]:
    """What lies before shortcut and branch part, in some of the units or in all."""
    if not unit.before:
        return []
    if not asks:
        return [f"x = {composed(unit.before, 'x')}"]
    together = "x = branch  # a projection begins with what the branch begins with"
    return [f"branch = {composed(unit.before, 'x')}", "if self.changes_shape:", f"    {together}"]


def _groups(unit: Unit, ops: Sequence[Op]) -> list[list[Op]]:
    """The operations in lines of one layer each, cut where the unit's first operation comes again."""
    first, found = (*unit.before, *ops)[0].kind, []
    for op in ops:
        starts = op.kind == first and not last_name(op).endswith("b")  # shift1a begins, shift1b goes on
        if starts or not found:
            found.append([])
        found[-1].append(op)
    return found


def _returned(lines: list[str]) -> list[str]:
    """Without a last line that only returns what the line before it made."""
    if lines[-1] != "return branch":
        return lines
    return [*lines[:-2], lines[-2].replace("branch =", "return", 1)]


def _shortcut(unit: Unit) -> str:
    """What goes past the branch, as an expression of x."""
    ops = unit.shortcut.ops
    inner = "self.downsample(x)" if any(map(_is_downsample, ops)) else "x"
    return composed((op for op in ops if not _is_downsample(op)), inner)


def _merge(unit: Unit) -> list[str]:
    if unit.shortcut is None:
        return [f"return {composed(unit.after, 'branch')}"]
    if unit.merge == "add":
        return [f"return {composed(unit.after, f'{_shortcut(unit)} + branch')}"]
    gate = "gate = torch.sigmoid(self.gate(x))  # between 0 and 1"
    return [gate, f"return {composed(unit.after, _GATED[unit.merge])}"]
