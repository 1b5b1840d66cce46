"""What the network would answer if it stopped behind each unit: accuracies, and one picture's classes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from app.figures.answers import Answers, answers
from app.figures.depth import Line, by_depth, unknown
from app.figures.reference_lines import level, made_neutral
from app.figures.theme import Arm
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.near_steps import near_steps
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.pictures import choose_picture, show_picture, softmax
from app.views.instruments.switches import switch
from app.views.instruments.units import evenly, units_of
from app.views.looks import Look
from resnet_core.findings import Readout

HEADS = {"fitted": "By the linear read-out", "head": "By the network's own last layer"}
MOST_ROWS = 40
CHANCE = "chance"


class _Both(NamedTuple):
    look: Look
    found: Readout | None

    @property
    def titles(self) -> np.ndarray:
        return np.array([place.title for place in units_of(self.look.plan)[:-1]])

    @property
    def depths(self) -> np.ndarray:
        return np.array([place.depth for place in units_of(self.look.plan)[:-1]])


def draw(scene: Scene) -> None:
    left, right = st.columns([1, 3], vertical_alignment="center")
    with left:
        picture = choose_picture(scene)
    found = scene.ask([look.question("read-out", scene.step, picture=picture) for look in scene.looks])
    both = [_Both(look, one) for look, one in zip(scene.looks, found, strict=True)]
    with right:
        _picture(both)
    said = _said(both)
    st.markdown(said)
    figure = by_depth(
        [_accuracies(one) for one in both] + [line for one in both for line in _heads(one)],
        "accuracy on test pictures, %", palette(), type_scale(), is_log=False, laws=_chance(both), height=360,
    )  # fmt: skip
    made_neutral(figure, CHANCE, palette())
    chart(figure, key="read-out", alt=said.replace("**", ""))
    head = switch("Class by", HEADS, key="read-out head")
    drawn = [_answers(one, head) for one in both]
    chart(answers(drawn, palette(), type_scale()), key="answers", alt=_answers_said(drawn))
    _numbers(both)
    scene.ask.ahead(
        [k.question("read-out", step, picture=picture) for step in near_steps(scene) for k in scene.looks]
    )


def _picture(both: Sequence[_Both]) -> None:
    known = [one for one in both if one.found is not None]
    if not known:
        show_picture(None, ["Read-outs are being fitted."])
        return
    found, classes = known[0].found, known[0].look.config.data.info.classes
    words = [f"It is labelled: {classes[int(found.label)]}."]
    words += [_first_right(one) for one in known]
    show_picture(found.picture, words)


def _first_right(one: _Both) -> str:
    """From where on the read-out names the picture's class."""
    is_right = one.found.fitted_logits.argmax(1) == int(one.found.label)
    is_right &= np.isfinite(one.found.fitted_logits).all(1)
    if not is_right[-1]:
        return f"{one.look.name}: the read-out behind the last unit names another class."
    first = len(is_right) - int(np.argmin(is_right[::-1])) if not is_right.all() else 0
    return f"{one.look.name}: right from {one.titles[first]} on, by the linear read-out."


def _accuracies(one: _Both) -> Line:
    if one.found is None:
        return unknown(one.look.arm)
    return Line(one.look.arm, one.depths, 100 * one.found.fitted_accuracy, one.titles)


def _heads(one: _Both) -> list[Line]:
    """The network's own last layer, open marks where it fits: no line, since it was made for the end."""
    if one.found is None:
        return []
    fits = np.isfinite(one.found.head_accuracy)
    heights, names = 100 * one.found.head_accuracy[fits], one.titles[fits]
    return [Line(Arm("", one.look.arm.style), one.depths[fits], heights, names, np.ones(len(names), bool))]


def _chance(both: Sequence[_Both]) -> list[Line]:
    known = [one for one in both if one.found is not None]
    return [level(CHANCE, 100 * float(one.found.chance), float(one.depths.max())) for one in known[:1]]


def _said(both: Sequence[_Both]) -> str:
    """First and last accuracy of each, in a sentence."""
    said = []
    for one in both:
        look, found = one
        if found is not None:
            first, last = found.fitted_accuracy[[0, -1]]
            said.append(
                f"**{look.name}**: {_percent(first)} behind {one.titles[0]}, {_percent(last)} behind "
                f"{one.titles[-1]}; by its own last layer {_percent(found.head_accuracy[-1])}, chance "
                f"{_percent(found.chance)}."
            )
    return "  \n".join(said) or "Read-outs are being fitted."


def _percent(accuracy: float) -> str:
    return f"{accuracy:.1%}" if np.isfinite(accuracy) else "not a number"


def _answers(one: _Both, head: str) -> Answers:
    """At most MOST_ROWS units, known before anything is fitted."""
    look, found = one
    rows, classes = evenly(len(one.titles), MOST_ROWS), look.config.data.info.classes
    units = one.titles[rows].tolist()
    if found is None:
        return Answers(look.arm, units, classes, np.full((len(rows), len(classes)), np.nan), -1)
    if head == "fitted":
        shares = np.clip(found.fitted_logits[rows], 0, 1)
    else:
        shares = softmax(found.head_logits[rows])
    return Answers(look.arm, units, classes, shares, int(found.label))


def _answers_said(drawn: Sequence[Answers]) -> str:
    said = []
    for each in drawn:
        if np.isfinite(each.shares[-1]).all():
            best = int(each.shares[-1].argmax())
            said.append(
                f"{each.arm.name}: behind {each.units[-1]} {each.classes[best]}, {each.shares[-1][best]:.2f}"
            )
    return f"Classes of the picture behind every unit. {'; '.join(said)}"


def _numbers(both: Sequence[_Both]) -> None:
    rows = [
        (one.look.name, str(unit), int(depth), float(fitted), float(head), float(true))
        for one in both
        if one.found is not None
        for unit, depth, fitted, head, true in zip(
            one.titles, one.depths, one.found.fitted_accuracy, one.found.head_accuracy,
            one.found.fitted_logits[:, int(one.found.label)], strict=True,
        )
    ]  # fmt: skip
    names = ("network", "unit", "depth", "accuracy of the linear read-out", "accuracy of the own last layer",
             "read-out of the true class")  # fmt: skip
    numbers(as_columns(names, rows), key="read-out")
