"""How much each block does: sizes, directions and gains at one step, and their course over a run."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.figures.depth import Line, by_depth, unknown
from app.figures.reference_lines import level, made_neutral
from app.figures.theme import Arm
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.bands import block_bands
from app.views.instruments.block_course import draw_course
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.sentences import in_words
from app.views.instruments.switches import switch
from app.views.looks import Look
from resnet_core.findings import Blocks

QUANTITIES = {
    "ratios": "‖F(x)‖ / ‖x‖",
    "cosines": "cos(F(x), ∂L/∂x)",
    "shortcut_shares": "S / (S + R)",
    "gains": "γ or α",
    "over time": "Over the run",
}


def draw(scene: Scene) -> None:
    quantity = switch("Quantity", QUANTITIES, key="blocks quantity")
    if quantity == "over time":
        draw_course(scene)
        return
    found = scene.ask([look.question("blocks", scene.step) for look in scene.looks])
    both = list(zip(scene.looks, found, strict=True))
    said = [_said(look, one, quantity) for look, one in both]
    st.markdown("  \n".join(said))
    figure = by_depth(
        [_line(look, one, quantity) for look, one in both], QUANTITIES[quantity], palette(), type_scale(),
        is_log=False, laws=_marks(both, quantity), bands=block_bands(scene.looks, scene.block),
    )  # fmt: skip
    figure.for_each_trace(lambda trace: trace.update(hovertemplate="%{text:.3~g}"), {"meta": "law"})
    made_neutral(figure, "0", palette())
    alt = f"{QUANTITIES[quantity]} of every block. {' '.join(said).replace('**', '')}"
    chart(figure, key="blocks", alt=alt)
    _numbers(both)
    scene.ask.ahead([look.question("blocks", step) for step in scene.all_steps() for look in scene.looks])


def values_of(found: Blocks, quantity: str) -> np.ndarray:
    """Of gains the learned number, signed, where there is one, else the mean size of gamma."""
    if quantity == "gains":
        return np.where(np.isnan(found.alphas), found.gamma_sizes, found.alphas)
    return getattr(found, quantity)


def _line(look: Look, found: Blocks | None, quantity: str) -> Line:
    if found is None:
        return unknown(look.arm)
    values = values_of(found, quantity)
    there = np.ones(len(values), bool) if quantity == "ratios" else ~np.isnan(values)
    return Line(look.arm, found.depths[there], values[there], found.blocks[there])


def _marks(both: Sequence[tuple[Look, Blocks | None]], quantity: str) -> list[Line]:
    """Dotted: 0 for a cosine, the smallest and the largest gamma of each block."""
    lines = []
    for look, found in both:
        if found is None or not len(found.blocks):
            continue
        if quantity == "cosines" and not lines:
            lines.append(level("0", 0.0, float(found.depths[-1])))
        if quantity == "gains" and np.isnan(found.alphas).all() and np.isfinite(found.gamma_lows).any():
            for name, values in (("smallest γ", found.gamma_lows), ("largest γ", found.gamma_highs)):
                lines.append(Line(Arm(name, look.arm.style), found.depths, values, found.blocks))
    return lines


def _said(look: Look, found: Blocks | None, quantity: str) -> str:
    """Largest, smallest and median, with the blocks that have them."""
    if found is None:
        return f"**{look.name}**: …"
    if not len(found.blocks):
        return f"**{look.name}** has no unit with a skip: no x goes past its layers."
    values = values_of(found, quantity)
    finite = np.flatnonzero(np.isfinite(values))
    if not len(finite):
        return f"**{look.name}**: no block has this number."
    high, low = finite[np.argmax(values[finite])], finite[np.argmin(values[finite])]
    ends = [
        f"{word} {in_words(values[i])} ({found.blocks[i]})"
        for word, i in (("largest", high), ("smallest", low))
    ]
    said = f"**{look.name}**: {', '.join(ends)}, median {in_words(np.median(values[finite]))}"
    if quantity == "cosines":
        said += f"; negative in {int((values[finite] < 0).sum())} of {len(finite)} blocks"
    odd = len(values) - len(finite)
    return said + (f". {odd} of {len(values)} blocks have no such number." if odd else ".")


def _numbers(both: Sequence[tuple[Look, Blocks | None]]) -> None:
    fields = ("ratios", "cosines", "shortcut_shares", "alphas", "gamma_lows", "gamma_highs", "gamma_sizes")
    rows = [
        (
            look.name,
            str(found.blocks[i]),
            int(found.depths[i]),
            *(float(getattr(found, f)[i]) for f in fields),
        )
        for look, found in both
        if found is not None
        for i in range(len(found.blocks))
    ]
    names = ("network", "block", "depth", "‖F(x)‖ / ‖x‖", "cosine", "S / (S + R)", "α", "smallest γ",
             "largest γ", "mean |γ|")  # fmt: skip
    numbers(as_columns(names, rows), key="blocks")
