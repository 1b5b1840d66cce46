"""The inside of a unit: every operation with its shapes, where paths part and meet, and the formula."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from app.diagram.formula import formula_of, shape_text
from resnet_core.architecture import Op, Unit

TITLES = {
    "batch": "BN", "group": "GN", "layer": "LN", "relu": "ReLU", "gelu": "GELU", "tanh": "tanh",
    "sigmoid": "σ", "max pool": "max pool", "mean pool": "mean pool", "global mean": "mean",
    "adaptive mean": "mean pool", "flatten": "flatten", "pad": "pad", "scale": "× α", "shift": "+ β",
    "dropout": "dropout", "drop path": "drop path", "linear": "linear", "conv": "conv",
}  # fmt: skip
WEIGHTS = {"conv": 100, "linear": 100, "merge": 10}  # of what two units have in common; 1 for all else
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
    """Names of what `unit` has and `other` has not at its place in the order; "merge" is where paths meet.

    Places are set against each other so that as much as possible is in both, layers with weights first.
    """
    mine, theirs = _in_order(unit), _in_order(other)
    shared = _shared([key for key, _ in mine], [key for key, _ in theirs])
    return frozenset(name for i, (_, name) in enumerate(mine) if i not in shared)


def _shared(mine: Sequence[tuple], theirs: Sequence[tuple]) -> set[int]:
    """Which of mine are in the heaviest common subsequence."""
    best = [[0] * (len(theirs) + 1) for _ in range(len(mine) + 1)]
    for i, j in product(reversed(range(len(mine))), reversed(range(len(theirs)))):
        both = WEIGHTS.get(mine[i][1], 1) + best[i + 1][j + 1] if mine[i] == theirs[j] else 0
        best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    found, i, j = set(), 0, 0
    while i < len(mine) and j < len(theirs):
        if mine[i] == theirs[j] and best[i][j] > max(best[i + 1][j], best[i][j + 1]):
            found.add(i)
            i, j = i + 1, j + 1
        elif best[i + 1][j] == best[i][j]:
            i += 1
        else:
            j += 1
    return found


def _in_order(unit: Unit) -> list[tuple[tuple, str]]:
    """Key and name of everything; shortcut and gate apart from what is on the main path."""
    branches = [_keyed("main", op) for path in unit.branches for op in path.ops]
    merge = [(("main", "merge", unit.merge), "merge")] if unit.merge else []
    before, after = ([_keyed("main", op) for op in ops] for ops in (unit.before, unit.after))
    side = [_keyed(path.role, op) for path in unit.paths if path.role != "branch" for op in path.ops]
    return [*before, *branches, *merge, *after, *side]


def _keyed(role: str, op: Op) -> tuple[tuple, str]:
    return _key(role, op), op.name


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
