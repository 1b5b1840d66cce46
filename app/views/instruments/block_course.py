"""What each block did over a run: the numbers that the run itself wrote down at its steps."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import streamlit as st

from app import state
from app.figures.block_times import BlockTimes, block_times
from app.figures.history import Readings, history_of
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.sentences import in_words
from app.views.instruments.switches import switch
from app.views.looks import Look
from resnet_core.runs.store import StoreError

MAX_READINGS, MAX_ROWS = 2000, 50  # of a map, of a table
RECORDED = {"branch_ratio": "‖F(x)‖ / ‖x‖", "branch_gain": "|α|, or mean |γ|"}


class _Recorded(NamedTuple):
    """What a run wrote down itself at its steps."""

    blocks: tuple[str, ...]
    readings: dict[str, Readings]


def draw_course(scene: Scene) -> None:
    """A map of block by step; the step that is looked at has a line."""
    what = switch("Recorded", RECORDED, key="blocks recorded")
    trained = [look for look in scene.looks if look.run_id]
    recorded = [(look, _recorded_of(look.run_id)) for look in trained]
    shown = [
        BlockTimes(look.arm, run.readings[what].steps, run.blocks, run.readings[what].values)
        for look, run in recorded
        if run is not None and what in run.readings and run.blocks
    ]
    st.markdown("  \n".join(_course(look, what, shown) for look in scene.looks))
    if not shown:
        return
    said = "; ".join(_course(look, what, shown) for look in scene.looks).replace("**", "")
    figure = block_times(shown, RECORDED[what], palette(), type_scale(), step=scene.step)
    chart(figure, key="block times", alt=f"{RECORDED[what]} by block and step. {said}")
    rows = [(times.arm.name, int(s), name, float(v)) for times in shown for s, row in _thinned(times)
            for name, v in zip(times.blocks, row, strict=True)]  # fmt: skip
    names = ("network", "step", "block", RECORDED[what])
    numbers(as_columns(names, rows), key="block times")


def _thinned(times: BlockTimes) -> list[tuple[int, np.ndarray]]:
    every = max(-(-len(times.steps) // MAX_ROWS), 1)
    return list(zip(times.steps[::every], times.values[::every], strict=True))


def _course(look: Look, what: str, shown: Sequence[BlockTimes]) -> str:
    """The median over the blocks, at the first and at the last reading."""
    times = next((times for times in shown if times.arm == look.arm), None)
    if times is None:
        why = "is untrained: choose a run above" if not look.run_id else "has recorded no such number"
        why = why if look.plan.skip_units else "has no unit with a skip"
        return f"**{look.name}** {why}."
    first, last = (np.median(times.values[i]) for i in (0, -1))
    return (
        f"**{look.name}**: the median over {len(times.blocks)} blocks goes from {in_words(first)} at step "
        f"{times.steps[0]:,} to {in_words(last)} at step {times.steps[-1]:,}."
    )


def _recorded_of(run_id: str) -> _Recorded | None:
    for number, store in enumerate(state.open_stores()):
        try:
            return _recorded(number, run_id, store.run(run_id).steps_done)
        except StoreError:
            continue
    return None


@lru_cache(maxsize=4)
def _recorded(store_number: int, run_id: str, steps_done: int) -> _Recorded:
    store = state.open_stores()[store_number]
    records = store.steps(run_id, stride=max(steps_done // MAX_READINGS, 1))
    history = history_of(records, store.layout(run_id))
    return _Recorded(
        history.blocks, {name: history.readings[name] for name in RECORDED if name in history.readings}
    )
