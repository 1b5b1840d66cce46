"""Widgets to settings: the sidebar of the race page. Bounds live in `resnet_core.config`, not here."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st

from app import state
from app.arm_controls import draw_arms
from app.setting_widgets import draw_widget
from resnet_core.arms import Arm, arms_from_text
from resnet_core.config import RunConfig, SettingsError, field_of
from resnet_core.data.info import SETS
from resnet_core.race import DEFAULT_ARMS, race_configs

SHARED = ("dataset", "side", "difficulty", "steps", "batch", "learning_rate", "seed")
SHARED_MORE = (
    "width", "activation", "shortcut", "init", "gain", "warmup_steps", "schedule", "momentum",
    "weight_decay", "eval_every", "eval_images", "checkpoint_every", "augment",
)  # fmt: skip

MORE_RACES = "more races"  # the key of what opens on them


class Preset(NamedTuple):
    """A race to begin with."""

    title: str
    about: str
    arms: Sequence[Arm]


PRESETS = (
    Preset(
        "Plain vs residual",
        "Two networks of 56 layers that differ in nothing but the addition.",
        DEFAULT_ARMS,
    ),
    Preset(
        "Deeper is worse?",
        "20 and 56 layers, plain and residual, compared as in figure 6 of He et al. 2015.",
        arms_from_text("none-20,none-56,identity-20,identity-56"),
    ),
    Preset(
        "Skip or batch norm?",
        "With and without each of the two: which of them keeps the gradient in range?",
        arms_from_text("none-20,identity-20,none-20-nobn,identity-20-nobn"),
    ),
)
MORE_PRESETS = (
    Preset(
        "v1 vs v2 at depth 110",
        "The order within a block, of He et al. 2016: norm and activation behind or in front.",
        arms_from_text("identity-110,identity-110~order:pre"),
    ),
    Preset(
        "Highway vs ResNet",
        "Gates that learn what to carry on, and an addition that carries everything on.",
        arms_from_text("gated-20~block:single,identity-20"),
    ),
    Preset(
        "AlexNet vs VGG-19",
        "8 and 19 layers without a skip, as of 2012 and 2014.",
        arms_from_text("alexnet-8,vgg-19"),
    ),
    Preset(
        "DenseNet-40 vs ResNet-56",
        "Concatenation and addition.",
        arms_from_text("dense-40,identity-56"),
    ),
    Preset(
        "50-layer MLP",
        "Plain and residual, without a convolution.",
        arms_from_text("mlp-50~skip:none~width:64,mlp-50~width:64"),
    ),
)


def draw_controls() -> tuple[list[RunConfig], Sequence[str]]:
    """Draws the sidebar. Returns the race's configs, or none and what is wrong, in sentences."""
    with st.sidebar:
        _draw_presets()
        arms = st.container(border=True)
        with st.container(border=True):
            st.markdown("**For every arm**")
            for name in SHARED:
                if name != "difficulty" or SETS[state.settings()["dataset"]].is_drawn:
                    _draw_setting(name)
            with st.expander("More settings"):
                for name in SHARED_MORE:
                    _draw_setting(name)
        configs, problems = _race()
        with arms:  # last, as what is shared has a part in what is wrong with an arm
            draw_arms(problems)
    return configs, problems


def _race() -> tuple[list[RunConfig], Sequence[str]]:
    try:
        return race_configs(state.settings(), state.arms()), ()
    except SettingsError as error:
        return [], error.problems


def _draw_presets() -> None:
    with st.container(border=True):
        st.markdown("**Races to begin with**")
        for preset in PRESETS:
            _draw_preset(preset)
        with st.popover("More races", width="stretch", key=MORE_RACES, on_change="rerun"):
            for preset in MORE_PRESETS:
                _draw_preset(preset)


def _draw_preset(preset: Preset) -> None:
    st.button(
        preset.title, help=preset.about, on_click=_begin, args=(preset,), width="stretch",
        key=f"preset {preset.title}",
    )  # fmt: skip


def _begin(preset: Preset) -> None:
    state.set_arms(preset.arms)
    state.show_in_widget(MORE_RACES, False)  # so that the arms are in sight


def _draw_setting(name: str) -> None:
    key = f"set_{name}"
    state.begin_widget(key, state.settings()[name])
    callback: dict[str, Any] = {"on_change": _fit_pictures} if name == "dataset" else {}
    state.keep_setting(name, draw_widget(name, key, **callback))


def _fit_pictures() -> None:
    """A new set may not come in the old side, or not be drawn to a difficulty."""
    info = SETS[state.widget_value("set_dataset")]
    if state.settings()["side"] not in info.sides:
        state.change({"side": info.sides[0]})
    if not info.is_drawn:
        state.change({"difficulty": field_of("difficulty").default})
