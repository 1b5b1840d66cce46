"""What stays in memory from the forward pass to the backward pass: the tensors that PyTorch saves. No torch.

A convolution, a matrix product, a norm, a learned factor, a pool and GELU need what they were given; ReLU,
tanh and the sigmoid what they made of it; a sum, a concatenation and a global mean nothing. A tensor that
several operations need is kept once.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from resnet_core.architecture.plan import NORMS, WEIGHTED, Op, Plan, Unit

KEEPS_INPUT = (*WEIGHTED, *NORMS, "gelu", "scale", "max pool", "mean pool", "adaptive mean")
KEEPS_OUTPUT = ("relu", "tanh", "sigmoid")
HANDS_ON = ("flatten", "drop path")  # the same numbers in the same place
INDEX_SIZE = 2  # where a max pool found its maximum, in units of a number's size
MASK_SIZE = 1 / 4  # whether dropout keeps a number


@dataclass(frozen=True, eq=False)
class _Tensor:
    count: int


class _Memory:
    """What has been kept so far; `aside` are indices and masks, in units of a number's size."""

    def __init__(self) -> None:
        self.tensors: set[_Tensor] = set()
        self.aside = 0.0

    def through_unit(self, unit: Unit, x: _Tensor) -> _Tensor:
        x = self._along(unit.before, x)
        parts = [self._along(path.ops, x) for path in unit.paths]
        return self._along(unit.after, self._merged(unit, parts) if unit.merge else parts[0])

    def _along(self, ops: Iterable[Op], x: _Tensor) -> _Tensor:
        for op in ops:
            x = self._behind(op, x)
        return x

    def _behind(self, op: Op, x: _Tensor) -> _Tensor:
        if op.kind in KEEPS_INPUT:
            self.tensors.add(x)
        if op.kind in HANDS_ON or (op.kind == "dropout" and op.value == 0):
            return x
        made = _Tensor(op.output_count)
        if op.kind in KEEPS_OUTPUT:
            self.tensors.add(made)
        self.aside += {"max pool": INDEX_SIZE, "dropout": MASK_SIZE}.get(op.kind, 0) * made.count
        return made

    def _merged(self, unit: Unit, parts: list[_Tensor]) -> _Tensor:
        if unit.merge in ("exclusive gate", "shortcut gate"):
            shortcut, branch, gate = parts
            self.tensors |= {shortcut, _Tensor(gate.count)}  # the factors of (1 - g) x
            self.tensors |= {branch, gate} if unit.merge == "exclusive gate" else set()
        return _Tensor(math.prod(unit.merged))


def kept_values(plan: Plan) -> int:
    """Numbers of one picture that stay until its backward pass, the picture itself not counted.

    Not counted either: what a norm keeps for each channel, its mean and its deviation.
    """
    memory, x = _Memory(), _Tensor(0)
    for unit in plan.units:
        x = memory.through_unit(unit, x)
    return round(sum(tensor.count for tensor in memory.tensors) + memory.aside)
