"""How alike gradients at two unlike inputs are, against depth, beside what is expected."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.figures.depth import Line, by_depth
from app.figures.theme import Arm, ArmStyle
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.switches import switch
from resnet_core.config import RunConfig
from resnet_core.findings import CorrelationLaws
from resnet_core.questions import question

NORMS = {"BN": "BN", "none": "No norm", "centred": "Centred"}


def draw(scene: Scene, place) -> None:
    """`place` has the switch."""
    with place:
        norm = switch("Normalisation", NORMS, key="shattered laws norm")
    [found] = scene.ask([question("correlation-laws", RunConfig())])
    lines, laws = ([], []) if found is None else _law_lines(found, norm)
    if found is not None:
        scene.ask.about = (
            "Networks of 256 units a layer, initial values, gaussian inputs that have nothing in common; "
            f"mean of {int(found.seeds)} seeds."
        )
    numbers_said = "…" if found is None else f"at depth {found.depths[-1]}: {_said(lines, laws)}"
    said = f"Correlation of the gradients at two unlike inputs, {numbers_said}."
    st.markdown(said)
    title, along = "correlation", "depth (layers, or blocks of a residual network)"
    figure = by_depth(lines, title, palette(), type_scale(), is_log=False, along=along, laws=laws, height=380)
    chart(figure, key="correlation laws", alt=said)
    numbers(_law_table(found), key="correlation laws")


def _law_lines(found: CorrelationLaws, norm: str) -> tuple[list[Line], list[Line]]:
    """What was measured, and the laws."""
    lines, laws = [], []
    for kind, name in (("plain", "plain"), ("residual", "residual")):
        full = name if norm == "none" else f"{name}, {norm}"
        for i in np.flatnonzero(found.names == full):
            style, where = ArmStyle(kind, 0), found.depths.astype(str)
            lines.append(Line(Arm(name, style), found.depths, found.measured[i], where))
            formula = str(found.formulas[i]).replace("sqrt(L)", "√L")
            laws.append(Line(Arm(formula, style), found.depths, found.laws[i], where))
            if np.isfinite(found.corrected[i]).any():
                corrected = Arm("BN's own variance", ArmStyle(kind, 1))
                laws.append(Line(corrected, found.depths, found.corrected[i], where))
    return lines, laws


def _said(lines: Sequence[Line], laws: Sequence[Line]) -> str:
    """The deepest numbers, each beside those of the laws for networks of its kind."""
    said = []
    for line in lines:
        beside = [law for law in laws if law.arm.style.kind == line.arm.style.kind]
        expected = ", ".join(f"{law.arm.name}: {law.values[-1]:.2f}" for law in beside)
        said.append(f"{line.arm.name} {line.values[-1]:.2f} ({expected})")
    return "; ".join(said).replace("-0", "−0")


def _law_table(found: CorrelationLaws | None) -> dict[str, Sequence]:
    names = ("network", "law", "depth", "measured", "deviation", "expected", "with BN's own variance")
    if found is None:
        return as_columns(names, [])
    rows = [
        (name, formula, *row)
        for i, (name, formula) in enumerate(zip(found.names, found.formulas, strict=True))
        for row in zip(found.depths, found.measured[i], found.spread[i], found.laws[i], found.corrected[i],
                       strict=True)
    ]  # fmt: skip
    return as_columns(names, rows)
