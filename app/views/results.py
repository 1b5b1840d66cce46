"""The card at the end of a race: what was measured, and what that does not show."""

import math
from collections.abc import Sequence

import streamlit as st

from app.figures.theme import arm_names
from app.views.text import as_plain
from resnet_core.config import to_flat
from resnet_core.records import Phase, RunInfo
from resnet_core.results import SMOOTHING, ArmResult, arm_result, caveats, comparison
from resnet_core.runs.store import RunStore

ENDED_AS = {
    Phase.DONE: "trained to the end",
    Phase.STOPPED: "stopped by hand",
    Phase.DIVERGED: "diverged",
    Phase.FAILED: "failed",
}


def card(store: RunStore, runs: Sequence[RunInfo]) -> None:
    """Draws the card of runs that have ended."""
    names = arm_names([to_flat(run.config) for run in runs])
    found = [arm_result(run, store.steps(run.id)) for run in runs]
    with st.container(border=True, key="results"):
        st.markdown("### What was measured")
        for column, name, result in zip(st.columns(len(found)), names, found, strict=True):
            with column:
                _arm(name, result)
        for name, result in list(zip(names, found, strict=True))[1:]:
            st.markdown(comparison(found[0], result, (names[0], name)))
        st.caption(" ".join(caveats(found)))
        table = st.expander("The numbers as tables", on_change="rerun", key="tables")
        if table.open:  # reading every number takes a moment, so only when someone looks
            with table:
                _tables(store, runs, names)


def _arm(name: str, result: ArmResult) -> None:
    st.markdown(f"**{name}**, {ENDED_AS[result.run.phase]} after {result.steps:,} steps")
    if result.run.reason:
        st.caption(as_plain(result.run.reason))
    loss, accuracy = st.columns(2)
    loss.metric(
        "Smoothed loss", _loss(result),
        help=f"Of training: moving average with weight {SMOOTHING} on the past.",
    )  # fmt: skip
    if result.evaluation:
        accuracy.metric("Test accuracy", f"{result.evaluation.accuracy:.1%}")
        accuracy.caption(f"{result.evaluation.images:,} test pictures")


def _loss(result: ArmResult) -> str:
    if not result.steps:
        return "–"
    return f"{result.smoothed_loss:.3f}" if math.isfinite(result.smoothed_loss) else "not finite"


def _tables(store: RunStore, runs: Sequence[RunInfo], names: Sequence[str]) -> None:
    from resnet_core.runs.export import layers_frame, steps_frame  # pandas, only when asked for

    for name, run in zip(names, runs, strict=True):
        st.markdown(f"**{name}**: every step, and every layer and block at one step")
        steps, layers = steps_frame(store, run.id), layers_frame(store, run.id)
        st.dataframe(steps, hide_index=True, height=240, width="stretch")
        if len(steps):
            measured = sorted(layers["step"].unique())
            step = st.select_slider("Step", measured, value=measured[-1], key=f"table step {run.id}")
            st.dataframe(layers[layers["step"] == step], hide_index=True, height=240, width="stretch")
