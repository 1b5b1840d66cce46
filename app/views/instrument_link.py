"""What a link to a page of instruments asks for, what of it can be, and what to say of the rest.

Sentences about it stay until the visitor chooses something: while numbers are computed the page is drawn
again and again, and by then the address says only what is possible.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app import state
from app.diagram.drawing import block_names
from app.views import picture_link
from app.views.looks import PLACES, Look, Runs, all_steps, looks_of
from resnet_core.config import SettingsError, field_of, from_flat

USUAL = dict.fromkeys(
    ("first", "second", "show", "step", "block", "seed", "picture", "target", "present"), ""
)
MAX_NAMED = 8  # of what can be chosen instead


class Chosen(NamedTuple):
    """What a page of instruments shows, and sentences about what it cannot show."""

    settings: Mapping[str, str]
    looks: Sequence[Look]
    seed: int
    problems: Sequence[str]


def chosen_on(page: str, parts: Sequence[str], runs: Runs) -> Chosen:
    """What was chosen, in the link at first, as far as it can be; the address then says just that."""
    is_link = not state.has_page_settings(page)
    settings = state.page_settings(page, USUAL)
    problems = _of_session()
    seed = _seed(settings, problems)
    looks, wrong = looks_of(settings, seed, runs)
    problems += wrong
    if settings["first"] or settings["second"]:
        settings |= zip(PLACES, [*(look.text for look in looks), ""], strict=False)
    _check_show(settings, parts, problems)
    if is_link:
        _check_block(settings, looks, problems)
    _check_step(settings, looks, problems, is_link)
    problems += picture_link.corrected(settings, looks)
    settings["block"] = state.chosen_block(settings["block"])
    settings["present"] = "1" if state.is_presenting() else ""
    state.note_shown(page, dict(zip(PLACES, (look.text for look in looks), strict=False)))
    state.keep_page_settings(page, settings, USUAL)
    return Chosen(settings, looks, seed, _lasting(page, settings, problems))


def keep(page: str, changed: Mapping[str, str]) -> None:
    """Keeps what was chosen instead, and makes the address of the page say it."""
    state.keep_page_settings(page, state.page_settings(page, USUAL) | dict(changed), USUAL)


def step_of(text: str) -> int | None:
    """The step that a link means; None for what is none."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _of_session() -> list[str]:
    """What else is wrong with the link that the session began with. Its block and seed are this page's."""
    problems = [problem for problem in state.start_session() if problem.partition(":")[0] not in USUAL]
    state.forget_url_problems()
    return problems


def _seed(settings: dict[str, str], problems: list[str]) -> int:
    usual = field_of("seed").default
    try:
        return from_flat({"seed": settings["seed"] or usual}).seed
    except SettingsError as error:
        settings["seed"] = ""
        problems += [f"{problem}. It is {usual} here." for problem in error.problems]
        return usual


def _check_show(settings: dict[str, str], parts: Sequence[str], problems: list[str]) -> None:
    if settings["show"] not in ("", *parts):
        problems.append(_unknown(settings, "show", parts))
        settings["show"] = ""


def _check_block(settings: dict[str, str], looks: Sequence[Look], problems: list[str]) -> None:
    blocks = list(dict.fromkeys(block for look in looks for block in block_names(look.plan)))
    if settings["block"] not in ("", *blocks):
        problems.append(_unknown(settings, "block", blocks))
        settings["block"] = ""


def _unknown(settings: Mapping[str, str], name: str, known: Sequence[str]) -> str:
    there = ", ".join(known if len(known) <= MAX_NAMED else [*known[:4], "…", *known[-2:]])
    return f"{name}: {settings[name][:40]!r} is not there; there are {there}."


def _check_step(settings: dict[str, str], looks: Sequence[Look], problems: list[str], is_link: bool) -> None:
    """A link's step may lie between kept ones. Afterwards other networks may end before it: so be it."""
    step, last = step_of(settings["step"]), all_steps(looks)[-1]
    if settings["step"] and (step is None or (is_link and step > last)):
        there = f"steps are 0 to {last}" if last else "without a trained run there is step 0 alone"
        problems.append(f"step: {settings['step'][:40]!r} is not there; {there}.")
        settings["step"] = ""


def _lasting(page: str, settings: Mapping[str, str], problems: Sequence[str]) -> Sequence[str]:
    """The sentences said last, until something else is chosen."""
    said_of, said = state.remembered(f"problems of {page}", ({}, []))
    problems = problems or (said if said_of == settings else [])
    state.remember(f"problems of {page}", (dict(settings), problems))
    return problems
