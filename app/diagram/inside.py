"""The inside of a unit: every operation with its shapes, where paths part and meet, and the formula."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from app.diagram.formula import formula_of, shape_text
from resnet_core.architecture import Op, Unit

TITLES = {
    "batch": "BN", "group": "GN", "layer": "LN", "relu": "ReLU", "gelu": "GELU", "tanh": "tanh",
    "sigmoid": "σ", "max pool": "max pool", "mean pool": "mean pool", "global mean": "mean",
    "adaptive mean": "mean pool", "flatten": "flatten", "pad": "pad", "scale": "× α", "shift": "+ β",
    "dropout": "dropout", "drop path": "drop path", "linear": "linear", "conv": "conv",
}  # fmt: skip
SIGNS = {"add": "+", "exclusive gate": "g", "shortcut gate": "g", "concatenate": "[ ]"}
MERGES = {
    "add": "added",
    "exclusive gate": "gated: g of the branch, 1 − g of the shortcut",
    "shortcut gate": "gated: all of the branch, 1 − g of the shortcut",
    "concatenate": "concatenated",
}


def inside_of(unit: Unit) -> dict[str, Any]:
    """All that the page shows of a unit, as plain data."""
    return {
        "inputs": shape_text(unit.inputs),
        "outputs": shape_text(unit.outputs),
        "before": [_op(op, unit) for op in unit.before],
        "paths": [{"role": path.role, "ops": [_op(op, unit) for op in path.ops]} for path in unit.paths],
        "after": [_op(op, unit) for op in unit.after],
        "sign": SIGNS.get(unit.merge, ""),
        "merge": MERGES.get(unit.merge, ""),
        "formula": formula_of(unit)._asdict(),
        "parameters": sum(op.parameter_count for op in unit.ops),
        "multiplyAdds": sum(op.multiply_adds for op in unit.ops),
    }


def unlike_ops(unit: Unit, other: Unit) -> frozenset[str]:
    """Names of the operations of `unit` that `other` does not have at their place in the order."""
    mine, theirs = _in_order(unit), _in_order(other)
    matcher = SequenceMatcher(None, [key for key, _ in mine], [key for key, _ in theirs], autojunk=False)
    shared = {i for block in matcher.get_matching_blocks() for i in range(block.a, block.a + block.size)}
    return frozenset(op.name for i, (_, op) in enumerate(mine) if i not in shared)


def _in_order(unit: Unit) -> list[tuple[tuple, Op]]:
    """Shortcut and gate apart from what is on the main path, whether before, in or after the branch."""
    main = [*unit.before, *(op for path in unit.branches for op in path.ops), *unit.after]
    side = [(path.role, op) for path in unit.paths if path.role != "branch" for op in path.ops]
    return [(_key(role, op), op) for role, op in (*(("main", op) for op in main), *side)]


def _key(role: str, op: Op) -> tuple:
    shape = (op.inputs, op.outputs) if op.kind in ("conv", "linear", "pad") else ()
    value = op.value if op.kind in ("factor", "dropout") else 0.0
    return (role, op.kind, shape, op.kernel, op.stride, op.groups, op.bias, value)


def _op(op: Op, unit: Unit) -> dict[str, Any]:
    return {
        "name": op.name.removeprefix(f"{unit.name}.") if unit.name else op.name,
        "kind": op.kind,
        "title": _title(op),
        "note": _note(op),
        "outputs": shape_text(op.outputs),
        "weights": [f"{name} {shape_text(shape)}" for name, shape in op.parameters.items()],
        "parameters": op.parameter_count,
        "multiplyAdds": op.multiply_adds,
    }


def _title(op: Op) -> str:
    if op.kind == "factor":
        return f"× {op.value:g}"
    if op.kind == "conv" or (op.kind.endswith("pool") and op.kernel):
        return f"{TITLES[op.kind]} {op.kernel}×{op.kernel}"
    return TITLES[op.kind]


def _note(op: Op) -> str:
    notes: Sequence[str] = (
        f"stride {op.stride}" if op.stride > 1 else "",
        f"{op.groups} groups" if op.groups > 1 else "",
        f"{op.value:g} of it" if op.kind == "dropout" else "",
        f"takes part: {op.value:.3g}" if op.kind == "drop path" else "",
        f"starts at {op.value:g}" if op.kind == "scale" else "",
    )
    return ", ".join(filter(None, notes))
