"""The second test of a map: the answer while the pixels that it calls salient go, or come, first."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.figures.perturbed import Course, Courses, perturbed
from app.figures.words import in_words
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.numbers import as_columns, numbers
from app.views.looks import Look
from app.views.saliency_parts import picture_choice
from app.views.saliency_parts.tested import Tested
from resnet_core.saliency_findings import Perturbed


def draw(scene: Scene, tested: Tested) -> None:
    """Two panels of curves beside random orders, and their areas in words."""
    found = scene.ask([tested.question("perturbed", look, scene.step) for look in scene.looks])
    picture_choice.show(scene, tested.explained, found)
    known = [(look, one) for look, one in zip(scene.looks, found, strict=True) if one is not None]
    said = [
        f"**{look.name}**: …" if one is None else _said(look, one, tested)
        for look, one in zip(scene.looks, found, strict=True)
    ]
    st.markdown("  \n".join(said))
    arms = [look.arm for look in scene.looks]
    figure = perturbed([_courses(look, one) for look, one in known], arms, palette(), type_scale())
    chart(figure, key="perturbed", alt=" ".join(said).replace("**", ""))
    _numbers(known)


def _courses(look: Look, one: Perturbed) -> Courses:
    return Courses(
        look.arm,
        one.shares,
        Course(one.deletion, one.random_deletion, float(one.deletion_area), one.random_deletion_areas),
        Course(one.insertion, one.random_insertion, float(one.insertion_area), one.random_insertion_areas),
    )


def _said(look: Look, one: Perturbed, tested: Tested) -> str:
    target = look.config.data.info.classes[int(one.target)]
    deleted = int(np.count_nonzero(one.random_deletion_areas > one.deletion_area))
    inserted = int(np.count_nonzero(one.random_insertion_areas < one.insertion_area))
    orders = len(one.random_deletion_areas)
    return (
        f"**{look.name}**, {tested.title(one)}, {target} at probability {in_words(float(one.deletion[0]))}: "
        f"deletion area {in_words(float(one.deletion_area))}, {_beside(deleted, orders)}; insertion area "
        f"{in_words(float(one.insertion_area))}, {_beside(inserted, orders)}."
    )


def _beside(better: int, orders: int) -> str:
    """Than how many random orders it is better."""
    if better == orders:
        return f"better than all {orders} random orders"
    if not better:
        return f"no better than any of {orders} random orders"
    return f"better than {better} of {orders} random orders"


def _numbers(known: Sequence[tuple[Look, Perturbed]]) -> None:
    rows = [
        (look.name, float(share), float(gone), float(f.random_deletion[:, i].mean()), float(come),
         float(f.random_insertion[:, i].mean()))
        for look, f in known
        for i, (share, gone, come) in enumerate(zip(f.shares, f.deletion, f.insertion, strict=True))
    ]  # fmt: skip
    names = ("network", "share of the pixels", "probability, deleted", "mean of random orders, deleted",
             "probability, inserted", "mean of random orders, inserted")  # fmt: skip
    numbers(as_columns(names, rows), key="perturbed")
