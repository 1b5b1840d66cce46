"""The variance of the signal through the depth, beside the law where one is known, for any norm and init."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from app.figures.depth import Line, by_depth, unknown
from app.figures.theme import Arm
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.bands import block_bands
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.sentences import in_words
from app.views.instruments.switches import switch
from app.views.looks import Look
from app.views.text import as_plain
from resnet_core.config import SettingsError, from_flat, to_flat
from resnet_core.findings import Variance

NORMS = {"": "Norm as chosen", "batch": "BN", "none": "No norm"}
INITS = {"": "Init as chosen", "he": "He", "glorot": "Glorot", "pytorch": "PyTorch"}
WORDS = {
    "norm": {"batch": "BN", "none": "no norm"},
    "init": {name: f"{word} init" for name, word in INITS.items()},
}
OF = {"signal": "Of the signal", "branch": "Of the branch alone"}


def draw(scene: Scene) -> None:
    with st.container(horizontal=True):
        norm = switch("Norm", NORMS, key="variance norm")
        init = switch("Initial values", INITS, key="variance init")
        of = switch("Variance", OF, key="variance of")
    looks, problems = _others(scene.looks, norm, init)
    if norm or init:
        scene.ask.about = _about(looks, scene.step)
    found = scene.ask([look.question("variance", scene.step) for look in looks])
    both = list(zip(looks, found, strict=True))
    st.markdown("  \n".join(_said(look, one, of) for look, one in both))
    for problem in problems:
        st.warning(as_plain(problem), icon=":material/info:")
    figure = by_depth(
        [_line(look, one, of) for look, one in both], "variance", palette(), type_scale(),
        laws=[law for look, one in both for law in _laws(look, one, of)],
        bands=block_bands(looks, scene.block),
    )  # fmt: skip
    said = " ".join(_said(look, one, of) for look, one in both).replace("**", "")
    chart(figure, key="variance", alt=f"Variance against depth. {said}")
    _numbers(both)
    scene.ask.ahead([look.question("variance", step) for step in scene.all_steps() for look in looks])


def _others(looks: Sequence[Look], norm: str, init: str) -> tuple[list[Look], list[str]]:
    """The same networks with another norm or init; those are untrained, whatever was trained before."""
    found, problems = [], []
    for look in looks:
        asked = {name: value for name, value in (("norm", norm), ("init", init)) if value}
        changed = {name: value for name, value in asked.items() if getattr(look.config.model, name) != value}
        try:
            found.append(_changed(look, changed) if changed else look)
        except SettingsError as error:
            found.append(look)
            problems += [f"{look.name} stays as it was: {problem}." for problem in error.problems]
    return found, problems


def _changed(look: Look, changed: Mapping[str, str]) -> Look:
    words = [WORDS[name][value] for name, value in changed.items()]
    arm = replace(look.arm, name=", ".join([look.name, *words]))
    return replace(look, arm=arm, config=from_flat(to_flat(look.config) | changed), run_id="", steps=(0,))


def _about(looks: Sequence[Look], step: int) -> str:
    said = [
        f"{look.name}: {f'after {look.kept(step)} updates' if look.kept(step) else 'initial values'}, "
        f"seed {look.config.seed}, batch of {look.config.training.batch}"
        for look in looks
    ]
    return f"{'; '.join(said)}. BN uses the batch's statistics."


def _values(found: Variance, of: str) -> tuple[np.ndarray, np.ndarray]:
    """The variances that are there, and where; without a skip there is no branch."""
    values = found.branch_variances if of == "branch" else found.variances
    there = np.ones(len(values), bool) if of == "signal" else ~_has_no_branch(found)
    return values[there], there


def _has_no_branch(found: Variance) -> np.ndarray:
    return np.isnan(found.branch_variances) & np.isfinite(found.variances)


def _line(look: Look, found: Variance | None, of: str) -> Line:
    if found is None:
        return unknown(look.arm)
    values, there = _values(found, of)
    return Line(look.arm, found.depths[there], values, found.places[there])


def _laws(look: Look, found: Variance | None, of: str) -> list[Line]:
    if found is None or of == "branch" or not np.isfinite(found.law).any():
        return []
    arm = Arm(f"law: {found.law_name}", look.arm.style)
    return [Line(arm, found.depths, found.law, found.places)]


def _said(look: Look, found: Variance | None, of: str) -> str:
    """By what factor the variance changes from the first place to the last, and what the law expects."""
    if found is None:
        return f"**{look.name}**: …"
    values, there = _values(found, of)
    if len(values) < 2:
        return f"**{look.name}**: no branch stands beside a skip here."
    first, last = found.places[there][[0, -1]]
    said = (
        f"**{look.name}**: from {in_words(values[0])} behind {first} to {in_words(values[-1])} behind {last}"
    )
    law = found.law[-1]
    if of == "branch":
        return f"{said}."
    if not np.isfinite(law) or not law > 0:
        return f"{said}. {found.law_about}"
    expected = f"the {in_words(law)} expected at the start ({found.law_name})"
    return f"{said}, {in_words(values[-1] / law)} times {expected}."


def _numbers(both: Sequence[tuple[Look, Variance | None]]) -> None:
    rows = [
        (look.name, str(place), int(depth), float(value), float(branch), float(law))
        for look, found in both
        if found is not None
        for place, depth, value, branch, law in zip(
            found.places, found.depths, found.variances, found.branch_variances, found.law, strict=True
        )
    ]
    names = ("network", "place", "depth", "variance", "of the branch", "by the law")
    numbers(as_columns(names, rows), key="variance")
