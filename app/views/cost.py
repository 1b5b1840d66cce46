"""What a race will cost, before it starts: parameters, multiply-adds, memory, time."""

import functools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import streamlit as st

from app.figures.theme import arm_names
from resnet_core.config import RunConfig, to_flat
from resnet_core.cost import expected_seconds, memory_bytes, plan_of_run
from resnet_core.runs.admission import count_slots
from resnet_core.runs.store import RunStore

LONG_SECONDS = 600  # of a race: more is for those who mean it


def line(store: RunStore, configs: Sequence[RunConfig]) -> None:
    """One line beside the buttons, and the numbers of each arm behind a button."""
    if not configs:
        return
    text, more = st.columns([4, 1.4], vertical_alignment="center")
    text.caption(_sentence(store, configs))
    with more.popover("Costs", icon=":material/receipt_long:", width="stretch"):
        st.dataframe(_table(configs), hide_index=True, width="stretch")
        st.caption(
            "Multiply-adds are of one picture's forward pass. Memory is an estimate of the run's peak."
        )


def _sentence(store: RunStore, configs: Sequence[RunConfig]) -> str:
    sizes = [_size(config) for config in configs]
    parameters = _range(f"{count:,}" for count in sorted(size.parameters for size in sizes))
    multiply_adds = _range(map(_in_millions, sorted(size.multiply_adds for size in sizes)))
    both = f"{parameters} parameters, {multiply_adds} M multiply-adds a picture"
    seconds = seconds_here(store, configs)
    if seconds is None:
        return f"{both}. The time is known once this machine has been measured."
    time = f"About **{duration(seconds)}** for {len(configs)} networks here ({_device(store).upper()})."
    advice = " Fewer steps, or less depth or width, make it shorter." if seconds > LONG_SECONDS else ""
    return f"{both}. {time}{advice}"


def seconds_here(store: RunStore, configs: Sequence[RunConfig]) -> float | None:
    """Time of runs that start together on this machine; None before it has been measured."""
    machine = store.machine()
    return expected_seconds(configs, machine, slots(store)) if "seconds_per_mac" in machine else None


def slots(store: RunStore) -> int:
    """How many runs this machine trains at once."""
    return count_slots(_device(store))


def _device(store: RunStore) -> str:
    return store.machine().get("device", "cpu")


def _range(ordered: Iterable[str]) -> str:
    found = list(ordered)
    return found[0] if found[0] == found[-1] else f"{found[0]} to {found[-1]}"


def _in_millions(count: int) -> str:
    return f"{count / 1e6:,.1f}" if count >= 1e6 else f"{count / 1e6:.2g}"


def duration(seconds: float) -> str:
    """A length of time as one says it: 40 s, 12 min, 2.5 h."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _table(configs: Sequence[RunConfig]) -> dict[str, list]:
    sizes = [_size(config) for config in configs]
    return {
        "Network": arm_names([to_flat(config) for config in configs]),
        "Parameters": [f"{size.parameters:,}" for size in sizes],
        "Multiply-adds": [f"{_in_millions(size.multiply_adds)} M" for size in sizes],
        "Memory": [f"{size.memory / 1e9:.1f} GB" for size in sizes],
    }


class _Size(NamedTuple):
    parameters: int
    multiply_adds: int
    memory: int  # bytes


@functools.lru_cache(maxsize=64)
def _size(config: RunConfig) -> _Size:
    """Asked for every second while a race goes on."""
    plan = plan_of_run(config)
    return _Size(plan.parameter_count, plan.multiply_adds, memory_bytes(config))
