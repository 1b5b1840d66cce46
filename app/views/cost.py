"""What a race will cost, before it starts: parameters, multiply-adds, memory, time."""

from collections.abc import Sequence

import streamlit as st

from app.figures.theme import arm_names
from resnet_core.config import RunConfig, to_flat
from resnet_core.cost import count_multiply_adds, count_parameters, expected_seconds, memory_bytes
from resnet_core.runs.admission import count_slots
from resnet_core.runs.store import RunStore


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
    parameters = _range([_parameters(config) for config in configs], "{:,.0f}")
    multiply_adds = _range([_multiply_adds(config) / 1e6 for config in configs], "{:,.1f}")
    size = f"{parameters} parameters, {multiply_adds} M multiply-adds a picture"
    machine = store.machine()
    if "seconds_per_mac" not in machine:
        return f"{size}. The time is known once this machine has been measured."
    device = machine.get("device", "cpu")
    seconds = expected_seconds(configs, machine, count_slots(device))
    return f"{size}. About **{duration(seconds)}** for {len(configs)} networks here ({device.upper()})."


def _range(values: Sequence[float], form: str) -> str:
    low, high = (form.format(value) for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _parameters(config: RunConfig) -> int:
    return count_parameters(config.model, config.data.info.channels, len(config.data.info.classes))


def _multiply_adds(config: RunConfig) -> int:
    info = config.data.info
    return count_multiply_adds(config.model, info.channels, len(info.classes), config.data.side)


def duration(seconds: float) -> str:
    """A length of time as one says it: 40 s, 12 min, 2.5 h."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _table(configs: Sequence[RunConfig]) -> dict[str, list]:
    return {
        "Network": arm_names([to_flat(config) for config in configs]),
        "Parameters": [f"{_parameters(config):,}" for config in configs],
        "Multiply-adds": [f"{_multiply_adds(config) / 1e6:,.1f} M" for config in configs],
        "Memory": [f"{memory_bytes(config) / 1e9:.1f} GB" for config in configs],
    }
