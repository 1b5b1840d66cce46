"""One picture, all methods: class activation maps of one unit, and maps of the picture's own pixels."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import state
from app.figures.map_sheet import Scale, Strip, Tile, map_sheet
from app.figures.one_map import OneMap, one_map
from app.figures.overlay import overlay
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.switches import switch
from app.views.saliency_parts import picture_choice
from app.views.saliency_parts.cam_unit import choose_unit
from app.views.saliency_parts.map_scale import SIGNS, MapScale
from app.views.saliency_parts.method_maps import NONE, MethodMaps, ask
from app.views.saliency_parts.method_names import NAMES, OF_A_UNIT, OF_PIXELS, UNITS
from app.views.saliency_parts.method_sentences import sentences, summary, table
from resnet_core.options import METHODS

SCALES = {"one": "One scale a method", "own": "Each by its own largest"}
ACROSS = max(len(OF_A_UNIT), len(OF_PIXELS))
LARGE = "method shown large"


def draw(scene: Scene) -> None:
    explained = picture_choice.choose(scene)
    unit, scale = _choices(scene)
    networks = ask(scene, explained, unit)
    picture_choice.show(scene, explained, [network.any for network in networks])
    said = "  \n".join(sentences(networks, scale)) or "The maps are being computed."
    strips, legend = _strips(networks, scale), _legend(scale)
    figure = map_sheet(strips, legend, palette(), type_scale(), across=ACROSS, lines=1)
    chart(figure, key="methods", alt=_alt(networks, scale))
    st.markdown(said)
    _large(networks, scale)
    table(networks)


def _choices(scene: Scene) -> tuple[str, MapScale]:
    columns = st.columns([3, 3.4, 2.4, 2], vertical_alignment="bottom")
    with columns[0]:
        unit = choose_unit(scene)
    with columns[1]:
        scale = switch("Scale of the colours", SCALES, key="map scale")
    with columns[2]:
        signs = switch("Which evidence", SIGNS, key="map signs")
    return unit, MapScale(scale == "one", signs == "both")


def _strips(networks: Sequence[MethodMaps], scale: MapScale) -> list[Strip]:
    """Class activation maps of all networks, then those of pixels: a method's maps stand over each other."""
    ends = _ends(networks, scale)
    return [
        Strip(
            network.look.arm,
            [_tile(network, method, ends[method][number], scale) for method in methods],
            f"class activation maps of {network.unit or 'no unit: none has places'}"
            if methods is OF_A_UNIT
            else "maps of pixels",
        )
        for methods in (OF_A_UNIT, OF_PIXELS)
        for number, network in enumerate(networks)
    ]


def _ends(networks: Sequence[MethodMaps], scale: MapScale) -> dict[str, list[float]]:
    """Where the colours of each map end: on one scale for all networks, but never for two methods."""
    return {method: scale.ends([network.map_of(method) for network in networks]) for method in METHODS}


def _tile(network: MethodMaps, method: str, most: float, scale: MapScale) -> Tile:
    values = network.map_of(method)
    if not values.size:
        return Tile(NAMES[method], np.empty((0, 0, 3), np.uint8), _missing(network, method))
    colors = overlay(network.any.picture, scale.shown(values), most, palette())
    return Tile(_title(network, method), colors, scale.note(values))


def _title(network: MethodMaps, method: str) -> str:
    """With the unit where it is not the one that is named beside the network."""
    found = network.pixels.get(method)
    unit = "" if found is None else str(found.unit)
    return NAMES[method] + (f", {unit}" if unit not in ("", network.unit) else "")


def _missing(network: MethodMaps, method: str) -> str:
    return "not computed" if method in network.problems else "…"


def _legend(scale: MapScale) -> Scale:
    said = (
        "Each method to its largest value of all networks shown"
        if scale.is_shared
        else "Each map to its own largest"
    )
    return Scale(np.nan, scale.is_signed, f"{said}, written below: units differ between methods", True)


def _large(networks: Sequence[MethodMaps], scale: MapScale) -> None:
    chosen = state.remembered(LARGE, None)
    state.show_in_widget(LARGE, chosen)
    method = st.selectbox(
        "One method, large", METHODS, index=None, format_func=NAMES.get, key=LARGE, placeholder="none",
        width=300, on_change=lambda: state.remember(LARGE, state.widget_value(LARGE)),
    )  # fmt: skip
    if method is None:
        return
    ends = scale.ends([network.map_of(method) for network in networks])
    shown = [_one(network, method, most, scale) for network, most in zip(networks, ends, strict=True)]
    said = [f"{one.arm.name}: {summary(n.map_of(method))}" for one, n in zip(shown, networks, strict=True)]
    alt = f"{NAMES[method]}, in units of: {UNITS[method]}. {' '.join(said)}"
    chart(one_map(shown, palette(), type_scale()), key="one method", alt=alt)
    st.caption(alt)


def _one(network: MethodMaps, method: str, most: float, scale: MapScale) -> OneMap:
    values = network.map_of(method)
    if not values.size:
        return OneMap(network.look.arm, _missing(network, method), NONE, NONE, 0.0, scale.is_signed)
    colors = overlay(network.any.picture, scale.shown(values), most, palette(), side=256)
    about = f"its grid, {values.shape[0]} × {values.shape[1]}"
    return OneMap(network.look.arm, about, colors, values, most, scale.is_signed)


def _alt(networks: Sequence[MethodMaps], scale: MapScale) -> str:
    said = [
        f"{NAMES[method]} of {network.look.name} {scale.note(network.map_of(method))}"
        for network in networks
        for method in METHODS
        if network.map_of(method).size
    ]
    return f"Maps of one picture by every method. {'; '.join(said)}"
