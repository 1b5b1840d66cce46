"""The first test pictures with what each network says of them; the one that is pressed is explained."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import state
from app.charts.thumbnails import Thumbnail, thumbnails
from app.figures.gallery import thumbnail
from app.views.charts import palette
from app.views.instrument_page import Scene
from app.views.instruments.near_steps import near_steps
from app.views.instruments.numbers import numbers
from app.views.instruments.switches import switch
from app.views.looks import Look
from app.views.saliency_parts import picture_choice
from app.views.saliency_parts.gallery_filter import ALL, filters, those, verdicts
from app.views.steady_key import steady_key, when_chosen
from resnet_core.saliency_findings import Gallery

A_PAGE = 60  # pictures
WHO, CLASS = "gallery shows", "gallery class"


def draw(scene: Scene) -> None:
    explained = picture_choice.choose(scene)
    said = [look.question("block-maps", scene.step, **explained.options) for look in scene.looks]
    picture_choice.show(scene, explained, [scene.ask.alone(question).finding for question in said])
    looks = _looks(scene)
    found = scene.ask([look.question("gallery", scene.step) for look in looks])
    known = [gallery for gallery in found if gallery is not None]
    room = st.container(horizontal=True, vertical_alignment="bottom")
    with room:
        who, label = _who(looks), _class(looks)
    if len(known) == len(looks):
        places = those(known, who, label)
        with room:
            page = _page(len(places), f"{who} {label}")
        _shown(looks, known, places, places[(page - 1) * A_PAGE : page * A_PAGE], explained.picture)
        scene.ask.ahead([k.question("gallery", step) for step in near_steps(scene) for k in looks])
        return
    waiting = "The first test pictures are being sent through the networks."
    st.markdown(waiting if scene.ask.is_waiting else "It is not known what is said of the test pictures.")
    _grid([], explained.picture)


def _looks(scene: Scene) -> list[Look]:
    """Both networks where they are shown the same pictures, else the one that is chosen."""
    sets = [(look.config.data.name, look.config.data.difficulty) for look in scene.looks]
    if len(set(sets)) == 1:
        return list(scene.looks)
    titles = [look.config.data.info.title for look in scene.looks]
    names = {str(i): f"{look.name}: {titles[i]}" for i, look in enumerate(scene.looks)}
    return [scene.looks[int(switch("Pictures of", names, key="gallery of"))]]


def _who(looks: Sequence[Look]) -> str:
    words = filters([look.name for look in looks])
    who, name = state.remembered(WHO, ALL), f"{WHO} of {len(looks)}"
    who = who if who in words else ALL
    key = steady_key(name, who)
    return st.selectbox(
        "Pictures on which", list(words), list(words).index(who), format_func=lambda who: words.get(who, who),
        key=key, width=330, on_change=when_chosen(name, key, lambda who: state.remember(WHO, who)),
    )  # fmt: skip


def _class(looks: Sequence[Look]) -> int | None:
    words = ["any class", *looks[0].config.data.info.classes]
    name, chosen = f"{CLASS} of {len(words)}", state.remembered(CLASS, 0)
    chosen = chosen if chosen < len(words) else 0
    key = steady_key(name, chosen)
    place = st.selectbox(
        "Labelled", range(len(words)), chosen, key=key, width=200,
        format_func=lambda place: words[place] if place < len(words) else "",
        on_change=when_chosen(name, key, lambda place: state.remember(CLASS, place)),
    )  # fmt: skip
    return place - 1 if place else None


def _page(count: int, of: str) -> int:
    """Another choice of pictures begins at its first page."""
    pages = max(-(-count // A_PAGE), 1)
    return st.pagination(pages, key=f"gallery page {of} of {pages}", width=280)


def _shown(
    looks: Sequence[Look], found: Sequence[Gallery], places: np.ndarray, here: np.ndarray, picture: str
) -> None:
    st.markdown(_counts(looks, found) + _range(places, here))
    largest = max(found, key=lambda gallery: gallery.pictures.shape[-1])
    _grid([_thumbnail(looks, found, largest, place) for place in here], picture)
    _numbers(looks, found, places)


def _counts(looks: Sequence[Look], found: Sequence[Gallery]) -> str:
    """Who is right how often, and how often one is where the other is not."""
    right, count = verdicts(found), len(found[0].labels)
    each = "; ".join(
        f"{look.name} is right on {n} of {count} ({n / count:.1%})"
        for look, n in zip(looks, right.sum(1).tolist(), strict=True)
    )
    if len(looks) < 2:
        return f"{each}. "
    first, second = (int((right[i] & ~right[1 - i]).sum()) for i in (0, 1))
    return f"{each}; only {looks[0].name} on {first}, only {looks[1].name} on {second}. "


def _range(places: np.ndarray, here: np.ndarray) -> str:
    if not len(places):
        return "None of these pictures is of this kind."
    start = int(np.flatnonzero(places == here[0])[0]) + 1
    return f"Shown: {start} to {start + len(here) - 1} of {len(places)}."


def _grid(shown: Sequence[Thumbnail], picture: str) -> None:
    kind, _, number = picture.partition(":")
    thumbnails(
        shown, int(number) if kind == "test" else -1, key="gallery", label="Test pictures",
        on_choose=lambda number: picture_choice.explain(f"test:{number}"),
    )  # fmt: skip


def _thumbnail(looks: Sequence[Look], found: Sequence[Gallery], largest: Gallery, place: int) -> Thumbnail:
    classes = looks[0].config.data.info.classes
    number, label = int(largest.numbers[place]), classes[int(largest.labels[place])]
    lines, words, colors = [], [f"Test picture {number}, labelled {label}."], palette()
    for look, gallery in zip(looks, found, strict=True):
        name, share = _named(classes, int(gallery.predicted[place])), float(gallery.confidences[place])
        is_right = gallery.predicted[place] == gallery.labels[place]
        sure = f" {share:.0%}" if np.isfinite(share) else ""
        lines.append((f"{'✓' if is_right else '✗'} {name}{sure}", colors.right if is_right else colors.wrong))
        words.append(f"{look.name} says {name}{sure}, {'right' if is_right else 'wrong'}.")
    return Thumbnail(number, thumbnail(largest.pictures[place]), label, lines, " ".join(words))


def _named(classes: Sequence[str], said: int) -> str:
    """Logits that are not finite say nothing."""
    return classes[said] if said >= 0 else "nothing"


def _numbers(looks: Sequence[Look], found: Sequence[Gallery], places: np.ndarray) -> None:
    classes = looks[0].config.data.info.classes
    columns = {
        "test picture": found[0].numbers[places].tolist(),
        "label": [classes[label] for label in found[0].labels[places].tolist()],
    }
    for look, gallery in zip(looks, found, strict=True):
        columns |= {
            f"{look.name} says": [_named(classes, said) for said in gallery.predicted[places].tolist()],
            f"{look.name}, probability": gallery.confidences[places].tolist(),
            f"{look.name}, probability of the label": gallery.label_probabilities[places].tolist(),
        }
    numbers(columns, key="gallery")
