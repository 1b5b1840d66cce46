"""The only user of session_state, query_params and caches: what a page must remember, and where."""

import threading
from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from resnet_core.analyst.pool import Analysts
from resnet_core.arms import ARM_SETTINGS, Arm, arms_from_text, arms_to_text, own_settings
from resnet_core.config import FLAT, RunConfig, SettingsError, from_flat, to_flat
from resnet_core.race import DEFAULT_ARMS, race_configs
from resnet_core.runs.places import default_store
from resnet_core.runs.store import RunStore
from resnet_core.runs.watch import watching

MAX_COMPARED = 4  # runs side by side
RECORDINGS = Path(__file__).resolve().parents[1] / "assets" / "recordings"
DEFAULTS = {name: value for name, value in to_flat(RunConfig()).items() if name not in ARM_SETTINGS}
_ONE_AT_A_TIME = threading.Lock()  # two sessions at once must not make two groups
_IN_URL = {*FLAT, "arms", "race", "runs", "present", "first", "second", "block", "part",
           "show", "step", "picture", "target"}  # fmt: skip


@lru_cache(maxsize=1)
def open_stores() -> tuple[RunStore, RunStore]:
    """The visitor's runs and the bundled recordings, opened once a process."""
    return RunStore(default_store()), RunStore(RECORDINGS, writable=False)


def analysts() -> Analysts:
    """Those who answer questions about networks, for all sessions; no process is started by this."""
    with _ONE_AT_A_TIME:
        return _analysts()


@lru_cache(maxsize=1)
def _analysts() -> Analysts:
    return Analysts(open_stores())


@st.cache_resource(show_spinner=False)
def keep_watch() -> Any:
    """Watches over the runs when the page runs alone; under the server, the server's watch holds the lock."""
    watch = watching(open_stores()[0])
    watch.__enter__()
    return watch


def start_session() -> list[str]:
    """Fills the settings from the URL, once a session. Returns what is wrong with the URL, in sentences."""
    if "settings" in st.session_state:
        return st.session_state["url_problems"]
    settings, arms, problems = _read_url(st.query_params.to_dict())
    st.session_state["settings"] = settings
    st.session_state["arms"] = arms
    st.session_state["race"] = st.query_params.get("race", "")
    st.session_state["url_problems"] = problems
    return problems


def forget_url_problems() -> None:
    """What was wrong with the link is of no interest any more."""
    st.session_state["url_problems"] = []


def _read_url(query: Mapping[str, str]) -> tuple[dict[str, Any], list[Arm], list[str]]:
    """Shared settings and arms of a URL; a value that cannot be is reported and its default used."""
    problems = [f"{n[:40]}: there is no such setting in a link." for n in query if n not in _IN_URL]
    arms, settings = list(DEFAULT_ARMS), dict(DEFAULTS)
    try:
        arms = arms_from_text(query["arms"]) if "arms" in query else arms
    except SettingsError as error:
        problems += [f"{problem}. The link's arms were not used." for problem in error.problems]
    for name in (n for n in query if n in DEFAULTS):
        try:
            settings[name] = _shared_value(name, query[name], settings, arms)
        except SettingsError as error:
            problems += [f"{problem}. The link's value was not used." for problem in error.problems]
    for_all_arms = {name: query[name] for name in ARM_SETTINGS if name in query}
    if any(letter.isdigit() for letter in query.get("block", "")):
        del for_all_arms["block"]  # one block of a network, such as layer1.0, for the pages that look at one
    try:
        return settings, _possible_arms(settings, [{**arm, **for_all_arms} for arm in arms]), problems
    except SettingsError as error:
        problems += [f"{problem}. The link's arms were not used." for problem in error.problems]
    return settings, list(DEFAULT_ARMS), problems


def _shared_value(name: str, text: str, settings: Mapping[str, Any], arms: Sequence[Arm]) -> Any:
    """A shared setting of a URL, which at least one of the arms must be able to have."""
    problems: list[SettingsError] = []
    for arm in arms:
        try:
            return to_flat(from_flat({**settings, **own_settings(arm), name: text}))[name]
        except SettingsError as error:
            problems.append(error)
    raise problems[-1]


def _possible_arms(settings: Mapping[str, Any], arms: Sequence[Arm]) -> list[Arm]:
    """The arms with the kind of value that each setting has, whether it came as a number or as text."""
    found = zip(race_configs(settings, arms), arms, strict=True)
    return [
        own_settings({name: getattr(config.model, name) for name in (*ARM_SETTINGS, *arm)})
        for config, arm in found
    ]


def settings() -> dict[str, Any]:
    """The shared settings on the page, by flat name."""
    return st.session_state["settings"]


def arms() -> list[Arm]:
    """The arms on the page."""
    return st.session_state["arms"]


def change(changed: Mapping[str, Any]) -> None:
    """Puts shared settings on the page; widgets follow."""
    st.session_state["settings"] = {**settings(), **changed}
    for name in changed:
        st.session_state.pop(f"set_{name}", None)


def set_arms(new: Sequence[Arm]) -> None:
    """Puts arms on the page; widgets follow."""
    st.session_state["arms"] = [own_settings(arm) for arm in new]


def set_arm(number: int, new: Arm) -> None:
    """Puts another arm in the place of one."""
    set_arms([new if i == number else arm for i, arm in enumerate(arms())])


def keep_setting(name: str, value: Any) -> None:
    """Keeps what the widget of a shared setting says."""
    st.session_state["settings"] = {**settings(), name: value}


