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

MANY_UNITS = 150  # more than that no strip shows


def draw(scene: Scene) -> None:
    looks = scene.looks
    found = scene.ask([look.question("two-paths", scene.step) for look in looks])
    walks = scene.ask([look.question("slow-motion", scene.step) for look in looks])
    left, right = st.columns([3, 1.3], vertical_alignment="center")
    said = [_said(look, finding) for look, finding in zip(looks, found, strict=True)]
    left.markdown("  \n".join(said))
    with right:
        _badge([finding for finding in found if finding is not None])
    rows = [_strip(look, walk) for look, walk in zip(looks, walks, strict=True) if walk is not None]
    rows = [row for row in rows if len(row.names) <= MANY_UNITS]
    alt = "Every unit with the gradient past it and through it. " + " ".join(said).replace("**", "")
    chart(strips(rows, palette(), type_scale(), len(looks)), key="two paths strips", alt=alt)
    figure = two_paths(_ways(looks, found), palette(), type_scale(), block_bands(looks, scene.block))
    if any(look.plan.skip_units for look in looks):
        chart(figure, key="two paths", alt=" ".join(said).replace("**", ""))
    numbers(_table(looks, found), key="two paths")
    both = ("two-paths", "slow-motion")
    scene.ask.ahead([look.question(n, step) for look in looks for step in scene.all_steps() for n in both])


def _ways(looks: Sequence[Look], found: Sequence[TwoPaths | None]) -> list[Ways]:
    has_one = sum(bool(look.plan.skip_units) for look in looks) == 1
    return [
        Ways("" if has_one else look.name, look.arm.style.order, f.depths, f.blocks, f.shortcut, f.branch,
             f.cosine)
        for look, f in zip(looks, found, strict=True)
        if f is not None and len(f.blocks)
    ]  # fmt: skip


def _strip(look: Look, walk: Motion) -> Strip:
    """All units, so that the rows of a plain and a residual network stand unit over unit."""
    every = np.ones(len(walk.units), bool)
    return Strip(look.arm, walk.units, walk.stages, walk.has_skip, walk.through_shortcut, walk.through_branch,
                 every)  # fmt: skip


def _said(look: Look, finding: TwoPaths | None) -> str:
    if finding is None:
        return f"**{look.name}**: …"
    if not len(finding.blocks):
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


def _table(looks: Sequence[Look], found: Sequence[TwoPaths | None]) -> dict[str, list]:
    names = ("network", "block", "depth", "shortcut", "branch", "whole", "cosine", "relative error")
    rows = [
        (look.name, *row)
        for look, f in zip(looks, found, strict=True)
        if f is not None
        for row in zip(f.blocks, f.depths, f.shortcut, f.branch, f.whole, f.cosine, f.error, strict=True)
    ]
    return as_columns(names, rows)
