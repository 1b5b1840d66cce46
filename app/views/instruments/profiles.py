"""The gradient profile: how large the gradient is at every layer."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.figures.depth import Line, by_depth, unknown
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.bands import block_bands
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.sentences import BESIDE, first_and_last
from app.views.instruments.switches import switch
from app.views.looks import Look
from resnet_core.findings import Profile

WHERE = {"weights": "at the weights", "signals": "at the activations"}
MEASURE = {"norm": "Norm", "relative": "Relative", "each": "Per number"}
SUBJECTS = {"norm": "gradient", "relative": "relative gradient", "each": "gradient per number"}
TITLES = {
    ("weights", "norm"): "‖∂L/∂W‖",
    ("weights", "relative"): "‖∂L/∂W‖ / ‖W‖",
    ("weights", "each"): "‖∂L/∂W‖ / √(numbers in W)",
    ("signals", "norm"): "‖∂L/∂y‖",
    ("signals", "relative"): "‖∂L/∂y‖ / ‖y‖",
    ("signals", "each"): "‖∂L/∂y‖ / √(numbers in y)",
}


def draw(scene: Scene) -> None:
    found = scene.ask([look.question("profile", scene.step) for look in scene.looks])
    left, right = st.columns([2.1, 3], vertical_alignment="center")
    with left, st.container(horizontal=True):
        where = switch("Gradient", WHERE, key="profile where")
        measure = switch("Measure", MEASURE, key="profile measure")
    values = [None if profile is None else values_of(profile, where, measure) for profile in found]
    said = [_said(*row, measure) for row in zip(scene.looks, found, values, strict=True)]
    right.markdown("  \n".join(said))
    lines = [_line(*row) for row in zip(scene.looks, found, values, strict=True)]
    title = TITLES[where, measure]
    figure = by_depth(lines, title, palette(), type_scale(), bands=block_bands(scene.looks, scene.block))
    chart(figure, key="profile", alt=f"{title} against depth. {' '.join(said).replace('**', '')}")
    numbers(_table(scene.looks, found, values), key="profile")
    scene.ask.ahead([look.question("profile", step) for look in scene.looks for step in scene.all_steps()])


def values_of(profile: Profile, where: str, measure: str) -> np.ndarray:
    """The gradient norms as they are, over the norm of what they belong to, or over the root of its size."""
    norms, own, sizes = (
        (profile.gradients, profile.weights, profile.sizes)
        if where == "weights"
        else (profile.signal_gradients, profile.signals, profile.signal_sizes)
    )
    if measure == "norm":
        return norms
    with np.errstate(divide="ignore", invalid="ignore"):
        return norms / (own if measure == "relative" else np.sqrt(sizes))


def _line(look: Look, profile: Profile | None, values: np.ndarray | None) -> Line:
    if profile is None:
        return unknown(look.arm)
    return Line(look.arm, profile.depths, values, profile.layers, np.isin(profile.kinds, BESIDE))


def _said(look: Look, profile: Profile | None, values: np.ndarray | None, measure: str) -> str:
    if profile is None:
        return f"**{look.name}**: …"
    return f"**{look.name}**: {first_and_last(profile, values, SUBJECTS[measure])}"


def _table(looks: Sequence[Look], found: Sequence[Profile | None], values: Sequence) -> dict[str, list]:
    rows = [
        (look.name, layer, int(depth), float(value))
        for look, profile, own in zip(looks, found, values, strict=True)
        if profile is not None
        for layer, depth, value in zip(profile.layers, profile.depths, own, strict=True)
    ]
    names = ("network", "layer", "depth", "value")
    return as_columns(names, rows)