def begin_widget(key: str, value: Any) -> None:
    """Gives a widget its first value; afterwards it keeps its own."""
    if key not in st.session_state:
        st.session_state[key] = value


def show_in_widget(key: str, value: Any) -> None:
    """Makes a widget show `value`, whatever it said before."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def correct_widget(key: str, value: Any) -> bool:
    """Makes a widget that is there show `value`; whether it said something else.

    One that did not is given `value` as what it begins with, every time: a slow browser may see the second
    drawing of a widget first, and only what it begins with is in every drawing.
    """
    if st.session_state.get(key, value) == value:
        return False
    st.session_state[key] = value
    return True


def widget_value(key: str) -> Any:
    """What a widget says now, inside its own callback."""
    return st.session_state[key]


def is_open(key: str) -> bool:
    """Whether the visitor has opened the box of this key."""
    return bool(st.session_state.get(key, False))


def component_value(key: str, name: str) -> Any:
    """What a component has last said under `name`; None before it has."""
    return st.session_state.get(key, {}).get(name)


def remember(name: str, value: Any) -> None:
    """Keeps what a widget said for when it is back on the page; its own value goes with it."""
    st.session_state[f"remembered {name}"] = value


def remembered(name: str, otherwise: Any) -> Any:
    """What was kept under `name`."""
    return st.session_state.get(f"remembered {name}", otherwise)


def race_id() -> str:
    """The race on the page; empty before the first one."""
    return st.session_state.get("race", "")


def show_race(new: str) -> None:
    """Puts a race on the page and into the URL."""
    st.session_state["race"] = new


def write_url() -> None:
    """Makes the page's address say what the page shows: a link is an experiment."""
    query = {name: str(value) for name, value in settings().items() if value != DEFAULTS[name]}
    if arms_to_text(arms()) != arms_to_text(DEFAULT_ARMS):
        query["arms"] = arms_to_text(arms())
    if race_id():
        query["race"] = race_id()
    if is_presenting():
        query["present"] = "1"
    _put_in_url(query)


def _put_in_url(query: Mapping[str, str]) -> None:
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def is_presenting() -> bool:
    """Whether the page is on a projector: larger type, no settings."""
    if "present" not in st.session_state:
        st.session_state["present"] = st.query_params.get("present") == "1"
    return st.session_state["present"]


def say(kind: str, text: str) -> None:
    """Keeps a message for the next run of the page: `kind` is success, warning or error."""
    st.session_state.setdefault("messages", []).append((kind, text))


def take_messages() -> list[tuple[str, str]]:
    """The kept messages, once."""
    return st.session_state.pop("messages", [])


def was_seen_ended(race: str) -> bool:
    """True when the page has already been drawn for this race's end; notes it."""
    seen = st.session_state.setdefault("seen_ended", set())
    if race in seen:
        return True
    seen.add(race)
    return False


def chosen_runs() -> list[str]:
    """The runs that are compared: those of the link at first."""
    if "chosen" not in st.session_state:
        st.session_state["chosen"] = [part for part in st.query_params.get("runs", "").split(",") if part]
    return st.session_state["chosen"]


def choose_runs(run_ids: Sequence[str]) -> None:
    """Keeps the compared runs and puts them into the URL."""
    st.session_state["chosen"] = list(run_ids)
    query = {"runs": ",".join(run_ids)} if run_ids else {}
    _put_in_url(query)


def keep_chosen(here: Container[str]) -> None:
    """Forgets compared runs that are no longer here."""
    st.session_state["chosen"] = [run_id for run_id in chosen_runs() if run_id in here]


def page_settings(page: str, usual: Mapping[str, str]) -> dict[str, str]:
    """What a page of its own settings shows, as text: the link's at first, then what was kept last."""
    key = f"settings of {page}"
    if key not in st.session_state:
        st.session_state[key] = {name: st.query_params.get(name, usual[name]) for name in usual}
    return {**usual, **st.session_state[key]}


def keep_page_settings(page: str, chosen: Mapping[str, str], usual: Mapping[str, str]) -> None:
    """Keeps the settings of a page and makes its address say those that are not the usual ones."""
    st.session_state[f"settings of {page}"] = dict(chosen)
    query = {name: value for name, value in chosen.items() if value != usual[name]}
    _put_in_url(st.session_state.get(f"shown on {page}", {}) | query)


def note_shown(page: str, shown: Mapping[str, str]) -> None:
    """What a page shows without having been told: its address says it, so that a link shows the same."""
    st.session_state[f"shown on {page}"] = dict(shown)


def look_at(page: str, run_ids: Sequence[str]) -> None:
    """Makes a page of instruments begin with these runs."""
    first, second = (*run_ids, "")[:2]
    kept = st.session_state.get(f"settings of {page}", {})
    st.session_state[f"settings of {page}"] = {**kept, "first": first, "second": second, "step": ""}


def has_page_settings(page: str) -> bool:
    """Whether something has been chosen for a page; a link counts once the page has read it."""
    return f"settings of {page}" in st.session_state


def chosen_block(otherwise: str) -> str:
    """The block chosen on the Architecture page, such as layer2.0; `otherwise` where it was not open yet."""
    return st.session_state.get("settings of architecture", {}).get("block", otherwise)


def is_waiting_for_answers() -> bool:
    """Whether the page was drawn last with something still to be computed."""
    return st.session_state.get("is_waiting", False)


def wait_for_answers(is_waiting: bool) -> None:
    """Notes whether something is still to be computed."""
    st.session_state["is_waiting"] = is_waiting
