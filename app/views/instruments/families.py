"""The gradients of networks of eight depths, with and without BN, with and without skips."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from app.figures.families import Curve, Panel, families
from app.figures.theme import styles_of
from app.figures.words import in_words
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.sentences import BESIDE, ends
from app.views.instruments.switches import switch
from resnet_core.config import RunConfig, from_flat, to_flat
from resnet_core.findings import Profile
from resnet_core.questions import question

DEPTHS = (8, 14, 20, 32, 44, 56, 80, 110)
SAID_DEPTHS = (20, 56, 110)
CELLS = {
    ("none", "batch"): "Plain, BN",
    ("identity", "batch"): "Skips, BN",
    ("none", "none"): "Plain, no BN",
    ("identity", "none"): "Skips, no BN",
}
INITS = {"he": "He initialisation", "pytorch": "PyTorch default", "glorot": "Glorot initialisation"}
Known = Mapping[tuple[str, str, int], Profile | None]


def draw(scene: Scene) -> None:
    config = scene.looks[0].config
    left, right = st.columns([2.1, 3], vertical_alignment="center")
    with left:
        init = switch("Initial values", _inits(config), key="families init")
    right.markdown(
        "Beside each title, by number of layers: the gradient at the first layer, divided by that at the "
        "last layer before the classifier."
    )
    asked = [(skip, norm, depth) for depth in DEPTHS for skip, norm in CELLS]
    found = scene.ask([question("profile", _config(config, init, cell)) for cell in asked])
    known = dict(zip(asked, found, strict=True))
    scene.ask.about = (
        f"Measured on {len(asked)} untrained networks with width, pictures, batch and seed of "
        f"{scene.looks[0].name} ({config.model.width} channels, {config.data.name} of {config.data.side} px, "
        f"batch of {config.training.batch}, seed {config.seed}), one seed. BN uses the batch's statistics."
    )
    panels = [_panel(cell, known) for cell in CELLS]
    figure = families(panels, DEPTHS, palette(), type_scale())
    chart(figure, key="families", alt=" ".join(f"{p.title}: first over last {p.said}." for p in panels))
    numbers(_table(known), key="families")


def _inits(config: RunConfig) -> dict[str, str]:
    """That of the first network first, if it is one that all four kinds can have."""
    own = config.model.init if config.model.init in INITS else "he"
    return {name: words for name, words in INITS.items() if name in ("he", "pytorch", own)}


def _config(config: RunConfig, init: str, cell: tuple[str, str, int]) -> RunConfig:
    skip, norm, depth = cell
    usual = to_flat(RunConfig())
    kept = {name: to_flat(config)[name] for name in ("width", "dataset", "side", "batch", "seed")}
    return from_flat(usual | kept | {"skip": skip, "norm": norm, "depth": depth, "init": init})


def _panel(cell: tuple[str, str], known: Known) -> Panel:
    curves = [_curve(depth, known[*cell, depth]) for depth in DEPTHS if known[*cell, depth] is not None]
    said = " · ".join(f"{depth}: {_ratio(known[*cell, depth])}" for depth in SAID_DEPTHS)
    return Panel(CELLS[cell], said, styles_of(["plain" if cell[0] == "none" else "residual"])[0], curves)


def _curve(depth: int, profile: Profile) -> Curve:
    main = np.flatnonzero(~np.isin(profile.kinds, BESIDE))
    return Curve(depth, profile.depths[main], profile.gradients[main], profile.layers[main])


def _ratio(profile: Profile | None) -> str:
    if profile is None:
        return "…"
    first, last = (float(profile.gradients[i]) for i in ends(profile))
    if np.isfinite([first, last]).all() and last:
        return in_words(first / last)
    return f"{in_words(first)} over {in_words(last)}"


def _table(known: Known) -> dict[str, list]:
    rows = [
        (CELLS[skip, norm], depth, *(float(profile.gradients[i]) for i in ends(profile)))
        for (skip, norm, depth), profile in known.items()
        if profile is not None
    ]
    names = ("kind", "layers", "gradient at the first layer", "gradient at the last")
    return as_columns(names, rows)
