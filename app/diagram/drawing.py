"""A plan as boxes and arcs: what is drawn of a network, without a single pixel.

A stage is what stands together; a box is one unit, or a run of units that is folded into one; a glyph is one
operation that the overview shows. Where they stand and how large they are is the business of the page.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from app.diagram.formula import shape_text
from resnet_core.architecture import Op, Plan, Unit

FOLDED_FROM = 3  # so many equal units in a row are one box
DENSE_SHOWN = 16  # a dense block with more layers shows its first and its last ones
DENSE_FIRST, DENSE_LAST = 6, 3
POOLS = {"max pool": "max", "mean pool": "mean", "global mean": "mean", "adaptive mean": "mean"}
SHORTCUT_MARKS = {"conv": "1×1", "linear": "W", "dropout": "drop"}


class Glyph(NamedTuple):
    """One operation: a bar as high as its channels, or a pool."""

    kind: str  # conv, linear or pool
    label: str
    channels: int
    notes: tuple[str, ...] = ()  # a stride, groups


class Arc(NamedTuple):
    """What goes past a unit: identity, padded (zeros for new channels) or projection; and what lies on it."""

    style: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """How a unit looks; units that are built alike share it. `shape` is unit, dense, inception or ops."""

    unit: Unit  # one of them
    shape: str
    lanes: tuple[tuple[Glyph, ...], ...]
    arc: Arc | None
    gate: str  # exclusive, shortcut or none: ""

    @property
    def channels(self) -> int:
        return self.unit.outputs[0]


@dataclass(frozen=True, slots=True)
class Box:
    """One unit, or several that are folded; `forms` are the numbers of their forms."""

    blocks: tuple[str, ...]
    forms: tuple[int, ...]

    @property
    def is_folded(self) -> bool:
        return len(self.blocks) > 1


@dataclass(frozen=True, slots=True)
class Stage:
    """Boxes that stand together; `shape` is that of their maps."""

    name: str
    shape: tuple[int, ...]
    boxes: tuple[Box, ...]
    dense_boxes: int = 0  # how many of them are layers of a dense block

    @property
    def arcs(self) -> tuple[tuple[int, int], ...]:
        """From what to what, in a dense block: 0 is its input, i its i-th box, the last its concatenation.

        Neighbours need no arc: they touch.
        """
        nodes = self.dense_boxes + 2 if self.dense_boxes else 0
        return tuple((a, b) for a in range(nodes) for b in range(a + 2, nodes))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A network as it is drawn."""

    inputs: tuple[int, ...]
    num_classes: int
    stages: tuple[Stage, ...]
    forms: tuple[Form, ...]
    survival: dict[str, float]  # of the blocks that take part in a step by chance

    @property
    def boxes(self) -> Iterator[Box]:
        for stage in self.stages:
            yield from stage.boxes


def drawing_of(plan: Plan) -> Drawing:
    """What is drawn of `plan`: repeats are folded."""
    blocks = block_names(plan)
    form_of = form_numbers(blocks)
    examples = {form_of[block]: unit for block, unit in reversed(blocks.items())}
    forms = tuple(_form(examples[number]) for number in sorted(examples))
    stages = []
    for name, members in groupby(blocks.items(), key=lambda item: item[1].stage):
        boxes = [Box((block,), (form_of[block],)) for block, _ in members]
        stages.append(_stage(name, boxes, forms))
    return Drawing(plan.inputs, plan.num_classes, tuple(stages), forms, _survival(blocks))


def block_names(plan: Plan) -> dict[str, Unit]:
    """Every unit by the name under which it can be chosen: its own, or its stage's with a number."""
    nameless = Counter(unit.stage for unit in plan.units if not unit.name)
    taken = {unit.name for unit in plan.units}
    seen: Counter[str] = Counter()
    found = {}
    for unit in plan.units:
        name = unit.name or unit.stage
        if not unit.name and (nameless[unit.stage] > 1 or name in taken):
            name, seen[unit.stage] = f"{name}.{seen[unit.stage]}", seen[unit.stage] + 1
        found[name] = unit
    return found


def form_numbers(blocks: Mapping[str, Unit]) -> dict[str, int]:
    """The number of each block's form: the same for units that are built alike."""
    numbers: dict[tuple, int] = {}
    return {block: numbers.setdefault(form_key(unit), len(numbers)) for block, unit in blocks.items()}


