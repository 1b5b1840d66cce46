"""What a network is made of, before there is one: operations, units, and how their paths meet. No torch.

Everything that is drawn, counted, built or written out as code comes from the same plan. A shape is (C, H, W)
of one picture's feature maps, or (F,) of its features. Module names are torchvision's.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Shape = tuple[int, ...]
Merge = Literal["add", "exclusive gate", "shortcut gate", "concatenate"]

NORMS = ("batch", "group", "layer")
ACTIVATIONS = ("relu", "gelu", "tanh", "sigmoid")
WEIGHTED = ("conv", "linear")
ROLES = ("branch", "shortcut", "gate")  # in the order in which modules are registered
GROUPS = 8  # channels are normalised in this many groups, or in as many as divide them


@dataclass(frozen=True, slots=True)
class Op:
    """One operation: a layer with weights, or something between two of them.

    `kind` is conv, linear, one of NORMS or ACTIVATIONS, max pool, mean pool, global mean, adaptive mean,
    flatten, pad (option A), scale (a learned number), shift (a learned number), factor (a fixed number),
    dropout (of units) or drop path (of the whole branch, by chance).
    """

    name: str  # of the module in the network, such as layer1.0.conv1
    kind: str
    inputs: Shape
    outputs: Shape
    kernel: int = 0
    stride: int = 1
    padding: int = 0
    groups: int = 1
    bias: bool = False
    # Where a learned number starts, a fixed factor, the share that is dropped or survives, a batch norm's
    # epsilon (0: PyTorch's 0.00001).
    value: float = 0.0
    is_ceiled: bool = False  # a pool that also takes the incomplete window at the edge

    @property
    def parameters(self) -> dict[str, Shape]:
        """The shapes of its parameters by their name within the module."""
        if self.kind == "conv":
            found = {"weight": (self.outputs[0], self.inputs[0] // self.groups, self.kernel, self.kernel)}
        elif self.kind == "linear":
            found = {"weight": (self.outputs[0], self.inputs[0])}
        elif self.kind in NORMS:
            return {"weight": self.inputs[:1], "bias": self.inputs[:1]}
        else:
            return {"scale": {"weight": (1,)}, "shift": {"bias": (1,)}}.get(self.kind, {})
        return found | ({"bias": self.outputs[:1]} if self.bias else {})

    @property
    def parameter_count(self) -> int:
        return sum(math.prod(shape) for shape in self.parameters.values())

    @property
    def multiply_adds(self) -> int:
        """Of one picture's forward pass, in convolutions and matrix products alone, as usual."""
        if self.kind not in WEIGHTED:
            return 0
        return math.prod(self.parameters["weight"]) * math.prod(self.outputs[1:])

    @property
    def output_count(self) -> int:
        return math.prod(self.outputs)

    @property
    def groups_of_norm(self) -> int:
        """In how many groups a group or layer normalisation takes its channels."""
        return 1 if self.kind == "layer" else math.gcd(self.inputs[0], GROUPS)


@dataclass(frozen=True, slots=True)
class Path:
    """One way through a unit, from its input to its merge; no operations: the identity."""

    role: str  # of ROLES; the parallel ways of an inception module are all branches
    ops: tuple[Op, ...] = ()


@dataclass(frozen=True)
class Unit:
    """`y = after(merge(shortcut(x), branch(x)))` with `x = before(input)`; a single path needs no merge.

    Addition: shortcut + branch. Exclusive gate g: (1 - g) shortcut + g branch. Shortcut gate: (1 - g)
    shortcut + branch. Concatenation: the channels of all paths in their order.
    """

    name: str  # of the module, such as layer1.0; empty where the operations belong to the network itself
    stage: str  # what the drawing puts on one row, such as layer1
    inputs: Shape
    outputs: Shape
    paths: tuple[Path, ...]
    merge: Merge | None = None
    before: tuple[Op, ...] = ()
    after: tuple[Op, ...] = ()

    @property
    def ops(self) -> Iterator[Op]:
        """In the order in which modules are registered: the branch before what goes past it."""
        yield from self.before
        for path in self.registered_paths:
            yield from path.ops
        yield from self.after

    @property
    def registered_paths(self) -> list[Path]:
        """In the order in which their modules are registered."""
        return sorted(self.paths, key=lambda path: ROLES.index(path.role))

    @property
    def merged(self) -> Shape:
        """What the merge puts out, or the single path."""
        return self.after[0].inputs if self.after else self.outputs

    @property
    def merge_name(self) -> str:
        """The module in which the paths meet."""
        return f"{self.name}.{'cat' if self.merge == 'concatenate' else 'add'}"

    @property
    def shortcut(self) -> Path | None:
        return next((path for path in self.paths if path.role == "shortcut"), None)

    @property
    def branches(self) -> tuple[Path, ...]:
        return tuple(path for path in self.paths if path.role == "branch")

    @property
    def has_skip(self) -> bool:
        return self.shortcut is not None

    @cached_property
    def depth(self) -> int:
        """Layers with weights on the longest way through."""
        return (
            layer_count(self.before)
            + max(layer_count(path.ops) for path in self.branches)
            + layer_count(self.after)
        )


