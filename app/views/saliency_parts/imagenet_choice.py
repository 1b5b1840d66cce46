"""Which ImageNet network, with which weights, on which picture, and which classes; and what is lacking."""

import re
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from app import state
from app.views.instrument_page import Scene
from app.views.instruments.pictures import softmax
from app.views.instruments.switches import switch
from app.views.saliency_parts import picture_choice
from app.views.text import as_plain
from resnet_core.config import RunConfig
from resnet_core.imagenet_weights import PUBLISHED, WeightsUnavailable, weights_file, weights_folder
from resnet_core.questions import Question, question
from resnet_core.saliency_findings import ImageNetMaps

NETWORK, TARGET, OTHER, CLASSES = (
    "imagenet network",
    "imagenet class",
    "imagenet other",
    "imagenet classes",
)
WEIGHTS = {"random": "Random weights", "imagenet": "Published weights"}
NAMED = 5  # classes that come first
_PROBABILITY = re.compile(r" \(\d+\.\d%\)$")


class Chosen(NamedTuple):
    """As questions have it; classes None are what the network says, and no second one."""

    network: str
    weights: str
    picture: str
    target: int | None
    other: int | None


def network_and_picture(scene: Scene) -> Chosen:
    """Draws the choice of all but the classes, which are named once something is known."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state.show_in_widget(NETWORK, state.remembered(NETWORK, "resnet18"))
        network = st.selectbox(
            "ImageNet network", list(PUBLISHED), format_func=_title, key=NETWORK, width=230,
            on_change=lambda: state.remember(NETWORK, state.widget_value(NETWORK)),
        )  # fmt: skip
        weights = switch("Weights", WEIGHTS, key="imagenet weights")
    picture = picture_choice.choose_picture(scene)
    return Chosen(network, weights, picture, state.remembered(TARGET, None), state.remembered(OTHER, None))


def question_of(chosen: Chosen) -> Question | None:
    """What to ask; None where it is said instead that weights are not here, and what can be done."""
    options: dict[str, Any] = chosen._asdict()
    asked = question("imagenet-maps", RunConfig(), options=options)
    if chosen.weights == "random":
        return asked
    wanted, wish = PUBLISHED[chosen.network], f"download {chosen.network}"
    try:
        if weights_file(chosen.network) is not None:
            return asked
    except WeightsUnavailable as error:
        st.error(as_plain(f"{error}."), icon=":material/error:")
        return None
    if state.remembered(wish, False):
        return asked
    st.info(
        f"The weights of {wanted.title} are not on this machine. They are the file `{wanted.file}`, "
        f"{wanted.megabytes:.0f} MB, from {wanted.url}. It can be downloaded now, or put into "
        f"`{weights_folder()}` by hand; with random weights everything works without it.",
        icon=":material/cloud_download:",
    )
    st.button(
        f"Download {wanted.megabytes:.0f} MB", key=wish, icon=":material/download:",
        on_click=lambda: state.remember(wish, True),
    )  # fmt: skip
    return None


def say_fetching(chosen: Chosen) -> None:
    """While something is being computed: that it may be a download."""
    wanted = PUBLISHED[chosen.network]
    if chosen.weights == "imagenet" and not (weights_folder() / wanted.file).is_file():
        st.caption(f"Fetching `{wanted.file}`, {wanted.megabytes:.0f} MB, into `{weights_folder()}`.")


def remember_classes(found: ImageNetMaps | None) -> None:
    """Their names come with every answer, and are the same for all."""
    if found is not None:
        state.remember(CLASSES, [str(name) for name in found.classes])


def classes(found: ImageNetMaps | None) -> None:
    """Draws the choice of the class, and of a second one: the most probable come first."""
    names = _names()
    order, shares = list(range(len(names))), np.zeros(len(names))
    if found is not None:
        shares = softmax(found.logits)
        top = [int(i) for i in np.argsort(-found.logits, kind="stable")[:NAMED]]
        order = top + [i for i in order if i not in top]
    said = {i: f"{names[i]} ({shares[i]:.1%})" if i in order[:NAMED] and found else names[i] for i in order}
    first = state.remembered(TARGET, None)
    explained = first if found is None else int(found.targets[0])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        usual = f"what it says: {names[explained]}" if first is None and found else "what it says"
        _class("Class whose logit is explained", TARGET, said, usual)
        _class("Contrasted with", OTHER, {i: words for i, words in said.items() if i != explained},
               "no other class")  # fmt: skip


def row_names(found: ImageNetMaps | None) -> list[str]:
    """What the rows of maps are of: a class, or two and their difference."""
    names = _names()
    if found is not None:
        named = [names[int(target)] for target in found.targets]
    else:
        target, other = state.remembered(TARGET, None), state.remembered(OTHER, None)
        named = ["what it says" if target is None or not names else names[target]]
        named += [] if other is None else [names[other] if names else "another class"]
    return [*named, f"{named[0]} − {named[1]}"] if len(named) == 2 else named


def _class(label: str, key: str, said: dict[int, str], placeholder: str) -> None:
    # Words are options, not numbers that are formatted: a widget whose options have changed since it was
    # touched hands its callback the words.
    state.show_in_widget(key, said.get(state.remembered(key, None)))
    st.selectbox(
        label, list(said.values()), index=None, key=key, width=300, placeholder=placeholder,
        disabled=not said, on_change=lambda: state.remember(key, _number_of(state.widget_value(key))),
    )  # fmt: skip


def _number_of(words: str | None) -> int | None:
    name, names = _PROBABILITY.sub("", words or ""), _names()
    return names.index(name) if name in names else None


def _names() -> list[str]:
    return state.remembered(CLASSES, [])


def _title(name: str) -> str:
    return PUBLISHED[name].title