def form_key(unit: Unit) -> tuple:
    """Equal for units that are built alike, whatever their names and their chance to take part."""
    paths = tuple((path.role, *map(_op_key, path.ops)) for path in unit.paths)
    return (paths, unit.merge, tuple(map(_op_key, unit.before)), tuple(map(_op_key, unit.after)))


def _op_key(op: Op) -> Op:
    return replace(op, name="", value=0.0 if op.kind == "drop path" else op.value)


def _stage(name: str, boxes: Sequence[Box], forms: Sequence[Form]) -> Stage:
    shapes = [forms[box.forms[0]].shape for box in boxes]
    within = [box for box, shape in zip(boxes, shapes, strict=True) if shape != "ops"] or boxes
    folded = _fold_dense(boxes, shapes.count("dense")) if shapes[0] == "dense" else _fold(boxes)
    dense_boxes = sum(forms[box.forms[0]].shape == "dense" for box in folded)
    return Stage(name, forms[within[-1].forms[-1]].unit.outputs, tuple(folded), dense_boxes)


def _fold(boxes: Sequence[Box]) -> list[Box]:
    folded = []
    for _, run in groupby(boxes, key=lambda box: box.forms):
        run = list(run)
        folded += [_joined(run)] if len(run) >= FOLDED_FROM else run
    return folded


def _fold_dense(boxes: Sequence[Box], layers: int) -> list[Box]:
    if layers <= DENSE_SHOWN:
        return list(boxes)
    end = layers - DENSE_LAST
    return [*boxes[:DENSE_FIRST], _joined(boxes[DENSE_FIRST:end]), *boxes[end:]]


def _joined(run: Sequence[Box]) -> Box:
    blocks = tuple(block for box in run for block in box.blocks)
    return Box(blocks, tuple(form for box in run for form in box.forms))


def _survival(blocks: dict[str, Unit]) -> dict[str, float]:
    chances = {
        block: [op.value for op in unit.ops if op.kind == "drop path"] for block, unit in blocks.items()
    }
    return {block: found[0] for block, found in chances.items() if found}


def _form(unit: Unit) -> Form:
    ways = [(*unit.before, *path.ops, *unit.after) for path in unit.branches]
    lanes = tuple(tuple(filter(None, map(_glyph, way))) for way in ways)
    gate = unit.merge.removesuffix(" gate") if unit.merge and unit.merge.endswith("gate") else ""
    return Form(unit, _shape(unit), lanes, _arc(unit), gate)


def _shape(unit: Unit) -> str:
    if unit.merge == "concatenate":
        return "dense" if unit.has_skip else "inception"
    has_pool = any(op.kind in POOLS for op in unit.ops)
    return "unit" if unit.name and not has_pool else "ops"


def _glyph(op: Op) -> Glyph | None:
    if op.kind == "conv":
        notes = (*_stride(op), *([f"{op.groups} grp"] if op.groups > 1 else []))
        return Glyph("conv", f"{op.kernel}×{op.kernel}", op.outputs[0], notes)
    if op.kind == "linear":
        return Glyph("linear", "fc", op.outputs[0])
    if op.kind in POOLS:
        return Glyph("pool", POOLS[op.kind], op.outputs[0], _stride(op))
    return None


def _stride(op: Op) -> tuple[str, ...]:
    return (f"/{op.stride}",) if op.stride > 1 else ()


def _arc(unit: Unit) -> Arc | None:
    if unit.shortcut is None:
        return None
    ops = unit.shortcut.ops
    style = "padded" if any(op.kind == "pad" for op in ops) else "identity"
    if any(op.kind in ("conv", "linear") for op in ops):
        style = "projection"
    marks = (f"×{op.value:g}" if op.kind == "factor" else SHORTCUT_MARKS.get(op.kind) for op in ops)
    return Arc(style, tuple(filter(None, marks)))


def in_words(form: Form) -> str:
    """A form for those who do not see it."""
    lanes = [" then ".join(f"{g.kind} {g.label} of {g.channels}" for g in lane) for lane in form.lanes]
    ways, size = " beside ".join(lane or "nothing" for lane in lanes), shape_text(form.unit.outputs)
    if form.shape == "dense":
        return f"dense layer, {ways}, its maps put behind all that came before, {size}"
    if form.shape == "inception":
        return f"inception module, {ways}, {size}"
    if form.arc is None:
        return f"{ways}, {size}" + (", nothing goes past it" if form.shape == "unit" else "")
    shortcut = " ".join(filter(None, [f"{form.gate} gate and" if form.gate else "", form.arc.style]))
    return f"{ways}, {shortcut} shortcut, {size}"
