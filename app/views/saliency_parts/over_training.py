"""The maps of one picture at all kept steps: one step large, all of them as a strip, and as a film."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from app.figures.map_sheet import Scale, Strip, Tile, map_sheet
from app.figures.one_map import OneMap, one_map
from app.figures.overlay import grid, overlay
from app.figures.theme import Palette
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.switches import switch
from app.views.saliency_parts import map_scale, picture_choice
from app.views.saliency_parts.cam_unit import choose_unit
from app.views.saliency_parts.courses import Course, courses_of, found_of, steps_of, targets_of
from app.views.saliency_parts.depth_sentences import course_said
from app.views.saliency_parts.depths import FORMS
from app.views.saliency_parts.film import FORMATS, Frame, Panel, film, side_of
from app.views.saliency_parts.map_scale import MapScale
from app.views.saliency_parts.method_choice import choose_method
from app.views.saliency_parts.method_names import NAMES, UNITS
from app.views.saliency_parts.unit_maps import NONE, share_on

METHOD = "method over training"
FEWEST, MOST = 8, 14  # columns of the strip
NO_COLORS = np.empty((0, 0, 3), np.uint8)


class How(NamedTuple):
    """What is chosen, and the colours of the page: films are made where there is no page."""

    method: str
    is_over: bool
    scale: MapScale
    palette: Palette


def draw(scene: Scene) -> None:
    explained = picture_choice.choose(scene)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        unit, how = choose_unit(scene), _choices()
    steps, targets = steps_of(scene), targets_of(scene, explained)
    found = found_of(scene, explained, steps, targets)
    picture_choice.show(scene, explained, [each.get(scene.step) for each in found])
    courses = courses_of(scene, (unit, how.method, how.scale), targets, found)
    if not any(course.unit for course in courses):
        st.markdown("No network here has a unit with feature maps that have a place.")
        return
    _large(courses, scene.step, how)
    _strip(courses, steps, scene.step, how)
    st.markdown(_said(courses, steps))
    _downloads(courses, steps, how, is_waiting=scene.ask.is_waiting)
    _numbers(courses, steps)


def _choices() -> How:
    method = choose_method(METHOD)
    form = switch("How maps are drawn", FORMS, key="map form")
    return How(method, form == "over", map_scale.choose(), palette())


def _colors(course: Course, step: int, how: How, side: int) -> np.ndarray:
    values = how.scale.shown(course.maps[step])
    if not how.is_over:
        return grid(values, course.ends[step], how.palette, side)
    return overlay(course.found[step].picture, values, course.ends[step], how.palette, side=side)


def _large(courses: Sequence[Course], step: int, how: How) -> None:
    shown = [_one(course, step, how) for course in courses]
    said = " ".join(f"{one.arm.name}: {one.about}." for one in shown)
    chart(one_map(shown, how.palette, type_scale()), key="one step", alt=f"Step {step}, large. {said}")


def _one(course: Course, step: int, how: How) -> OneMap:
    values = course.maps[step]
    if not values.size:
        about = f"{course.unit}, step {step}" if course.unit else "no unit with a place"
        return OneMap(course.look.arm, about, NO_COLORS, NONE, 0.0, how.scale.is_signed)
    about = f"{course.unit}, step {course.look.kept(step)}: {how.scale.note(values)}"
    picture, drawn = course.found[step].picture, how.scale.shown(values)
    colors = overlay(picture, drawn, course.ends[step], how.palette, side=256)
    return OneMap(course.look.arm, about, colors, drawn, course.ends[step], how.scale.is_signed)


def _strip(courses: Sequence[Course], steps: Sequence[int], now: int, how: How) -> None:
    strips = [
        Strip(course.look.arm, [_tile(course, step, how, is_marked=step == now) for step in steps],
              _about(course, how))
        for course in courses
    ]  # fmt: skip
    alt = [f"{strip.arm.name}: " + "; ".join(f"{t.title} {t.note}" for t in strip.tiles) for strip in strips]
    figure = map_sheet(
        strips, _legend(courses, how), how.palette, type_scale(), across=max(min(len(steps), 14), 8)
    )
    chart(figure, key="over training", alt=" ".join(alt), is_still=True)


def _legend(courses: Sequence[Course], how: How) -> Scale:
    every = [values for course in courses for values in course.maps.values()]
    return how.scale.legend(every, UNITS[how.method], is_over=how.is_over)


def _tile(course: Course, step: int, how: How, *, is_marked: bool) -> Tile:
    values = course.maps[step]
    colors = _colors(course, step, how, 96) if values.size else NO_COLORS
    return Tile(f"step {step:,}", colors, how.scale.note(values), is_marked)


def _about(course: Course, how: How) -> str:
    if not course.unit:
        return "has no unit with feature maps that have a place"
    what = f"{NAMES[how.method]} of {course.unit}"
    return (
        what if course.target is None else f"{what} for {course.look.config.data.info.classes[course.target]}"
    )


def _said(courses: Sequence[Course], steps: Sequence[int]) -> str:
    """As Markdown, a line a network."""
    if len(steps) < 2:
        return "There is one step to look at: choose a run that has kept its weights to see it learn."
    lines = [course_said(course) for course in courses if course.unit]
    return "  \n".join(lines) or "There is no map to show."


def _downloads(courses: Sequence[Course], steps: Sequence[int], how: How, *, is_waiting: bool) -> None:
    """Films of what was measured; they are made when they are asked for."""
    there = [course for course in courses if course.unit]
    measured = [step for step in steps if there and all(course.maps[step].size for course in there)]
    is_ready = bool(measured) and not is_waiting
    scale = _legend(courses, how)
    with st.container(horizontal=True, vertical_alignment="center"):
        for kind, ending in FORMATS.items():
            make = (
                (lambda kind=kind: film(_frames(there, measured, how), scale, how.palette, kind))
                if is_ready
                else b""
            )
            st.download_button(
                f"Film ({kind})", data=make, file_name=f"maps-over-training.{ending}", mime=f"image/{ending}",
                icon=":material/movie:", on_click="ignore", disabled=not is_ready, key=f"film {kind}",
            )  # fmt: skip
        st.caption(
            f"{len(measured)} of {len(steps)} steps measured: a frame each, with the colours of this page."
        )


def _frames(courses: Sequence[Course], steps: Sequence[int], how: How) -> list[Frame]:
    side = side_of(len(steps))
    return [Frame(f"step {step:,}", [_panel(each, step, how, side) for each in courses]) for step in steps]


def _panel(course: Course, step: int, how: How, side: int) -> Panel:
    color, note = course.look.arm.style.color(how.palette), how.scale.note(course.maps[step])
    return Panel(course.look.name, color, _colors(course, step, how, side), note)


def _numbers(courses: Sequence[Course], steps: Sequence[int]) -> None:
    rows = []
    for course in courses:
        for step in (step for step in steps if course.maps[step].size):
            values, one = course.maps[step], course.found[step]
            finite = values[np.isfinite(values)]
            ends = (float(finite.min()), float(finite.max())) if finite.size else (np.nan, np.nan)
            logit = float(one.logits[int(one.target)])
            rows.append((course.look.name, step, course.unit, *ends, logit, share_on(values, one.mask)))
    names = ("network", "step", "unit", "smallest", "largest", "logit", "share of the positive on the thing")
    numbers(as_columns(names, rows), key="over training")
