"""Depth through the years: four networks of ImageNet, what they cost, and their published errors."""

import streamlit as st

from app.figures.years import Panel, years
from app.views.charts import chart, palette
from resnet_core.architecture.years import MILESTONES

KINDS = {
    "ensemble_test": "Ensembles, competition",
    "ten_crop_validation": "One network, ten crops",
    "one_crop_validation": "One network, one crop",
}


def through_the_years() -> None:
    """The figure, of one kind of error at a time, and the table with the source of each."""
    kind = st.segmented_control(
        "Top-5 error of", list(KINDS), default="ensemble_test", required=True, format_func=KINDS.get,
        key="years kind", help="Three kinds of tests: numbers of different kinds do not compare.",
    )  # fmt: skip
    names = [f"{one.title}, {one.year}" for one in MILESTONES]
    figure = years(names, [bool(one.plan.skip_units) for one in MILESTONES], panels(kind), palette())
    chart(
        figure, key="years",
        alt="Layers, parameters, multiply-adds and error of four networks; the table below has the numbers.",
    )  # fmt: skip
    st.dataframe(_table(kind), hide_index=True, width="stretch")


def panels(kind: str) -> list[Panel]:
    """The columns of the figure."""
    errors = [getattr(one, kind) for one in MILESTONES]
    quantities = (
        ("layers", [one.layers for one in MILESTONES], "{:.0f}"),
        ("million parameters", [one.parameters / 1e6 for one in MILESTONES], "{:.1f}"),
        ("billion multiply-adds", [one.multiply_adds / 1e9 for one in MILESTONES], "{:.2f}"),
    )
    found = [Panel(title, values, [form.format(v) for v in values]) for title, values, form in quantities]
    told = [f"{error.percent:.2f} %" if error else "not quoted" for error in errors]
    return [*found, Panel("top-5 error", [error.percent if error else None for error in errors], told)]


def _table(kind: str) -> dict[str, list]:
    errors = [getattr(one, kind) for one in MILESTONES]
    return {
        "Year": [str(one.year) for one in MILESTONES],
        "Network": [one.title for one in MILESTONES],
        "Layers": [one.layers for one in MILESTONES],
        "Parameters": [f"{one.parameters:,}" for one in MILESTONES],
        "Multiply-adds": [f"{one.multiply_adds:,}" for one in MILESTONES],
        "Top-5 error": [f"{error.percent:g} %" if error else "–" for error in errors],
        "How it was measured": [error.how if error else "–" for error in errors],
        "Where it is printed": [error.source if error else "–" for error in errors],
    }
