"""The frame of a page of instruments: which networks, which instrument, which step; the rest is the part's.

A part asks questions and draws what is known. While something is being computed the part, and nothing else of
the page, is drawn again twice a second.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from app import state
from app.charts.scrubber import scrubber
from app.views import looks, messages
from app.views.asking import Asking
from app.views.heading import heading
from app.views.looks import Look
from app.views.text import instrument_text

USUAL = dict.fromkeys(("first", "second", "show", "step", "block", "seed", "present"), "")
SECONDS_BETWEEN_LOOKS = 0.5
STATUS_HEIGHT = 64  # px, with something to say or nothing: what is below stays where it is


class Scene(NamedTuple):
    """What a part has to draw: networks, step and block as chosen, and how to ask about them."""

    looks: Sequence[Look]
    step: int
    block: str
    ask: Asking

    def all_steps(self) -> list[int]:
        """The steps that any of the networks has kept."""
        return sorted({step for look in self.looks for step in look.steps})


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
    chosen = dict(state.page_settings(page, USUAL))
    chosen["present"] = "1" if state.is_presenting() else ""
    chosen["block"] = chosen["block"] or state.chosen_block()
    place = messages.place()
    found, problems = looks.choose(chosen, lambda name, text: _keep(page, {name: text}))
    if chosen["show"] not in parts:
        if chosen["show"]:
            problems.append(f"show: {chosen['show'][:40]!r} is not there; there are {', '.join(parts)}")
        chosen["show"] = ""
    with place:
        messages.show_problems(problems)
        messages.show_kept()
    if chosen["first"]:
        chosen |= {"first": found[0].text, "second": found[1].text if len(found) > 1 else ""}
    state.keep_page_settings(page, chosen, USUAL)
    show = _instrument(page, parts, chosen["show"])
    is_timed = state.is_waiting_for_answers()
    every = SECONDS_BETWEEN_LOOKS if is_timed else None
    st.fragment(_part, run_every=every)(page, show, parts[show], found, is_timed)


def _instrument(page: str, parts: Mapping[str, Part], show: str) -> str:
    key = f"{page} instrument"
    state.show_in_widget(key, show or next(iter(parts)))
    return st.segmented_control(
        "Instrument", list(parts), format_func=lambda name: parts[name].label, key=key, required=True,
        label_visibility="collapsed", on_change=lambda: _keep(page, {"show": state.widget_value(key)}),
    )  # fmt: skip


def _part(page: str, name: str, part: Part, found: Sequence[Look], is_timed: bool) -> None:
    """One drawing of an instrument."""
    brief, more = instrument_text(page, name)
    left, right = st.columns([5, 4], gap="medium")
    left.markdown(brief)
    with right:
        step = _scrubber(page, found) if part.has_steps else 0
        status = st.container(height=STATUS_HEIGHT, border=False)
    ask = Asking()
    block = state.page_settings(page, USUAL)["block"] or state.chosen_block()
    part.draw(Scene(found, step, block, ask))
    with status:
        ask.say(ask.about or _about(found, step))
    with st.expander("Formula, source, and what this does not show"):
        st.markdown(more)
    state.wait_for_answers(ask.is_waiting)
    if ask.is_waiting != is_timed:
        st.rerun()


def _scrubber(page: str, found: Sequence[Look]) -> int:
    steps = sorted({step for look in found for step in look.steps})
    if len(steps) < 2:
        return steps[0]
    asked = state.page_settings(page, USUAL)["step"]
    start = max((s for s in steps if asked.isdecimal() and s <= int(asked)), default=steps[-1])
    scrubber(steps, start, key=f"{page} step", on_change=lambda step: _keep(page, {"step": str(step)}))
    return start


def _about(found: Sequence[Look], step: int) -> str:
    """Which weights and which pictures: said on every part."""
    said = [_weights_and_batch(look, step) for look in found]
    has_norm = any(look.config.model.norm == "batch" for look in found)
    norm = " BN uses the batch's statistics unless said otherwise." if has_norm else ""
    if len(set(said)) == 1:
        who = "Both" if len(found) > 1 else found[0].name
        return f"{who}: {said[0]}.{norm}"
    each = "; ".join(f"{look.name}: {words}" for look, words in zip(found, said, strict=True))
    return f"{each}.{norm}"


def _weights_and_batch(look: Look, step: int) -> str:
    kept = look.kept(step)
    weights = f"after {kept} updates" if kept else "initial values"
    return f"{weights}, seed {look.config.seed}, batch of {look.config.training.batch}"


def _keep(page: str, changed: Mapping[str, str]) -> None:
    state.keep_page_settings(page, state.page_settings(page, USUAL) | dict(changed), USUAL)
