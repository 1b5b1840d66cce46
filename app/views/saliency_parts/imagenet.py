"""Maps at every depth of a network of torchvision's, for one of ImageNet's classes or for two contrasted."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from app import state
from app.figures.map_sheet import Scale, Strip, Tile, map_sheet
from app.figures.one_map import OneMap, one_map
from app.figures.overlay import grid, overlay
from app.figures.theme import Arm, ArmStyle
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.pictures import image, softmax
from app.views.instruments.switches import switch
from app.views.instruments.units import evenly
from app.views.saliency_parts import imagenet_choice, map_scale
from app.views.saliency_parts.imagenet_sentences import about, answers, sentences, titled
from app.views.saliency_parts.map_scale import MapScale
from app.views.saliency_parts.method_choice import choose_method
from app.views.saliency_parts.method_names import UNITS
from resnet_core.imagenet_weights import PUBLISHED
from resnet_core.saliency_findings import ImageNetMaps

FORMS = {"over": "Over the picture", "grid": "Raw grid"}
METHOD, BLOCK = "imagenet method", "imagenet block"
MOST_TILES = 60
LISTED = 20  # classes
FEW = 14  # tiles that stand in one row
PICTURE = 150  # px
NO_COLORS, NONE = np.empty((0, 0, 3), np.uint8), np.empty((0, 0))


class How(NamedTuple):
    """What is chosen: the method, and how maps are drawn."""

    method: str
    is_over: bool
    scale: MapScale


class Row(NamedTuple):
    """The maps of one class, or of two contrasted, which have both signs: an array a block."""

    arm: Arm
    maps: Sequence[np.ndarray]
    scale: MapScale


def draw(scene: Scene) -> None:
    left, right = st.columns([6, 5], gap="medium", vertical_alignment="center")
    with left:
        chosen = imagenet_choice.network_and_picture(scene)
        asked = imagenet_choice.question_of(chosen)
    [found] = scene.ask([asked] if asked else []) or [None]
    scene.ask.about = f"{PUBLISHED[chosen.network].title}: nothing was measured."
    if found is None and not scene.ask.is_waiting:
        return
    imagenet_choice.remember_classes(found)
    with left:
        if found is None:
            imagenet_choice.say_fetching(chosen)
        imagenet_choice.classes(found)
    with right:
        _answers(found, scene)
    how = _choices()
    rows = _rows(chosen.network, found, how)
    _sheet(chosen.network, found, rows, how)
    if found is not None:
        scene.ask.about = about(found, PUBLISHED[chosen.network].title)
        st.markdown(sentences(found, [(row.arm.name, row.maps) for row in rows], how.scale, how.method))
    _large(found, rows, how)
    _numbers(found, rows)
    _classes(found)


def _answers(found: ImageNetMaps | None, scene: Scene) -> None:
    """The picture as the network sees it beside what it says of it; as high with nothing known."""
    if found is None:
        waiting = "The picture is being sent through the network." if scene.ask.is_waiting else ""
        shown, lines = "", [waiting]
    else:
        side = round(PICTURE * type_scale())
        shown, lines = image(found.picture, "the picture, 224 pixels wide", side), answers(found)
    rows = "".join(f"<div>{escape(line)}</div>" for line in lines)
    look = f"display:flex;gap:16px;align-items:center;min-height:{round((PICTURE + 4) * type_scale())}px"
    st.html(f'<div style="{look};font-size:0.9rem;line-height:1.4">{shown}<div>{rows}</div></div>')


def _choices() -> How:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = choose_method(METHOD)
        form = switch("How maps are drawn", FORMS, key="map form")
        scale = map_scale.choose()
    return How(method, form == "over", scale)


def _rows(network: str, found: ImageNetMaps | None, how: How) -> list[Row]:
    """One row, or of two classes both and their difference; while nothing is known as many as are chosen."""
    kind = "residual" if "res" in network or "dense" in network else "plain"
    arms = [Arm(name, ArmStyle(kind, i)) for i, name in enumerate(imagenet_choice.row_names(found))]
    if found is None:
        empty = [NONE] * PUBLISHED[network].blocks
        return [Row(arm, empty, how.scale) for arm in arms]
    place = list(found.methods).index(how.method)
    rows = [
        Row(arms[i], [maps[i, place] for maps in found.maps], how.scale) for i in range(len(found.targets))
    ]
    if len(rows) == 2:
        both = zip(rows[0].maps, rows[1].maps, strict=True)
        contrast = [first - second for first, second in both]
        rows.append(Row(arms[2], contrast, how.scale._replace(is_signed=True)))
    return rows


def _ends(rows: Sequence[Row], is_shared: bool) -> list[list[float]]:
    """Where the colours of each map end: on one scale for all rows, or each map on its own."""
    each = [[row.scale.largest(values) for values in row.maps] for row in rows]
    most = max((value for ends in each for value in ends), default=0.0)
    return [[most] * len(ends) for ends in each] if is_shared else each


def _sheet(network: str, found: ImageNetMaps | None, rows: Sequence[Row], how: How) -> None:
    blocks, ends = PUBLISHED[network].blocks, _ends(rows, how.scale.is_shared)
    shown = evenly(blocks, MOST_TILES // len(rows))
    names = [""] * blocks if found is None else [titled(unit) for unit in found.units]
    side = 96 if len(shown) > FEW else 128
    strips = [
        Strip(row.arm, [_tile(found, row, (names[i], row.maps[i], most[i]), how, side) for i in shown],
              "" if len(shown) == blocks else f"{len(shown)} of {blocks} blocks")
        for row, most in zip(rows, ends, strict=True)
    ]  # fmt: skip
    alt = [f"{strip.arm.name}: " + "; ".join(f"{t.title} {t.note}" for t in strip.tiles) for strip in strips]
    chart(map_sheet(strips, _legend(rows, ends, how), palette(), type_scale()), key="imagenet", is_still=True,
          alt=" ".join(alt))  # fmt: skip


def _legend(rows: Sequence[Row], ends: Sequence[Sequence[float]], how: How) -> Scale:
    is_signed = any(row.scale.is_signed for row in rows)
    if not how.scale.is_shared:
        return Scale(np.nan, is_signed, "Each map by its own largest value, written below it", how.is_over)
    most = max((value for row in ends for value in row), default=0.0)
    return Scale(most, is_signed, f"One scale for all, in units of: {UNITS[how.method]}", how.is_over)


def _tile(
    found: ImageNetMaps | None, row: Row, shown: tuple[str, np.ndarray, float], how: How, side: int
) -> Tile:
    name, values, most = shown
    if found is None or not values.size:
        return Tile(name, NO_COLORS)
    drawn = row.scale.shown(values)
    if how.is_over:
        return Tile(name, overlay(found.picture, drawn, most, palette(), side=side), row.scale.note(values))
    return Tile(name, grid(drawn, most, palette(), side), row.scale.note(values))


def _large(found: ImageNetMaps | None, rows: Sequence[Row], how: How) -> None:
    """One block of the first class and, where there is one, of the contrast."""
    names = [] if found is None else [titled(unit) for unit in found.units]
    name = _block(names)
    place, pair = names.index(name) if names else 0, [rows[0], rows[-1]][: len(rows)]
    ends = _ends([row._replace(maps=[row.maps[place]]) for row in pair], how.scale.is_shared)
    shown = [_one(found, row, name, place, most[0]) for row, most in zip(pair, ends, strict=True)]
    said = " ".join(f"{one.arm.name}: {one.about}." for one in shown)
    chart(one_map(shown, palette(), type_scale()), key="one imagenet", alt=f"One block, large. {said}")


def _block(names: list[str]) -> str:
    """The block that was chosen, else the last; kept apart from the widget, whose options come later."""
    wanted = state.remembered(BLOCK, "")
    name = wanted if wanted in names else names[-1] if names else ""
    state.show_in_widget(BLOCK, name or None)
    st.selectbox(
        "One block, large", names, key=BLOCK, width=300, disabled=not names,
        on_change=lambda: state.remember(BLOCK, state.widget_value(BLOCK)),
    )  # fmt: skip
    return name


def _one(found: ImageNetMaps | None, row: Row, name: str, place: int, most: float) -> OneMap:
    values = row.maps[place]
    if found is None:
        return OneMap(row.arm, "", NO_COLORS, NONE, 0.0, row.scale.is_signed)
    drawn = row.scale.shown(values)
    said = f"{name}, {values.shape[0]} × {values.shape[1]}, {row.scale.note(values)}"
    colors = overlay(found.picture, drawn, most, palette(), side=256)
    return OneMap(row.arm, said, colors, drawn, most, row.scale.is_signed)


def _numbers(found: ImageNetMaps | None, rows: Sequence[Row]) -> None:
    table = [
        (row.arm.name, str(unit), f"{values.shape[0]} × {values.shape[1]}", float(np.nanmin(values)),
         float(np.nanmax(values)))
        for row in rows if found is not None
        for unit, values in zip(found.units, row.maps, strict=True)
    ]  # fmt: skip
    numbers(as_columns(("map of", "block", "pixels", "smallest", "largest"), table), key="imagenet")


def _classes(found: ImageNetMaps | None) -> None:
    with st.expander(f"The {LISTED} most probable classes"):
        if found is not None:
            order, shares = np.argsort(-found.logits, kind="stable")[:LISTED], softmax(found.logits)
            said = [(str(found.classes[i]), float(found.logits[i]), float(shares[i])) for i in order]
            st.dataframe(
                as_columns(("class", "logit", "probability"), said), hide_index=True, width="stretch"
            )
