"""A unit as a formula with its own shapes in it, such as y = relu(x + BN(W_2 * relu(BN(W_1 * x)))).

Shapes of maps are channels x height x width; of a convolution's weights kernel x kernel x inputs x outputs.
A name followed by `_{...}` has a subscript.
"""

from collections.abc import Sequence
from typing import NamedTuple

from resnet_core.architecture import Op, Path, Unit

FUNCTIONS = {
    "batch": "BN", "group": "GN", "layer": "LN", "relu": "relu", "gelu": "gelu", "tanh": "tanh",
    "sigmoid": "σ", "max pool": "maxpool", "mean pool": "meanpool", "global mean": "mean",
    "adaptive mean": "meanpool", "flatten": "flatten", "pad": "pad", "dropout": "dropout",
}  # fmt: skip
SUM, PRODUCT, ATOM = range(3)  # how tightly a term holds together


class Formula(NamedTuple):
    """Its lines, the last one being y itself, and the shape of every name that occurs in them.

    `skip` is the part of the last line that goes past the branch; empty where nothing does.
    """

    lines: tuple[str, ...]
    skip: str
    symbols: tuple[tuple[str, str], ...]


class _Term(NamedTuple):
    text: str
    tightness: int = ATOM

    def within(self, needed: int) -> str:
        return self.text if self.tightness >= needed else f"({self.text})"


def formula_of(unit: Unit) -> Formula:
    """What `unit` computes of its input x."""
    return _Writer(unit).formula()


def shape_text(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


class _Writer:
    def __init__(self, unit: Unit):
        self.unit, self.lines = unit, []
        self.symbols: dict[str, str] = {"x": shape_text(unit.inputs)}
        self.weights = self.shifts = 0
        self.skip = ""

    def formula(self) -> Formula:
        unit, start = self.unit, _Term("x")
        if unit.before:
            start = self._define("u", self._chain(unit.before, start))
        met = self._merged(start)
        self.lines.append(f"y = {self._chain(unit.after, met).text}")
        self.symbols["y"] = shape_text(unit.outputs)
        return Formula(tuple(self.lines), self.skip, tuple(self.symbols.items()))

    def _merged(self, start: _Term) -> _Term:
        unit = self.unit
        branches = [self._branch(path, start, i) for i, path in enumerate(unit.branches, 1)]
        if unit.merge is None:
            return branches[0]
        shortcut = self._chain(unit.shortcut.ops, start, "s") if unit.shortcut else None
        if unit.merge == "concatenate":
            self.skip = f"{shortcut.text}," if shortcut else ""
            return _Term(f"[{', '.join(term.text for term in (shortcut, *branches) if term)}]")
        if unit.merge == "add":
            self.skip = f"{shortcut.text} +"
            return _Term(f"{self.skip} {branches[0].text}", SUM)
        gate = next(path for path in unit.paths if path.role == "gate")
        self._define("g", self._chain(gate.ops, start, "g"))
        opened = f"g ⊙ {branches[0].within(ATOM)}" if unit.merge == "exclusive gate" else branches[0].text
        self.skip = f"(1 − g) ⊙ {shortcut.within(ATOM)} +"
        return _Term(f"{self.skip} {opened}", SUM)

    def _branch(self, path: Path, start: _Term, number: int) -> _Term:
        term = self._chain(path.ops, start)
        return self._define(f"z_{{{number}}}", term) if len(self.unit.branches) > 1 else term

    def _define(self, name: str, term: _Term) -> _Term:
        self.lines.append(f"{name} = {term.text}")
        return _Term(name)

    def _chain(self, ops: Sequence[Op], term: _Term, index: str = "") -> _Term:
        for op in ops:
            term = self._apply(op, term, index)
        return term

    def _apply(self, op: Op, term: _Term, index: str) -> _Term:
        if op.kind in ("conv", "linear"):
            return self._weigh(op, term, index)
        if op.kind == "shift":
            self.shifts += 1
            return _Term(f"{term.text} + {self._symbol('β', str(self.shifts), '1')}", SUM)
        if op.kind == "scale":
            return _Term(f"{self._symbol('α', '', '1')} · {term.within(ATOM)}", PRODUCT)
        if op.kind == "factor":
            return _Term(f"{op.value:g} · {term.within(ATOM)}", PRODUCT)
        if op.kind == "drop path":
            chance = "0 or 1, by chance"
            return _Term(f"{self._symbol('d', '', chance)} · {term.within(ATOM)}", PRODUCT)
        window = f"_{{{op.kernel}×{op.kernel}}}" if op.kernel else ""
        return _Term(f"{FUNCTIONS[op.kind]}{window}({term.text})")

    def _weigh(self, op: Op, term: _Term, index: str) -> _Term:
        if not index:
            self.weights += 1
        index = index or str(self.weights)
        outputs, inputs, *kernel = op.parameters["weight"]
        name = self._symbol("W", index, shape_text((*kernel, inputs, outputs)))
        sign = "∗ " if op.kind == "conv" else ""
        text = f"{name} {sign}{term.within(ATOM)}"
        if op.groups > 1:
            self.symbols[name] += f", {op.groups} groups"
        if not op.bias:
            return _Term(text, PRODUCT)
        return _Term(f"{text} + {self._symbol('b', index, str(outputs))}", SUM)

    def _symbol(self, letter: str, index: str, shape: str) -> str:
        name = f"{letter}_{{{index}}}" if index else letter
        self.symbols[name] = shape
        return name
