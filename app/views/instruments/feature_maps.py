"""What every unit makes of one test picture: sheets of feature maps, and one unit large."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import state
from app.figures.map_colors import limits
from app.figures.montage import Row, Sheet, montage, range_said
from app.figures.one_unit import one_unit
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.pictures import choose_picture, show_picture, what_it_says
from app.views.instruments.switches import switch
from app.views.instruments.units import evenly, stage_ends, units_of
from app.views.looks import Look
from resnet_core.findings import FeatureMaps

SHOWN = {"stage ends": "Ends of stages", "every third unit": "Every third unit", "all units": "All units"}
MOST_ROWS = 60


def draw(scene: Scene) -> None:
    left, right = st.columns([1, 3], vertical_alignment="center")
    with left:
        picture = choose_picture(scene)
    asked = [look.question("feature-maps", scene.step, picture=picture) for look in scene.looks]
    found = scene.ask(asked)
    with right:
        _picture(scene.looks, found)
    shown = switch("Units", SHOWN, key="units shown")
    sheets = [_sheet(look, maps, shown) for look, maps in zip(scene.looks, found, strict=True)]
    chart(montage(sheets, palette(), type_scale()), key="maps", alt=_alt(sheets))
    _zoom(scene, found)
    _numbers(scene.looks, found)
    scene.ask.ahead(
        [k.question("feature-maps", step, picture=picture) for step in scene.all_steps() for k in scene.looks]
    )


def _picture(looks: Sequence[Look], found: Sequence[FeatureMaps | None]) -> None:
    known = [(look, maps) for look, maps in zip(looks, found, strict=True) if maps is not None]
    if not known:
        show_picture(None, ["The picture is being sent through the network."])
        return
    look, first = known[0]
    words = [f"It is labelled: {look.config.data.info.classes[int(first.label)]}."]
    words += [what_it_says(look, maps.logits, int(maps.label)) for look, maps in known]
    show_picture(first.picture, words)


def _rows(look: Look, shown: str) -> list[int]:
    """Which units stand on the sheet; known before anything is measured, so that nothing moves."""
    places = units_of(look.plan)
    if shown == "stage ends":
        return stage_ends(places)
    thinned = list(range(0, len(places), 3)) if shown == "every third unit" else list(range(len(places)))
    return [thinned[i] for i in evenly(len(thinned), MOST_ROWS)]


def _sheet(look: Look, found: FeatureMaps | None, shown: str) -> Sheet:
    places = units_of(look.plan)
    return Sheet(
        look.arm,
        [
            Row(places[i].title, np.empty((0, 1, 1)) if found is None else found.maps[i])
            for i in _rows(look, shown)
        ],
    )


def _alt(sheets: Sequence[Sheet]) -> str:
    """What the sheets begin and end with, in numbers."""
    ends = [(sheet, sheet.rows[0], sheet.rows[-1]) for sheet in sheets if sheet.rows[0].maps.size]
    said = [
        f"{sheet.arm.name}: {first.name} {range_said(first.maps)}, {last.name} {range_said(last.maps)}"
        for sheet, first, last in ends
    ]
    return f"Feature maps. {'; '.join(said)}"


def _zoom(scene: Scene, found: Sequence[FeatureMaps | None]) -> None:
    names = list(dict.fromkeys(place.block for look in scene.looks for place in units_of(look.plan)))
    wanted = state.remembered("unit", scene.block)
    state.show_in_widget("zoomed unit", wanted if wanted in names else None)
    name = st.selectbox(
        "One unit, large", names, index=None, key="zoomed unit", placeholder="none", width=300,
        on_change=lambda: state.remember("unit", state.widget_value("zoomed unit")),
    )  # fmt: skip
    if name is None:
        return
    sheets = [Sheet(look.arm, _one(look, maps, name)) for look, maps in zip(scene.looks, found, strict=True)]
    said = "; ".join(f"{s.arm.name} {range_said(s.rows[0].maps)}" for s in sheets if s.rows)
    chart(one_unit(sheets, palette(), type_scale()), key="one unit", alt=f"Feature maps of {name}: {said}")


def _one(look: Look, found: FeatureMaps | None, block: str) -> list[Row]:
    """The row of one block, if the network has it."""
    blocks = [place.block for place in units_of(look.plan)]
    return [] if found is None or block not in blocks else [Row(block, found.maps[blocks.index(block)])]


def _numbers(looks: Sequence[Look], found: Sequence[FeatureMaps | None]) -> None:
    rows = [
        (look.name, str(unit), str(stage), *limits(shown), len(shown), shown.shape[1])
        for look, maps in zip(looks, found, strict=True)
        if maps is not None
        for unit, stage, shown in zip(maps.units, maps.stages, maps.maps, strict=True)
    ]
    names = ("network", "unit", "stage", "colours from", "colours to", "maps shown", "height and width")
    numbers(as_columns(names, rows), key="maps")
