"""One unit as a formula with the norms of a step in it, on the way there and on the way back."""

from app.diagram.formula import FUNCTIONS
from resnet_core.architecture import Unit
from resnet_core.findings import Motion

_MERGES = {
    None: "F(x)",
    "add": "{s} + F(x)",
    "exclusive gate": r"(1 - g) \odot {s} + g \odot F(x)",
    "shortcut gate": r"(1 - g) \odot {s} + F(x)",
    "concatenate": r"[\,{s},\; F(x)\,]",
}


def forward_formula(unit: Unit) -> str:
    """y = relu(x + F(x)), as LaTeX; S is what lies on the shortcut."""
    inner = _MERGES[unit.merge].replace("{s}", _shortcut(unit)).replace(r"[\,,\;", "[")
    names = [FUNCTIONS[op.kind] for op in unit.after if op.kind in FUNCTIONS]
    for name in names:
        inner = rf"\mathrm{{{name}}}\left({inner}\right)"
    return f"y = {inner}"


def forward_numbers(motion: Motion, i: int) -> str:
    """The norms of x, of both ways and of y at unit `i`, as LaTeX."""
    ways = rf"\lVert F(x) \rVert = {number(motion.branches[i])}"
    if motion.has_skip[i]:
        ways = rf"\lVert \text{{shortcut}} \rVert = {number(motion.shortcuts[i])},\quad {ways}"
    x, y = number(motion.inputs[i]), number(motion.outputs[i])
    return rf"\lVert x \rVert = {x}:\quad {ways}\;\longrightarrow\; \lVert y \rVert = {y}"


def backward_formula(unit: Unit, motion: Motion, i: int) -> str:
    """The gradient at x as the sum of its parts, each with its norm, as LaTeX."""
    whole = rf"\underbrace{{\frac{{\partial L}}{{\partial x}}}}_{{{number(motion.gradients_in[i])}}}"
    branch = _part(r"\left(\frac{\partial F}{\partial x}\right)^{\!\top} \delta", motion.through_branch[i])
    if not motion.has_skip[i]:
        return f"{whole} = {branch}"
    is_identity = not unit.shortcut.ops and unit.merge == "add"
    way = r"\delta" if is_identity else r"\left(\frac{\partial S}{\partial x}\right)^{\!\top} \delta"
    cosine = rf",\quad \cos = {number(motion.cosines[i])}"
    return f"{whole} = {_part(way, motion.through_shortcut[i])} + {branch}{cosine}"


def delta_formula(unit: Unit, motion: Motion, i: int) -> str:
    """What delta is: the gradient at y, brought back to z, where what follows the merge begins."""
    size = rf"\left\lVert \frac{{\partial L}}{{\partial y}} \right\rVert = {number(motion.gradients_out[i])}"
    at_y = r"\frac{\partial L}{\partial y}"
    if not unit.after:
        return rf"\delta = {at_y},\quad {size}"
    names = r" \circ ".join(rf"\mathrm{{{FUNCTIONS.get(op.kind, op.kind)}}}" for op in reversed(unit.after))
    return (
        rf"\delta = \left(\frac{{\partial\, {names}(z)}}{{\partial z}}\right)^{{\!\top}} {at_y},\quad {size}"
    )


def number(value: float) -> str:
    """Three digits as LaTeX; infinity and NaN as words."""
    if value != value:
        return r"\text{NaN}"
    if value in (float("inf"), float("-inf")):
        return r"\infty"
    digits, _, power = f"{value:.3g}".partition("e")
    return rf"{digits} \cdot 10^{{{int(power)}}}" if power else digits


def _shortcut(unit: Unit) -> str:
    if unit.shortcut is None:
        return ""
    return "S(x)" if unit.shortcut.ops else "x"


def _part(formula: str, norm: float) -> str:
    return rf"\underbrace{{{formula}}}_{{{number(norm)}}}"
