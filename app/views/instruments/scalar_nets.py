"""Shattered gradients in networks of one number in and one out."""

import numpy as np
import streamlit as st

from app.figures.scalar_nets import ScalarNet, scalar_nets
from app.figures.theme import Arm, ArmStyle
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.switches import switch
from resnet_core.config import RunConfig
from resnet_core.findings import ScalarNets
from resnet_core.questions import question

NORMS = {"BN": "BN", "centred": "Centred"}
LAG = 5  # of which the sentence tells


def draw(scene: Scene, place) -> None:
    """`place` has the switch."""
    with place:
        norm = switch("Plain network", NORMS, key="shattered norm")
    [found] = scene.ask([question("scalar-nets", RunConfig())])
    nets = [] if found is None else _chosen_nets(found, norm)
    if found is not None:
        scene.ask.about = (
            "Networks of one number in and one out, 200 ReLU units a layer, initial values, seed 0; "
            f"autocorrelation: mean of {int(found.seeds)} seeds, bars one standard deviation."
        )
    said = ", ".join(f"{net.arm.name} {net.autocorrelation[LAG - 1]:.2f}" for net in nets).replace("-", "−")
    said = f"Autocorrelation of dy/dx {LAG} steps of the grid apart: {said or '…'}."
    st.markdown(said)
    chart(scalar_nets(nets, palette(), type_scale()), key="scalar nets", alt=said)
    rows = [
        (net.arm.name, *row)
        for net in nets
        for row in zip(net.lags, net.autocorrelation, net.spread, strict=True)
    ]
    numbers(as_columns(("network", "lag", "autocorrelation", "deviation"), rows), key="scalar nets")


def _chosen_nets(found: ScalarNets, norm: str) -> list[ScalarNet]:
    """One layer, 24 plain ones and the ResNet, after the paper."""
    chosen = (
        (Arm("1 layer", ArmStyle("plain", 1)), "plain", 1),
        (Arm(f"plain, 24 layers, {norm}", ArmStyle("plain", 0)), f"plain, {norm}", 24),
        (Arm("ResNet, 50 blocks, BN", ArmStyle("residual", 0)), "ResNet, BN, beta = 0.1", 50),
    )
    nets = []
    for arm, name, depth in chosen:
        for i in np.flatnonzero((found.names == name) & (found.depths == depth)):
            nets.append(ScalarNet(arm, found.grid, found.slopes[i], found.lags, found.autocorrelation[i],
                                  found.spread[i]))  # fmt: skip
    return nets