@dataclass(frozen=True)
class Plan:
    """A network: its units in the order in which a picture passes them."""

    inputs: Shape
    num_classes: int
    units: tuple[Unit, ...] = field(repr=False)

    @cached_property
    def ops(self) -> tuple[Op, ...]:
        return tuple(op for unit in self.units for op in unit.ops)

    @cached_property
    def skip_units(self) -> tuple[Unit, ...]:
        """The units that have a shortcut: where two paths meet."""
        return tuple(unit for unit in self.units if unit.has_skip)

    @property
    def unit_names(self) -> list[str]:
        """The name of each unit, or that of its first operation where it has none."""
        return [unit.name or next(unit.ops).name for unit in self.units]

    @property
    def depth(self) -> int:
        return sum(unit.depth for unit in self.units)

    @property
    def layer_count(self) -> int:
        """Layers with weights, those beside the longest way through included."""
        return layer_count(self.ops)

    @property
    def parameter_count(self) -> int:
        return sum(op.parameter_count for op in self.ops)

    @property
    def multiply_adds(self) -> int:
        return sum(op.multiply_adds for op in self.ops)

    @property
    def parameters(self) -> dict[str, Shape]:
        """Every parameter of the network by its full name, in order."""
        return {f"{op.name}.{kind}": shape for op in self.ops for kind, shape in op.parameters.items()}


def layer_count(ops: Iterable[Op]) -> int:
    """How many of the operations are layers with weights."""
    return sum(op.kind in WEIGHTED for op in ops)


def module_word(kind: str) -> str:
    """What torchvision's names call a norm or an activation of this kind: bn, norm, relu or act."""
    words = {"batch": "bn", "relu": "relu"}
    return words.get(kind, "act" if kind in ACTIVATIONS else "norm")


class Chain:
    """Operations one after the other: each takes the shape that the one before it leaves."""

    def __init__(self, shape: Shape, prefix: str = ""):
        self.shape, self.prefix, self.ops = shape, prefix, []

    def add(self, name: str, kind: str, outputs: Shape | None = None, **settings) -> "Chain":
        """Appends any operation; without `outputs` it keeps the shape."""
        outputs = self.shape if outputs is None else outputs
        full = f"{self.prefix}.{name}" if self.prefix else name
        self.ops.append(Op(full, kind, self.shape, outputs, **settings))
        self.shape = outputs
        return self

    def conv(
        self, name: str, channels: int, kernel: int, stride: int = 1, padding: int | None = None, **settings
    ) -> "Chain":
        """A convolution; without `padding` the side only shrinks by the stride."""
        padding = kernel // 2 if padding is None else padding
        outputs = (channels, *_sides(self.shape, kernel, stride, padding))
        return self.add(name, "conv", outputs, kernel=kernel, stride=stride, padding=padding, **settings)

    def linear(self, name: str, features: int, bias: bool = True) -> "Chain":
        return self.add(name, "linear", (features,), bias=bias)

    def norm(self, name: str, kind: str) -> "Chain":
        """A normalisation, or nothing where `kind` is none."""
        return self if kind == "none" else self.add(name, kind)

    def pool(
        self, name: str, kind: str, kernel: int, stride: int, padding: int = 0, is_ceiled: bool = False
    ) -> "Chain":
        """A max pool or a mean pool."""
        outputs = (self.shape[0], *_sides(self.shape, kernel, stride, padding, is_ceiled))
        settings = {"kernel": kernel, "stride": stride, "padding": padding, "is_ceiled": is_ceiled}
        return self.add(name, kind, outputs, **settings)

    def global_mean(self, name: str = "avgpool") -> "Chain":
        """The mean of each channel, (C,)."""
        return self.add(name, "global mean", self.shape[:1])

    def flatten(self, name: str = "flatten") -> "Chain":
        return self.add(name, "flatten", (math.prod(self.shape),))

    def unit(self, stage: str, name: str = "") -> Unit:
        """A unit of this one path."""
        ops = tuple(self.ops)
        return Unit(name, stage, ops[0].inputs, self.shape, (Path("branch", ops),))


def _sides(shape: Shape, kernel: int, stride: int, padding: int, is_ceiled: bool = False) -> Shape:
    return tuple(_side(side, kernel, stride, padding, is_ceiled) for side in shape[1:])


def _side(side: int, kernel: int, stride: int, padding: int, is_ceiled: bool) -> int:
    room = side + 2 * padding - kernel
    if not is_ceiled:
        return room // stride + 1
    steps = -(-room // stride)
    return steps + 1 if steps * stride < side + padding else steps  # a window has to begin within the picture
