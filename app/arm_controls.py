"""Widgets to settings: the arms of a race, each a member of the family with settings of its own.

The arms in `app.state` are the truth: every widget is made to show its arm's setting, and a change goes into
the arm first, where one setting may bring others with it.
"""

from collections.abc import Sequence

import streamlit as st

from app import state
from app.figures.theme import arm_names
from app.setting_widgets import draw_depth, draw_widget
from app.views.text import as_plain
from resnet_core.arms import SHAREABLE, Arm, own_settings
from resnet_core.config import ModelConfig, RunConfig, to_flat
from resnet_core.members import DepthRule, ancestor_depths, depth_rule, relevant_settings
from resnet_core.named_members import MEMBERS, at_possible_depth, become, member_of
from resnet_core.race import MAX_ARMS, MIN_ARMS

USUAL = to_flat(RunConfig())
BY_TITLE = {member.title: member for member in MEMBERS}
UNNAMED = "Own settings"  # of a network that is none of the named ones


def draw_arms(problems: Sequence[str]) -> None:
    """Draws the arms, and at each what is wrong with it."""
    arms = state.arms()
    names = arm_names([{**USUAL, **state.settings(), **arm} for arm in arms])
    st.markdown("**Arms**")
    for i in range(len(arms)):
        with st.container(gap="xsmall"):
            _draw_arm(i, names[i], removable=len(arms) > MIN_ARMS)
            start = f"arm {i + 1}: "
            for problem in (said.removeprefix(start) for said in problems if said.startswith(start)):
                st.markdown(f":small[:red[{as_plain(problem)}]]")
    if len(arms) < MAX_ARMS:
        more = [*arms, one_more(arms)]
        st.button("Add an arm", icon=":material/add:", on_click=state.set_arms, args=(more,))


def one_more(arms: Sequence[Arm]) -> Arm:
    """An arm beside others: the last one a step deeper, or the first named member that is not there yet."""
    last = _model(arms[-1])
    rule = depth_rule(last)
    deeper = [{**arms[-1], "depth": last.depth + rule.step}] if rule and last.depth < rule.high else []
    candidates = map(own_settings, (*deeper, *(member.settings for member in MEMBERS)))
    return next(arm for arm in candidates if arm not in map(own_settings, arms))


def _draw_arm(i: int, name: str, removable: bool) -> None:
    model = _model({**state.settings(), **state.arms()[i]})
    _draw_title(i, name, removable)
    rule = depth_rule(model)
    who, depth = st.columns([2, 1], gap="xsmall") if rule else (st.container(), None)
    with who:
        _draw_member(i, model)
    if rule:
        with depth:
            _draw_depth(i, model.depth, rule)
    with st.container(horizontal=True):
        _draw_switches(i, model)


def _draw_title(i: int, name: str, removable: bool) -> None:
    widths = [10, 5, 2] if removable else [12, 5]
    title, more, *remove = st.columns(widths, gap="xxsmall", vertical_alignment="center")
    title.markdown(f"**{i + 1}** &nbsp;{name}")
    with more:
        _draw_more(i, name)
    if removable:
        rest = [arm for j, arm in enumerate(state.arms()) if j != i]
        remove[0].button(
            "", icon=":material/close:", key=f"arm {i} remove", help=f"Remove {name}",
            on_click=state.set_arms, args=(rest,), type="tertiary",
        )  # fmt: skip


def _draw_member(i: int, model: ModelConfig) -> None:
    member, key = member_of(model), f"arm {i} member"
    state.show_in_widget(key, member.title if member else UNNAMED)
    st.selectbox(
        "Network", [*BY_TITLE] if member else [UNNAMED, *BY_TITLE], key=key, label_visibility="collapsed",
        on_change=_become, args=(i, key),
    )  # fmt: skip


def _draw_depth(i: int, depth: int, rule: DepthRule) -> None:
    key = f"arm {i} depth"
    state.show_in_widget(key, depth)
    draw_depth(key, step=rule.step, label_visibility="collapsed", on_change=_change, args=(i, "depth", key))


def _draw_switches(i: int, model: ModelConfig) -> None:
    """What is changed most, one click away."""
    if depth_rule(model) is None and len(depths := ancestor_depths(model.family)) > 1:
        key = f"arm {i} layers"
        state.show_in_widget(key, model.depth)
        st.segmented_control(
            "Depth", depths, key=key, required=True, label_visibility="collapsed", on_change=_change,
            args=(i, "depth", key),
        )  # fmt: skip
    if "skip" in relevant_settings(model) and model.skip in ("none", "identity"):
        _draw_switch(i, "Skip", "skip", ("none", "identity"))
    if model.norm in ("none", "batch"):
        _draw_switch(i, "Batch norm", "norm", ("none", "batch"))


def _draw_switch(i: int, label: str, name: str, values: tuple[str, str]) -> None:
    key = f"arm {i} {name} switch"
    state.show_in_widget(key, state.arms()[i][name] == values[1])
    st.toggle(label, key=key, on_change=_switch, args=(i, name, key, values))


def _draw_more(i: int, name: str) -> None:
    more = st.popover(
        "More", type="tertiary", help="All settings of this arm", key=f"arm {i} more", on_change="rerun"
    )
    if not more.open:
        return
    model = _model({**state.settings(), **state.arms()[i]})
    with more:
        st.markdown(f"**{name}**")
        if member := member_of(model):
            st.caption(member.about)
        for setting in (name for name in relevant_settings(model) if name not in ("family", "depth")):
            key = f"arm {i} {setting}"
            state.show_in_widget(key, getattr(model, setting))
            draw_widget(setting, key, on_change=_change, args=(i, setting, key))


def _become(i: int, key: str) -> None:
    if member := BY_TITLE.get(state.widget_value(key)):
        state.set_arm(i, become(state.arms()[i], member))


def _switch(i: int, name: str, key: str, values: tuple[str, str]) -> None:
    _set(i, name, values[state.widget_value(key)])


def _change(i: int, name: str, key: str) -> None:
    if (value := state.widget_value(key)) is not None:  # a number that is being typed
        _set(i, name, value)


def _set(i: int, name: str, value: object) -> None:
    """Gives an arm a setting. What all arms share is its own only while it differs."""
    arm = {**state.arms()[i], name: value}
    if name in SHAREABLE and value == state.settings()[name]:
        del arm[name]
    state.set_arm(i, arm if name == "depth" else at_possible_depth(arm))


def _model(settings: Arm) -> ModelConfig:
    """The network of an arm, possible or not."""
    known = {name: value for name, value in settings.items() if name in ModelConfig.model_fields}
    return ModelConfig.model_construct(**known)
