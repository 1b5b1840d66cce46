"""At which unit class activation maps are taken: the one chosen, or the last with at least 4 x 4 places."""

import streamlit as st

from app import state
from app.views.instrument_page import Scene
from app.views.instruments.units import units_of
from app.views.looks import Look

SMALLEST = 4  # places along a side of a map that is worth showing alone
KEY = "unit of the maps"


def choose_unit(scene: Scene) -> str:
    """Draws the choice: the name of a unit, or nothing for the usual one of each network."""
    names = list(dict.fromkeys(name for look in scene.looks for name in _placed(look)))
    wanted = state.remembered("unit", scene.block)
    state.show_in_widget(KEY, wanted if wanted in names else None)
    return st.selectbox(
        "Unit of the class activation maps", names, index=None, key=KEY,
        placeholder="the last with 4 × 4 places", width=300,
        on_change=lambda: state.remember("unit", state.widget_value(KEY)),
    ) or ""  # fmt: skip


def unit_of(look: Look, chosen: str) -> str:
    """The unit that is shown of a network; empty where none of its units has places."""
    placed = _placed(look)
    if chosen in placed:
        return chosen
    large = [name for name, side in placed.items() if side >= SMALLEST]
    return (large or list(placed) or [""])[-1]


def _placed(look: Look) -> dict[str, int]:
    """Units with feature maps that have a place, and the smaller side of those."""
    both = zip(units_of(look.plan), look.plan.units, strict=True)
    return {place.name: min(unit.outputs[1:]) for place, unit in both if len(unit.outputs) == 3}
