"""The probability of a class while salient pixels go, or come, first: two panels, beside random orders.

As in RISE. F = shares of the pixels, R = random orders.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.panels import Axes, Curve, Panel, panels
from app.figures.theme import Arm, Palette
from app.figures.words import in_words

TITLES = ("deletion: lower is better", "insertion: higher is better")
LEAST = 0.1  # probability that the axis reaches at the least
ALONG = ("share of the pixels", (-0.02, 1.02))


class Course(NamedTuple):
    """One network's probabilities while pixels go, or come: `curve` (F,), `random` (R, F), their areas."""

    curve: np.ndarray
    random: np.ndarray
    area: float
    random_areas: np.ndarray


class Courses(NamedTuple):
    """Both courses of one network over `shares` (F,)."""

    arm: Arm
    shares: np.ndarray
    deletion: Course
    insertion: Course


def perturbed(
    found: Sequence[Courses], arms: Sequence[Arm], palette: Palette, scale: float = 1.0
) -> go.Figure:
    """`arms` are all networks of the page. A band is where the random orders are, dotted their mean."""
    sides = [[(one, one.deletion) for one in found], [(one, one.insertion) for one in found]]
    shown = [_panel(title, side, arms) for title, side in zip(TITLES, sides, strict=True)]
    most = max((float(np.nanmax(curve.y, initial=0)) for panel in shown for curve in panel.curves), default=1)
    up = (0.0, 1.04 * min(max(most, LEAST), 1.0))
    return panels(shown, Axes(*ALONG, up, "probability of the class"), palette, scale, height=360)


def _panel(title: str, side: Sequence[tuple[Courses, Course]], arms: Sequence[Arm]) -> Panel:
    areas = {one.arm.name: _areas(course) for one, course in side}
    notes = [(arm, f"{arm.name}{areas.get(arm.name, '')}") for arm in arms]
    return Panel(title, [curve for one, course in side for curve in _curves(one, course)], notes)


def _areas(course: Course) -> str:
    low, high = float(course.random_areas.min()), float(course.random_areas.max())
    return f": area {in_words(course.area)}; random orders {in_words(low)} to {in_words(high)}"


def _curves(one: Courses, course: Course) -> list[Curve]:
    mean = course.random.mean(0)
    named = [
        (one.arm.name, course.curve),
        (f"{one.arm.name}, mean of {len(course.random)} random orders", mean),
    ]
    own, control = [
        [f"{name}: {share:.0%} of the pixels, {p:.3f}" for share, p in zip(one.shares, values, strict=True)]
        for name, values in named
    ]
    band = (course.random.min(0), course.random.max(0))
    return [
        Curve(one.arm, one.shares, mean, control, *band, is_control=True),
        Curve(one.arm, one.shares, course.curve, own),
    ]
