"""The largest singular values of one unit's Jacobian at a test picture, whole and of the branch alone."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import state
from app.figures.depth import Line, by_depth, unknown
from app.figures.reference_lines import level, made_neutral
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.near_steps import near_steps
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.pictures import choose_picture
from app.views.instruments.sentences import in_words
from app.views.instruments.switches import switch
from app.views.instruments.units import units_of
from app.views.looks import Look
from resnet_core.findings import SingularValues
from resnet_core.questions import Question

OF = {"whole": "Of the unit, ∂y/∂x", "branch": "Of its branch alone, ∂F/∂x"}
KEPT = "length kept"


def draw(scene: Scene) -> None:
    left, middle, right = st.columns([1, 1.2, 2.4], vertical_alignment="bottom")
    with left:
        picture = choose_picture(scene)
    with middle:
        block = _choose_block(scene)
    with right:
        of = switch("Jacobian", OF, key="jacobian of")
    looks = [look for look in scene.looks if block in _names(look)]

    def ask(look: Look, step: int) -> Question:
        return look.question("singular-values", step, picture=picture, block=_names(look)[block])

    both = list(zip(looks, scene.ask([ask(look, scene.step) for look in looks]), strict=True))
    said = [_said(look, found, of) for look, found in both]
    said += [f"**{look.name}**: it has no {block}." for look in scene.looks if look not in looks]
    st.markdown("  \n".join(said))
    figure = by_depth(
        [_line(look, found, of) for look, found in both], "singular value", palette(), type_scale(),
        along="rank (1 is the largest)", laws=_kept(both),
    )  # fmt: skip
    made_neutral(figure, KEPT, palette())
    alt = f"Singular values of {block}. {' '.join(said).replace('**', '')}"
    chart(figure, key="singular values", alt=alt)
    _numbers(both)
    scene.ask.ahead([ask(look, step) for step in near_steps(scene) for look in looks])


def _names(look: Look) -> dict[str, str]:
    """The unit that each block is to the instrument."""
    return {place.block: place.name for place in units_of(look.plan)}


def _choose_block(scene: Scene) -> str:
    """The unit that was chosen on the Architecture page, or else the first with a skip."""
    names = list(dict.fromkeys(name for look in scene.looks for name in _names(look)))
    skips = [place.block for look in scene.looks for place in units_of(look.plan) if place.has_skip]
    wanted = state.remembered("jacobian unit", scene.block)
    key = "jacobian unit"
    state.show_in_widget(key, wanted if wanted in names else (skips or names)[0])
    return st.selectbox(
        "Unit", names, key=key, on_change=lambda: state.remember(key, state.widget_value(key))
    )


def _values(found: SingularValues, of: str) -> tuple[np.ndarray, float]:
    if of == "branch":
        return found.branch_values, float(found.branch_mean_square)
    return found.values, float(found.mean_square)


def _line(look: Look, found: SingularValues | None, of: str) -> Line:
    if found is None:
        return unknown(look.arm)
    values, _ = _values(found, of)
    ranks = np.arange(1, len(values) + 1)
    return Line(look.arm, ranks, values, np.array([f"number {rank}" for rank in ranks]))


def _kept(both: Sequence[tuple[Look, SingularValues | None]]) -> list[Line]:
    longest = max((len(found.values) for _, found in both if found is not None), default=0)
    return [level(KEPT, 1.0, longest)] if longest else []


def _said(look: Look, found: SingularValues | None, of: str) -> str:
    if found is None:
        return f"**{look.name}**: …"
    if of == "branch" and not found.has_skip:
        return f"**{look.name}**: this unit has no skip, so its branch is the unit."
    values, mean_square = _values(found, of)
    return (
        f"**{look.name}**: the largest is {in_words(values[0])}, the median of the {len(values)} largest "
        f"{in_words(float(np.median(values)))}; the root of the mean square of all "
        f"{min(int(found.inputs), int(found.outputs)):,} is {in_words(float(np.sqrt(mean_square)))}."
    )


def _numbers(both: Sequence[tuple[Look, SingularValues | None]]) -> None:
    rows = [
        (look.name, str(found.block), rank + 1, float(whole), float(branch) if found.has_skip else np.nan)
        for look, found in both
        if found is not None
        for rank, (whole, branch) in enumerate(zip(found.values, found.branch_values, strict=True))
    ]
    names = ("network", "unit", "rank", "of the unit", "of its branch")
    numbers(as_columns(names, rows), key="singular values")
