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
    machine = store.machine()
    if "seconds_per_mac" not in machine:
        return "This machine has not been measured yet, so the time is not known."
    seconds = expected_seconds(configs, machine, count_slots(machine.get("device", "cpu")))
    where = machine.get("device", "cpu").upper()
    return f"About **{_duration(seconds)}** for {len(configs)} networks on this machine ({where})."


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _table(configs: Sequence[RunConfig]) -> dict[str, list]:
    names = arm_names([to_flat(config) for config in configs])
    facts = [(config.model, config.data.info.channels, len(config.data.info.classes)) for config in configs]
    return {
        "Network": names,
        "Parameters": [f"{count_parameters(*fact):,}" for fact in facts],
        "Multiply-adds": [
            f"{count_multiply_adds(*fact, config.data.side) / 1e6:,.1f} M"
            for fact, config in zip(facts, configs, strict=True)
        ],
        "Memory": [f"{memory_bytes(config) / 1e9:.1f} GB" for config in configs],
    }
