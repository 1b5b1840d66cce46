"""The gradient at every addition: what came through the shortcut, and what through the branch."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.figures.strips import Strip, strips
from app.figures.two_paths import Ways, two_paths
from app.figures.words import in_words
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.bands import block_bands
from app.views.instruments.numbers import as_columns, numbers
from app.views.looks import Look
from resnet_core.findings import Motion, TwoPaths
from resnet_core.questions import Question

MANY_UNITS = 150  # more than that no strip shows
Found = TwoPaths | Motion | None


def draw(scene: Scene) -> None:
    looks = scene.looks
    found = scene.ask([_question(look, scene.step) for look in looks])
    left, right = st.columns([3, 1.3], vertical_alignment="center")
    said = [_said(look, finding) for look, finding in zip(looks, found, strict=True)]
    left.markdown("  \n".join(said))
    with right:
        _badge([finding for finding in found if isinstance(finding, TwoPaths)])
    rows = [_strip(look, finding) for look, finding in zip(looks, found, strict=True) if finding is not None]
    rows = [row for row in rows if len(row.names) <= MANY_UNITS]
    alt = "Every unit with the gradient past it and through it. " + " ".join(said).replace("**", "")
    chart(strips(rows, palette(), type_scale(), len(looks)), key="two paths strips", alt=alt)
    figure = two_paths(_ways(looks, found), palette(), type_scale(), block_bands(looks, scene.block))
    if any(look.plan.skip_units for look in looks):
        chart(figure, key="two paths", alt=" ".join(said).replace("**", ""))
    numbers(_table(looks, found), key="two paths")
    scene.ask.ahead([_question(look, step) for look in looks for step in scene.all_steps()])


def _question(look: Look, step: int) -> Question:
    """A plain network has no two paths; what goes through its units is told by the unit-by-unit walk."""
    return look.question("two-paths" if look.plan.skip_units else "slow-motion", step)


def _ways(looks: Sequence[Look], found: Sequence[Found]) -> list[Ways]:
    has_one = sum(bool(look.plan.skip_units) for look in looks) == 1
    return [
        Ways("" if has_one else look.name, look.arm.style.order, f.depths, f.blocks, f.shortcut, f.branch,
             f.cosine)
        for look, f in zip(looks, found, strict=True)
        if isinstance(f, TwoPaths)
    ]  # fmt: skip


def _strip(look: Look, finding: TwoPaths | Motion) -> Strip:
    if isinstance(finding, Motion):
        count = len(finding.units)
        return Strip(look.arm, finding.units, finding.stages, finding.has_skip, np.full(count, np.nan),
                     finding.through_branch, np.ones(count, bool))  # fmt: skip
    stages = np.array([unit.stage for unit in look.plan.skip_units])
    every = np.ones(len(finding.blocks), bool)
    return Strip(look.arm, finding.blocks, stages, every, finding.shortcut, finding.branch, every)


def _said(look: Look, finding: Found) -> str:
    if finding is None:
        return f"**{look.name}**: …"
    if isinstance(finding, Motion):
        return f"**{look.name}**: there is one path only, and all of the gradient goes through every unit."
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = finding.shortcut / finding.branch
    ratios, cosines = ratios[np.isfinite(ratios)], finding.cosine[np.isfinite(finding.cosine)]
    if not len(ratios) or not len(cosines):
        return (
            f"**{look.name}**: at none of its {len(finding.blocks)} blocks are both parts finite and not 0."
        )
    low, middle, high = np.quantile(ratios, [0, 0.5, 1])
    return (
        f"**{look.name}**: past its {len(finding.blocks)} blocks the shortcut brings {in_words(low)} to "
        f"{in_words(high)} times (median {in_words(middle)}) as much gradient as the branch; the cosine "
        f"of the two is {cosines.min():.2f} to {cosines.max():.2f}."
    ).replace("-0", "−0")


def _badge(found: Sequence[TwoPaths]) -> None:
    """How exactly both parts add up to what autograd finds."""
    errors = np.concatenate([np.empty(0), *(finding.error for finding in found)])
    if len(errors):
        is_identity = all(finding.is_identity.all() for finding in found)
        ways = "identity + branch" if is_identity else "shortcut + branch"
        said = in_words(float(errors.max()), 1).removeprefix("exactly ")
        st.badge(
            f"{ways} = whole: largest relative error {said} (float32)", icon=":material/equal:", color="green"
        )


def _table(looks: Sequence[Look], found: Sequence[Found]) -> dict[str, list]:
    names = ("network", "block", "depth", "shortcut", "branch", "whole", "cosine", "relative error")
    rows = [
        (look.name, *row)
        for look, f in zip(looks, found, strict=True)
        if isinstance(f, TwoPaths)
        for row in zip(f.blocks, f.depths, f.shortcut, f.branch, f.whole, f.cosine, f.error, strict=True)
    ]
    return as_columns(names, rows)
