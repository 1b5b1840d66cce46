"""The frame of a page of instruments: which networks, which instrument, which step; the rest is the part's.

A part asks questions and draws what is known. While something is being computed the part, and nothing else of
the page, is drawn again twice a second. A run that goes on brings further steps by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import streamlit as st

from app import state
from app.charts.scrubber import scrubber
from app.views import look_choice, messages
from app.views.asking import Asking
from app.views.heading import heading
from app.views.instrument_link import USUAL, Chosen, chosen_on, keep, step_of
from app.views.looks import Look, all_steps, have_grown, offered_runs
from app.views.text import instrument_text

SECONDS_BETWEEN_LOOKS = 0.5  # while something is being computed
SECONDS_BETWEEN_STEPS = 2.0  # while a run goes on
STATUS_HEIGHT = 64  # px, with something to say or nothing: what is below stays where it is


class Scene(NamedTuple):
    """What a part has to draw: networks, step and block as chosen, and how to ask about them."""

    looks: Sequence[Look]
    step: int
    block: str
    ask: Asking

    def all_steps(self) -> list[int]:
        """The steps that any of the networks has kept."""
        return all_steps(self.looks)


class Part(NamedTuple):
    """One instrument of a page. `has_steps`: it looks at one step, so there is a scrubber."""

    label: str
    draw: Callable[[Scene], None]
    has_steps: bool = True


def instrument_page(page: str, title: str, parts: Mapping[str, Part]) -> None:
    """Draws a page of instruments; `page` names its settings and its texts."""
    state.start_session()
    state.analysts().prepare()
    heading(title, "Larger type for the last row.")
    runs = offered_runs()
    chosen = chosen_on(page, list(parts), runs)
    with messages.place():
        messages.show_problems(chosen.problems)
        messages.show_kept()
    look_choice.choose(chosen.looks, chosen.seed, runs, partial(keep, page))
    show = _instrument(page, parts, chosen.settings["show"])
    is_timed = state.is_waiting_for_answers()
    is_growing = any(look.is_growing for look in chosen.looks)
    every = SECONDS_BETWEEN_LOOKS if is_timed else SECONDS_BETWEEN_STEPS if is_growing else None
    st.fragment(_part, run_every=every)(page, show, parts[show], chosen, is_timed)


def _instrument(page: str, parts: Mapping[str, Part], show: str) -> str:
    key = f"{page} instrument"
    state.show_in_widget(key, show or next(iter(parts)))
    return st.segmented_control(
        "Instrument", list(parts), format_func=lambda name: parts[name].label, key=key, required=True,
        label_visibility="collapsed", on_change=lambda: keep(page, {"show": state.widget_value(key)}),
    )  # fmt: skip


def _part(page: str, name: str, part: Part, chosen: Chosen, is_timed: bool) -> None:
    """One drawing of an instrument."""
    brief, more = instrument_text(page, name)
    left, right = st.columns([5, 4], gap="medium")
    left.markdown(brief)
    with right:
        step = _scrubber(page, chosen.looks) if part.has_steps else 0
        status = st.container(height=STATUS_HEIGHT, border=False)
    failures = st.container()
    ask = Asking()
    part.draw(Scene(chosen.looks, step, chosen.settings["block"], ask))
    with status:
        ask.say(ask.about or _about(chosen.looks, step))
    with failures:
        ask.say_failures()
    with st.expander("Formula, source, and what this does not show"):
        st.markdown(more)
    state.wait_for_answers(ask.is_waiting)
    if ask.is_waiting != is_timed or (not is_timed and have_grown(chosen.looks)):
        st.rerun()


def _scrubber(page: str, looks: Sequence[Look]) -> int:
    steps = all_steps(looks)
    if len(steps) < 2:
        return steps[0]
    asked = step_of(state.page_settings(page, USUAL)["step"])
    step = steps[-1] if asked is None else max((s for s in steps if s <= asked), default=steps[0])
    scrubber(steps, step, key=f"{page} step", on_change=lambda step: keep(page, {"step": str(step)}))
    return step


def _about(looks: Sequence[Look], step: int) -> str:
    """Which weights and which pictures: said on every part."""
    said = [_weights_and_batch(look, step) for look in looks]
    has_norm = any(look.config.model.norm == "batch" for look in looks)
    norm = " BN uses the batch's statistics unless said otherwise." if has_norm else ""
    if len(set(said)) == 1:
        who = "Both" if len(looks) > 1 else looks[0].name
        return f"{who}: {said[0]}.{norm}"
    each = "; ".join(f"{look.name}: {words}" for look, words in zip(looks, said, strict=True))
    return f"{each}.{norm}"


def _weights_and_batch(look: Look, step: int) -> str:
    kept = look.kept(step)
    weights = f"after {kept} updates" if kept else "initial values"
    return f"{weights}, seed {look.config.seed}, batch of {look.config.training.batch}"
