"""The settings of a network that is looked at: any member of the family, from any other."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from app import state
from app.diagram.choice import Network, text_of
from app.setting_widgets import draw_depth, draw_widget
from resnet_core.arms import own_settings
from resnet_core.config import ModelConfig, RunConfig, SettingsError, from_flat
from resnet_core.data.info import SETS
from resnet_core.members import depth_rule, relevant_settings
from resnet_core.named_members import at_possible_depth

PICTURES = {f"{name}-{side}": (name, side) for name, info in SETS.items() for side in info.sides}


def change(place: str, network: Network, show: Callable[[str, str], None]) -> None:
    """A button with all settings of `network`; `show(place, text)` gets what it becomes."""
    popover = st.popover(
        "Change", icon=":material/tune:", help=f"All settings of {network.name}", on_change="rerun",
        key=f"change {place}", width="stretch",
    )  # fmt: skip
    if not popover.open:
        return
    config = network.config
    values = {"pictures": f"{config.data.name}-{config.data.side}", **dict(config.model)}
    with popover:
        st.markdown(f"**{network.name}**")
        for name, draw in _widgets(config.model).items():
            key = f"{place} {name}"
            state.show_in_widget(key, values[name])
            draw(key=key, on_change=_change, args=(place, name, key, network, show))


def _widgets(model: ModelConfig) -> dict[str, Callable[..., Any]]:
    rule, relevant = depth_rule(model), relevant_settings(model)
    depth = {"depth": partial(draw_depth, step=rule.step)} if rule else {}
    others = {name: partial(draw_widget, name) for name in relevant if name not in ("family", "depth")}
    return {"pictures": _draw_pictures, **depth, **others}


def _draw_pictures(**more: Any) -> None:
    words = {text: f"{SETS[name].title}, {side} px" for text, (name, side) in PICTURES.items()}
    st.selectbox("Pictures", list(PICTURES), format_func=words.get, **more)


def _change(place: str, name: str, key: str, network: Network, show: Callable[[str, str], None]) -> None:
    """Shows the network with one setting changed, or says why it cannot be."""
    value = state.widget_value(key)
    if value is None:  # a number that is being typed
        return
    try:
        show(place, text_of(changed(network.config, name, value)))
    except SettingsError as error:
        for problem in error.problems:
            state.say("error", f"{problem}.")


def changed(config: RunConfig, name: str, value: Any) -> RunConfig:
    """A config with one setting changed; another block brings the nearest possible depth. SettingsError."""
    data = {"dataset": config.data.name, "side": config.data.side}
    arm = dict(config.model)
    if name == "pictures":
        data = dict(zip(("dataset", "side"), PICTURES[value], strict=True))
    else:
        arm[name] = value
    return from_flat(own_settings(arm if name == "depth" else at_possible_depth(arm)) | data)
