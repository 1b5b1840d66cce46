"""Any network, or two under each other: drawn, counted, unrolled and written out as code."""

from collections.abc import Sequence

import streamlit as st

from app import state
from app.diagram.choice import WELL_KNOWN, Network, differing, imagenet_name, network_of, text_of, told_apart
from app.diagram.component import diagram
from app.diagram.drawing import block_names
from app.setting_widgets import LABELS
from app.views import layer_table, messages, milestones, network_code, network_settings, unrolled
from app.views.heading import heading
from app.views.text import as_plain, explain
from resnet_core.architecture.imagenet import IMAGENET
from resnet_core.config import SettingsError
from resnet_core.race import DEFAULT_ARMS, race_configs

PAGE, NOTHING = "architecture", ""
# Nothing is usual, so that an address says all that is chosen.
USUAL = dict.fromkeys(("first", "second", "block", "part", "present"), "")
PARTS = {"layers": "Layers", "paths": "Paths", "code": "Code", "years": "Depth through the years"}


def page() -> None:
    state.start_session()
    heading("How are these networks built?", "Larger type for the last row.")
    chosen, networks, problems = _possible(_chosen())
    chosen["present"] = "1" if state.is_presenting() else ""
    state.keep_page_settings(PAGE, chosen, USUAL)
    _choices(networks)
    with messages.place():
        messages.show_problems(problems)
        messages.show_kept()
        if len(networks) == 2:
            _differences(networks)
    diagram(
        networks, chosen=chosen["block"], key="diagram", present=state.is_presenting(), on_choose=_keep_block
    )
    _part(chosen["part"], networks)
    explain("architecture")


def _chosen() -> dict[str, str]:
    """What the link or the visitor chose; before that, the first two arms of the race."""
    chosen = dict(state.page_settings(PAGE, USUAL))
    if not chosen["first"]:
        chosen["first"], chosen["second"] = list(_race())[:2]
    return chosen


def _possible(chosen: dict[str, str]) -> tuple[dict[str, str], list[Network], list[str]]:
    """What can be shown of what was chosen, its networks, and what is wrong with the rest, in sentences."""
    networks, problems = [], []
    for name in ("first", "second"):
        try:
            networks += [network_of(chosen[name])] if chosen[name] else []
        except SettingsError as error:
            said = [problem.removeprefix("arms: ") for problem in error.problems]
            problems += [f"{name}: {problem}. The link's network was not used." for problem in said]
    networks = networks or [network_of(next(iter(_race())))]
    if len({network.text for network in networks}) < len(networks):
        problems += [f"second: {networks[1].text!r} is the first network once more. It is shown once."]
        networks = networks[:1]
    networks = told_apart(networks)
    texts = [network.text for network in networks]
    shown = {"first": texts[0], "second": texts[1] if len(texts) > 1 else NOTHING, "block": "", "part": ""}
    blocks = [block for network in networks for block in block_names(network.plan)]
    for name, known in (("block", blocks), ("part", list(PARTS))):
        if chosen[name] in ("", *known):
            shown[name] = chosen[name]
        else:
            problems += [f"{name}: {chosen[name][:40]!r} is not there; there are {_listed(known)}."]
    return shown, networks, problems


def _listed(names: Sequence[str]) -> str:
    names = list(dict.fromkeys(names))
    return ", ".join(names if len(names) <= 8 else [*names[:4], "…", *names[-2:]])


def _race() -> dict[str, str]:
    """The arms of the race page, or the usual ones while they cannot be."""
    try:
        configs = race_configs(state.settings(), state.arms())
    except SettingsError:
        configs = race_configs({}, DEFAULT_ARMS)
    texts = [text_of(config) for config in configs]
    return {text: f"Race, arm {i}: {network_of(text).name}" for i, text in enumerate(texts, 1)}


def _offered() -> dict[str, str]:
    """Every network that can be chosen by name, and what it is called."""
    return _race() | WELL_KNOWN | {name: imagenet_name(name) for name in IMAGENET}


def _choices(networks: Sequence[Network]) -> None:
    """Which network, which one beside it, and the settings of both."""
    first, second = networks[0], networks[1] if len(networks) > 1 else None
    columns = st.columns([4, 1.6, 0.2, 4, 1.6], vertical_alignment="bottom")
    _choice(columns[0], "Network", "first", first)
    _choice(columns[3], "Beside it", "second", second)
    for column, name, network in ((columns[1], "first", first), (columns[4], "second", second)):
        if network and network.config:
            with column:
                network_settings.change(name, network, _show)


def _choice(column, label: str, name: str, network: Network | None) -> None:
    offered = _offered()
    text = network.text if network else NOTHING
    if name == "second":
        offered = {NOTHING: "nothing", **offered}
    if text not in offered:
        offered = {text: _full_label(network), **offered}
    key = f"architecture {name}"
    state.show_in_widget(key, text)
    column.selectbox(
        label, list(offered), format_func=lambda text: offered.get(text, text), key=key, on_change=_choose,
        args=(name, key),
    )  # fmt: skip


def _full_label(network: Network) -> str:
    """No other choice has it: Streamlit tells choices by what they are called."""
    data = network.config.data
    return f"{network.name}, {data.info.title}, {data.side} px"


def _choose(name: str, key: str) -> None:
    _show(name, state.widget_value(key))


def _show(name: str, text: str) -> None:
    """Puts a network on the page; the chosen block stays where there is still one of its name."""
    chosen = state.page_settings(PAGE, USUAL) | {name: text}
    texts = [text for text in (chosen["first"], chosen["second"]) if text]
    if not any(chosen["block"] in block_names(network_of(text).plan) for text in texts):
        chosen["block"] = ""
    state.keep_page_settings(PAGE, chosen, USUAL)


def _keep_block() -> None:
    _keep("block", state.component_value("diagram", "block"))


def _differences(networks: Sequence[Network]) -> None:
    """The settings in which two members differ, in words."""
    fixed = [network.name for network in networks if network.config is None]
    if fixed:
        st.markdown(f"{' and '.join(fixed)}: as in torchvision, without settings of the lab.")
        return
    said = [
        f"**{LABELS.get(name, name.capitalize())}**: {' | '.join(map(as_plain, values))}"
        for name, values in differing(networks).items()
    ]
    st.markdown(f"They differ in {'nothing but ' * (len(said) == 1)}{' · '.join(said)}")


def _part(part: str, networks: Sequence[Network]) -> None:
    """One of the views below the diagram; the others cost nothing."""
    state.show_in_widget("architecture part", part or "layers")
    shown = st.segmented_control(
        "View", list(PARTS), format_func=PARTS.get, key="architecture part", required=True,
        label_visibility="collapsed", on_change=_turn,
    )  # fmt: skip
    if shown == "layers":
        layer_table.tables(networks, state.settings()["batch"])
    elif shown == "paths":
        unrolled.views(networks)
    elif shown == "code":
        network_code.codes(networks)
    else:
        milestones.through_the_years()


def _turn() -> None:
    _keep("part", state.widget_value("architecture part"))


def _keep(name: str, value: str) -> None:
    state.keep_page_settings(PAGE, state.page_settings(PAGE, USUAL) | {name: value}, USUAL)


page()
