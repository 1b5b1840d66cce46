"""Class activation maps of every unit of one or two networks, from the first to the last."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from app import state
from app.figures.map_sheet import Strip, Tile, map_sheet
from app.figures.one_map import OneMap, one_map
from app.figures.overlay import grid, overlay
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.pictures import softmax
from app.views.instruments.switches import switch
from app.views.instruments.units import UnitPlace, evenly, stage_ends
from app.views.looks import Look
from app.views.saliency_parts import map_scale, picture_choice
from app.views.saliency_parts.cam_unit import choose_unit, unit_of
from app.views.saliency_parts.depth_sentences import sentences
from app.views.saliency_parts.map_scale import MapScale
from app.views.saliency_parts.method_choice import choose_method
from app.views.saliency_parts.method_names import NAMES, UNITS
from app.views.saliency_parts.unit_maps import NONE, OF, map_of, placed_units, share_on
from resnet_core.saliency_findings import BlockMaps

SHOWN = {"stage ends": "Ends of stages", "every third unit": "Every third unit", "all units": "All units"}
FORMS = {"over": "Over the picture", "grid": "Raw grid"}
FEW = 14  # units that stand in one row
MOST_TILES = 60  # a network
METHOD = "method of every depth"
SIDE = 96  # px of a tile's picture, when there are many
NO_COLORS = np.empty((0, 0, 3), np.uint8)


class How(NamedTuple):
    """What is chosen: the method, what of a unit is mapped, which units, and how maps are drawn."""

    method: str
    of: str
    units: str
    is_over: bool
    scale: MapScale


def draw(scene: Scene) -> None:
    explained = picture_choice.choose(scene)
    asked = [look.question("block-maps", scene.step, **explained.options) for look in scene.looks]
    found = scene.ask(asked)
    picture_choice.show(scene, explained, found)
    how = _choices(scene)
    strips = [_places(look, how) for look in scene.looks]
    maps = [_maps(one, places, how) for one, places in zip(found, strips, strict=True)]
    named = [[place.title for place in places] for places in strips]
    said = sentences(scene.looks, found, (named, maps), how.scale, how.of)
    if not any(strips):
        st.markdown(said)
        return
    _sheet(scene.looks, found, (strips, maps), how)
    st.markdown(said)
    _large(scene, found, how)
    _numbers(scene.looks, found, how)
    scene.ask.ahead([
        look.question("block-maps", step, **explained.options)
        for step in scene.all_steps() for look in scene.looks
    ])  # fmt: skip


def _choices(scene: Scene) -> How:
    most = max(len(placed_units(look)) for look in scene.looks)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = _method()
        of = switch("What of a unit is mapped", OF, key="mapped part")
        usual = "all units" if most <= FEW else "every third unit"
        units = switch("Units", SHOWN, key="units of the maps", usual=usual)
        form = switch("How maps are drawn", FORMS, key="map form")
        scale = map_scale.choose()
    return How(method if of == "output" else "grad-cam", of, units, form == "over", scale)


def _method() -> str:
    """Parts of a sum are mapped by Grad-CAM alone, which is linear in them."""
    is_part = state.remembered("mapped part", "output") != "output"
    return choose_method(
        METHOD, only_usual_because="Shortcut, branch and sum are mapped by Grad-CAM." if is_part else ""
    )


def _places(look: Look, how: How) -> list[UnitPlace]:
    """Which units have a tile; known before anything is measured, so that nothing moves."""
    places = placed_units(look, how.of)
    if how.units == "stage ends":
        return [places[i] for i in stage_ends(places)]
    thinned = places[::-3][::-1] if how.units == "every third unit" else places  # the last is among them
    return [thinned[i] for i in evenly(len(thinned), MOST_TILES)]


def _maps(found: BlockMaps | None, places: Sequence[UnitPlace], how: How) -> list[np.ndarray]:
    return [map_of(found, place.name, how.method, how.of) for place in places]


def _sheet(
    looks: Sequence[Look],
    found: Sequence[BlockMaps | None],
    chosen: tuple[Sequence[Sequence[UnitPlace]], Sequence[Sequence[np.ndarray]]],
    how: How,
) -> None:
    every = [values for maps in chosen[1] for values in maps]
    ends = iter(how.scale.ends(every))
    strips = [
        Strip(look.arm, [_tile(one, place.title, values, next(ends), how, len(every))
                         for place, values in zip(places, maps, strict=True)], _about(look, one, how))
        for look, one, places, maps in zip(looks, found, *chosen, strict=True) if places
    ]  # fmt: skip
    legend = how.scale.legend(every, UNITS[how.method], is_over=how.is_over)
    alt = [f"{strip.arm.name}: " + "; ".join(f"{t.title} {t.note}" for t in strip.tiles) for strip in strips]
    chart(map_sheet(strips, legend, palette(), type_scale()), key="depths", alt=" ".join(alt), is_still=True)


def _about(look: Look, found: BlockMaps | None, how: How) -> str:
    """What is mapped, and the class that is explained."""
    what = NAMES[how.method] if how.of == "output" else f"{NAMES[how.method]}, {OF[how.of].lower()}"
    if found is None:
        return what
    target, share = int(found.target), softmax(found.logits)[int(found.target)]
    return f"{what} for {look.config.data.info.classes[target]} ({share:.0%})"


def _tile(found: BlockMaps | None, title: str, values: np.ndarray, most: float, how: How, count: int) -> Tile:
    if found is None or not values.size:
        return Tile(title, NO_COLORS)
    side, drawn = (SIDE if count > FEW else 128), how.scale.shown(values)
    if how.is_over:
        colors = overlay(found.picture, drawn, most, palette(), side=side)
    else:
        colors = grid(drawn, most, palette(), side)
    return Tile(title, colors, how.scale.note(values))


def _large(scene: Scene, found: Sequence[BlockMaps | None], how: How) -> None:
    chosen = choose_unit(scene)
    units = [unit_of(look, chosen) for look in scene.looks]
    maps = [map_of(one, unit, how.method, how.of) for one, unit in zip(found, units, strict=True)]
    ends = how.scale.ends(maps)
    shown = [
        _one(look, one, unit, values, most, how)
        for look, one, unit, values, most in zip(scene.looks, found, units, maps, ends, strict=True)
    ]
    said = " ".join(f"{one.arm.name}: {one.about}." for one in shown)
    chart(one_map(shown, palette(), type_scale()), key="one depth", alt=f"One unit, large. {said}")


def _one(look: Look, found: BlockMaps | None, unit: str, values: np.ndarray, most: float, how: How) -> OneMap:
    if found is None or not values.size:
        lacking = "" if found is None else ": no shortcut" if unit else "no unit with a place"
        return OneMap(look.arm, f"{unit}{lacking}", NO_COLORS, NONE, 0.0, how.scale.is_signed)
    drawn = how.scale.shown(values)
    size = f"{values.shape[0]} × {values.shape[1]}"
    about = f"{unit}, {size}, {how.scale.note(values)}"
    colors = overlay(found.picture, drawn, most, palette(), side=256)
    return OneMap(look.arm, about, colors, drawn, most, how.scale.is_signed)


def _numbers(looks: Sequence[Look], found: Sequence[BlockMaps | None], how: How) -> None:
    rows = []
    for look, one in zip(looks, found, strict=True):
        for place in placed_units(look, how.of) if one is not None else []:
            values = map_of(one, place.name, how.method, how.of)
            finite = values[np.isfinite(values)]
            ends = (float(finite.min()), float(finite.max())) if finite.size else (np.nan, np.nan)
            size = f"{values.shape[0]} × {values.shape[1]}"
            rows.append((look.name, place.name, place.stage, size, *ends, share_on(values, one.mask)))
    names = (
        "network",
        "unit",
        "stage",
        "pixels",
        "smallest",
        "largest",
        "share of the positive on the thing",
    )
    numbers(as_columns(names, rows), key="depths")
