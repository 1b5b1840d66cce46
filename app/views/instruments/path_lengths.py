"""Which path lengths carry the gradient."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.figures.path_lengths import Spectrum, path_lengths
from app.figures.words import in_words
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.near_steps import near_steps
from app.views.instruments.numbers import as_columns, numbers
from app.views.looks import Look
from resnet_core.findings import PathLengths

MOST = 0.9  # of the sum of norms


def draw(scene: Scene) -> None:
    looks = [look for look in scene.looks if look.plan.skip_units]
    found = scene.ask([look.question("path-lengths", scene.step) for look in looks])
    known = {look.name: finding for look, finding in zip(looks, found, strict=True)}
    said = [_said(look, known.get(look.name)) for look in scene.looks]
    left, right = st.columns([3, 1.3], vertical_alignment="center")
    left.markdown("  \n".join(said))
    errors = [f.error for f in found if f is not None and np.isfinite(f.error)]
    if errors:
        error = in_words(float(max(errors)), 1).removeprefix("exactly ")
        right.badge(
            f"sum over all lengths = whole: relative error {error}", icon=":material/equal:", color="green"
        )
    pairs = [(look, finding) for look, finding in zip(looks, found, strict=True) if finding is not None]
    if looks:
        spectra = [_spectrum(*pair) for pair in pairs]
        figure = path_lengths(spectra, palette(), type_scale())
        chart(figure, key="path lengths", alt=" ".join(said).replace("**", ""))
    numbers(_table(pairs), key="path lengths")
    scene.ask.ahead([look.question("path-lengths", step) for look in looks for step in near_steps(scene)])


def most_of(lengths: np.ndarray, carried: np.ndarray) -> tuple[float, float] | None:
    """The fewest neighbouring lengths with 90 % of the sum; None where there is no finite sum."""
    total = carried.sum()
    if not np.isfinite(total) or total <= 0:
        return None
    sums = np.concatenate([[0.0], np.cumsum(carried)])
    windows = [
        (last - first, first, last)
        for first in range(len(carried))
        for last in range(first, len(carried))
        if sums[last + 1] - sums[first] >= MOST * total
    ]
    _, first, last = min(windows)
    return float(lengths[first]), float(lengths[last])


def _spectrum(look: Look, found: PathLengths) -> Spectrum:
    spectrum = Spectrum(look.arm, found.lengths, found.counts, found.one_path, found.carried)
    return spectrum._replace(most=most_of(*_measured(spectrum)))


def _measured(spectrum: Spectrum) -> tuple[np.ndarray, np.ndarray]:
    """Lengths and what they carry: measured, or where it is not, the product at the sampled lengths."""
    values = spectrum.carried if np.isfinite(spectrum.carried).any() else spectrum.product
    is_known = ~np.isnan(values)
    return spectrum.lengths[is_known], values[is_known]


def _said(look: Look, found: PathLengths | None) -> str:
    if not look.plan.skip_units:
        return f"**{look.name}**: there is one path, and it crosses every unit."
    if found is None:
        return f"**{look.name}**: …"
    spectrum = _spectrum(look, found)
    if spectrum.most is None:
        return f"**{look.name}**: the norms have no finite sum above 0, so no lengths carry most of it."
    first, last = spectrum.most
    is_exact = np.isfinite(found.carried).any()
    bound = "number × one path (an upper bound, at the sampled lengths)"
    what = "the sum of the norms" if is_exact else bound
    return (
        f"**{look.name}**: {MOST:.0%} of {what} lies in paths through {first:.0f} to {last:.0f} of "
        f"{int(found.blocks)} branches; the mean path has {found.blocks / 2:g}."
    ).replace("90%", "90 %")


def _table(pairs: Sequence[tuple[Look, PathLengths]]) -> dict[str, list]:
    names = (
        "network",
        "branches crossed",
        "paths",
        "gradient along one path",
        "paths sampled",
        "all together",
    )
    rows = [
        (look.name, *row)
        for look, f in pairs
        for row in zip(f.lengths, f.counts, f.one_path, f.samples, f.carried, strict=True)
    ]
    return as_columns(names, rows)
