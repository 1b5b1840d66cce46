"""A plan as a table: shape, parameters, multiply-adds, receptive field and memory, layer by layer. No torch.

The receptive field is that of one number of the output, in pixels of the input's side: a kernel of k adds
(k - 1) times the distance, in pixels, of two neighbours in what it reads. Through the skips there are many
ways; the table has the smallest and the largest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, get_args

from resnet_core.architecture.plan import WEIGHTED, Merge, Op, Path, Plan, Shape, Unit

FLOAT_BYTES = 4
MERGES = get_args(Merge)
POOLS = ("max pool", "mean pool", "global mean", "adaptive mean")
WINDOWED = ("conv", "max pool", "mean pool")


class Field(NamedTuple):
    """What one number of a feature map depends on, along the narrowest way to it and the widest.

    The number is far from the edge; `jump` is the distance of two neighbours. What a norm takes from the rest
    of the picture is not counted.
    """

    smallest: int = 1
    largest: int = 1
    jump: int = 1


Step = tuple[Op, Field]  # an operation and the field of what it puts out


@dataclass(frozen=True, slots=True)
class LayerRow:
    """An operation that has parameters, pools or merges. All parameters and multiply-adds are in some row."""

    unit: str  # the name of its unit, such as layer1.0; empty where the operation belongs to the network
    stage: str
    name: str
    kind: str  # of the operation, or of the merge
    kernel: int  # 0 where there is none
    stride: int
    outputs: Shape  # of one picture
    parameters: int
    multiply_adds: int  # of one picture
    smallest_field: int  # pixels, through the skips, at most the picture's side
    largest_field: int
    output_bytes: int  # of the whole batch, as float32

    @property
    def is_layer(self) -> bool:
        """Whether this is more than a norm or a learned number."""
        return self.is_merge or self.kind in (*WEIGHTED, *POOLS)

    @property
    def is_merge(self) -> bool:
        return self.kind in MERGES


def layer_rows(plan: Plan, batch: int) -> list[LayerRow]:
    """The rows in the order in which modules are registered, a merge behind the paths that it joins."""
    rows, field = [], Field()
    for unit in plan.units:
        found, field = _through_unit(unit, field, plan.inputs)
        rows += [_row(unit, op, seen, plan, batch) for op, seen in found if _has_row(op)]
    return rows


def _through_unit(unit: Unit, field: Field, picture: Shape) -> tuple[list[Step], Field]:
    """Every operation of a unit and its merge, and the field of what the unit puts out."""
    steps = _along(unit.before, field, picture)
    field = _end(steps, field)
    paths = unit.registered_paths
    ways = [_along(path.ops, field, picture) for path in paths]
    alive = [way for path, way in zip(paths, ways, strict=True) if _is_alive(path)]
    field = _joined([_end(way, field) for way in alive])
    steps += [step for way in ways for step in way]
    if unit.merge:
        steps.append((Op(unit.merge_name, unit.merge, unit.merged, unit.merged), field))
    after = _along(unit.after, field, picture)
    return steps + after, _end(after, field)


def _along(ops: Iterable[Op], field: Field, picture: Shape) -> list[Step]:
    steps = []
    for op in ops:
        field = _behind(op, field, picture)
        steps.append((op, field))
    return steps


def _end(steps: list[Step], otherwise: Field) -> Field:
    return steps[-1][1] if steps else otherwise


def _behind(op: Op, field: Field, picture: Shape) -> Field:
    if op.kind in WINDOWED:
        grown = (op.kernel - 1) * field.jump
        return Field(field.smallest + grown, field.largest + grown, field.jump * op.stride)
    if op.kind == "pad":
        return field._replace(jump=field.jump * op.stride)
    if op.kind == "adaptive mean":
        least, most = _adaptive_windows(op)
        jump = field.jump * max(op.inputs[1] // op.outputs[1], 1)
        return Field(field.smallest + (least - 1) * field.jump, field.largest + (most - 1) * field.jump, jump)
    if op.kind in ("global mean", "linear"):
        return Field(max(picture[1:]), max(picture[1:]))
    return field


def _adaptive_windows(op: Op) -> tuple[int, int]:
    """The smallest and the largest window: output i reads from floor(i n / m) to ceil((i + 1) n / m)."""
    n, m = op.inputs[1], op.outputs[1]
    windows = [-(-(i + 1) * n // m) - i * n // m for i in range(m)]
    return min(windows), max(windows)


def _is_alive(path: Path) -> bool:
    """A path that is multiplied by 0 brings nothing."""
    return not any(op.kind == "factor" and op.value == 0 for op in path.ops)


def _joined(fields: list[Field]) -> Field:
    smallest, largest = min(f.smallest for f in fields), max(f.largest for f in fields)
    return Field(smallest, largest, fields[0].jump)


def _has_row(op: Op) -> bool:
    return bool(op.parameters) or op.kind in (*POOLS, *MERGES)


def _row(unit: Unit, op: Op, field: Field, plan: Plan, batch: int) -> LayerRow:
    side = max(plan.inputs[1:])
    return LayerRow(
        unit.name,
        unit.stage,
        op.name,
        op.kind,
        op.kernel,
        op.stride,
        op.outputs,
        op.parameter_count,
        op.multiply_adds,
        min(field.smallest, side),
        min(field.largest, side),
        FLOAT_BYTES * batch * op.output_count,
    )
