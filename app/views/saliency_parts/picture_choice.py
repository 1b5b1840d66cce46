"""Which picture is explained, and which class: the same on all parts of the page, and in its address."""

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state
from app.views.charts import type_scale
from app.views.instrument_link import USUAL, keep
from app.views.instrument_page import Scene
from app.views.picture_link import LAST_SHAPE, USUAL_PICTURE, common_classes, last_test_picture
from app.views.saliency_parts import own_picture
from app.views.saliency_parts.picture_said import said_picture
from app.views.steady_key import steady_key, when_chosen
from resnet_core.findings import Finding

PAGE = "saliency"
SOURCES = {"test": "Test picture", "shapes": "Generated shape", "file": "Your own"}
ANOTHER_BELOW = 10_000  # numbers of shapes that are easy to say


class Explained(NamedTuple):
    """`picture` as questions have it, such as test:7; `target` None is what each network says.

    `beside` is the room at the right of the choice, where `show` draws.
    """

    picture: str
    target: int | None
    beside: DeltaGenerator

    @property
    def options(self) -> dict[str, Any]:
        """As `Look.question` takes them: `look.question("block-maps", scene.step, **explained.options)`."""
        return {"picture": self.picture, "target": self.target}


def choose(scene: Scene) -> Explained:
    """Draws the choice; call it once, at the top of a part."""
    left, right = st.columns([6, 5], gap="medium", vertical_alignment="center")
    with left:
        picture = _there(scene)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            _which(scene, _source(list(SOURCES)), picture)
            target = _target(scene)
        own_picture.show_refusal()
    return Explained(picture, target, right)


def choose_picture(scene: Scene, usual: str = "shapes:0") -> str:
    """The same without a class and without test pictures, for a network that has none of its own."""
    picture = _there(scene)
    picture = usual if picture.startswith("test:") else picture
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _which(scene, _source([kind for kind in SOURCES if kind != "test"]), picture)
    own_picture.show_refusal()
    return picture


def explain(picture: str) -> None:
    """Makes this picture the explained one on all parts."""
    kind, _, which = picture.partition(":")
    state.remember("picture source", kind)
    state.remember(f"picture of {kind}", which)
    own_picture.forget_refusal()
    keep(PAGE, {"picture": "" if picture == USUAL_PICTURE else picture})


def explained_now() -> str:
    """The explained picture, as questions have it."""
    return state.page_settings(PAGE, USUAL)["picture"] or USUAL_PICTURE


def show(scene: Scene, explained: Explained, found: Sequence[Finding | None]) -> None:
    """The picture and what each network says of it, beside the choice, as high with nothing known.

    `found` has a finding a network with `picture`, and `logits`, `label` and `target` where it has them.
    """
    with explained.beside:
        st.html(said_picture(scene, explained.picture, found))


def _source(kinds: Sequence[str]) -> str:
    """Where the picture comes from: the visitor may go to the files while another picture is explained."""
    kind = state.remembered("picture source", explained_now().partition(":")[0])
    kind = kind if kind in kinds else kinds[0]
    name = "picture source of " + " ".join(kinds)
    key = steady_key(name, kind)
    return st.selectbox(
        "Explained picture", kinds, kinds.index(kind), format_func=lambda kind: SOURCES.get(kind, kind),
        key=key, width=_wide(165), on_change=when_chosen(name, key, _change_source),
    )  # fmt: skip


def _change_source(kind: str) -> None:
    which = state.remembered(f"picture of {kind}", "" if kind == "file" else "0")
    if which:
        explain(f"{kind}:{which}")
    state.remember("picture source", kind)


def _there(scene: Scene) -> str:
    """The explained picture; a file that is not on this machine is none any more."""
    taken = own_picture.taken(scene)
    if taken:
        explain(taken)
    picture = explained_now()
    if not picture.startswith("file:"):
        return picture
    if own_picture.is_refused(scene, picture):
        state.remember("picture source", "test")
        keep(PAGE, {"picture": ""})
        return USUAL_PICTURE
    state.remember("picture of file", picture.removeprefix("file:"))
    return picture


def _which(scene: Scene, source: str, picture: str) -> None:
    if source == "file":
        own_picture.choose(scene)
        return
    kind, _, number = picture.partition(":")
    last = last_test_picture(scene.looks) if source == "test" else LAST_SHAPE
    _number(source, int(number) if kind == source else 0, last)


def _number(kind: str, number: int, last: int) -> None:
    name, number = f"explained {kind}", min(number, last)
    key = steady_key(name, number)
    st.number_input(
        f"Number (0 to {last:,})", 0, last, number, key=key, width=_wide(165),
        on_change=when_chosen(name, key, lambda number: _explain_number(kind, number)),
    )  # fmt: skip
    st.button(
        "Another", key=f"another {kind}", help="A picture chosen by chance",
        on_click=lambda: explain(f"{kind}:{random.randrange(min(last + 1, ANOTHER_BELOW))}"),
    )  # fmt: skip


def _explain_number(kind: str, number: float | None) -> None:
    if number is not None:  # one that is being typed
        explain(f"{kind}:{int(number)}")


def _target(scene: Scene) -> int | None:
    classes, text = common_classes(scene.looks), state.page_settings(PAGE, USUAL)["target"]
    target = int(text) if text and int(text) < len(classes) else None
    none = f"what {'each network' if len(scene.looks) > 1 else 'the network'} says"
    words = [none if classes else "classes differ", *classes]  # the first one is no class
    name, chosen = f"explained class of {len(classes)}", 0 if target is None else target + 1
    key = steady_key(name, chosen)
    st.selectbox(
        "Class whose logit is explained", range(len(words)), chosen, key=key, width=_wide(215),
        format_func=lambda place: words[place] if place < len(words) else "", disabled=not classes,
        help=None if classes else "They tell different classes apart, so each explains what it says itself.",
        on_change=when_chosen(name, key, _keep_target),
    )  # fmt: skip
    return target


def _wide(pixels: int) -> int:
    """On a projector type is larger."""
    return round(pixels * type_scale())


def _keep_target(place: int) -> None:
    keep(PAGE, {"target": str(place - 1) if place else ""})
