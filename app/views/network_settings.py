"""The settings of a network that is looked at: any member of the family, from any other."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from app import state
from app.diagram.choice import Network, text_of
from app.setting_widgets import draw_widget
from resnet_core.arms import own_settings
from resnet_core.config import RunConfig, SettingsError, from_flat
from resnet_core.data.info import SETS
from resnet_core.members import depth_rule, relevant_settings
from resnet_core.named_members import at_possible_depth

PICTURES = tuple(f"{name}-{side}" for name, info in SETS.items() for side in info.sides)


def change(place: str, network: Network, show: Callable[[str, str], None]) -> None:
    """A button with all settings of `network`; `show(place, text)` gets what it becomes."""
    popover = st.popover(
        "Change", icon=":material/tune:", help=f"All settings of {network.name}", on_change="rerun",
        key=f"change {place}", width="stretch",
    )  # fmt: skip
    if not popover.open:
        return
    config = network.config
    with popover:
        st.markdown(f"**{network.name}**")
        _widget(place, "pictures", f"{config.data.name}-{config.data.side}", (network, show), _pictures)
        if rule := depth_rule(config.model):
            _widget(
                place,
                "depth",
                config.model.depth,
                (network, show),
                lambda key, **more: _depth(key, rule.step, **more),
            )
        for name in relevant_settings(config.model):
            if name not in ("family", "depth"):
                draw = lambda key, name=name, **more: draw_widget(name, key, **more)  # noqa: E731
                _widget(place, name, getattr(config.model, name), (network, show), draw)


def _widget(place: str, name: str, value: Any, kept: tuple, draw: Callable[..., Any]) -> None:
    key = f"{place} {name}"
    state.show_in_widget(key, value)
    draw(key, on_change=_change, args=(place, name, key, *kept))


def _pictures(key: str, **more: Any) -> None:
    words = {
        text: f"{SETS[text.rpartition('-')[0]].title}, {text.rpartition('-')[2]} px" for text in PICTURES
    }
    st.selectbox("Pictures", PICTURES, format_func=words.get, key=key, **more)


def _depth(key: str, step: int, **more: Any) -> None:
    # No bounds on the widget: it would clip in silence, while the settings say what is possible.
    st.number_input("Depth", step=step, key=key, **more)


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
        dataset, _, side = value.rpartition("-")
        data = {"dataset": dataset, "side": int(side)}
    else:
        arm[name] = value
    return from_flat(own_settings(arm if name == "depth" else at_possible_depth(arm)) | data)
