"""How the values of every unit are spread over a batch, with what is exactly 0, dead or not finite."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import state
from app.figures.spreads import Spread, ranges, spreads
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.numbers import numbers
from app.views.instruments.units import evenly, units_of
from app.views.looks import Look
from resnet_core.findings import FeatureMaps

MOST_ROWS = 40
FIELDS = ("bins", "counts", "values", "zeros", "dead", "channels", "nans", "infinities")


def draw(scene: Scene) -> None:
    picture = int(state.remembered("test picture", 0))  # any would do: the same answer has both
    picture = min(picture, *(look.config.data.info.test_images - 1 for look in scene.looks))
    found = scene.ask([look.question("feature-maps", scene.step, picture=picture) for look in scene.looks])
    both = list(zip(scene.looks, found, strict=True))
    st.markdown("  \n".join(_said(look, maps) for look, maps in both))
    drawn = [_spread(look, maps) for look, maps in both]
    chart(spreads(drawn, palette(), type_scale()), key="spreads", alt=_alt(drawn))
    _numbers(both)
    scene.ask.ahead(
        [k.question("feature-maps", step, picture=picture) for step in scene.all_steps() for k in scene.looks]
    )


def _spread(look: Look, found: FeatureMaps | None) -> Spread:
    """At most MOST_ROWS units; which ones is known before anything is counted, so nothing moves."""
    names = np.array([place.title for place in units_of(look.plan)])
    rows = evenly(len(names), MOST_ROWS)
    if found is None:
        shapes = {"bins": (len(rows), 33), "counts": (len(rows), 32)}
        nothing = {name: np.zeros(shapes.get(name, len(rows)), int) for name in FIELDS}
        return Spread(look.arm, names[rows], **nothing)
    return _all_units(look, found, rows)


def _all_units(look: Look, found: FeatureMaps, rows: Sequence[int] | slice = slice(None)) -> Spread:
    names = np.array([place.title for place in units_of(look.plan)])
    return Spread(look.arm, names[rows], **{name: getattr(found, name)[rows] for name in FIELDS})


def _said(look: Look, found: FeatureMaps | None) -> str:
    """What is odd in one network, in numbers."""
    if found is None:
        return f"**{look.name}**: …"
    zeros, values = int(found.zeros.sum()), int(found.values.sum())
    odd = int(found.nans.sum() + found.infinities.sum())
    dead, channels = int(found.dead.sum()), int(found.channels.sum())
    finite = "all values are finite" if not odd else f"{odd:,} values are NaN or infinite"
    return (
        f"**{look.name}**: {_share(zeros / values)} of {values:,} values are exactly 0, "
        f"{dead:,} of {channels:,} channels are 0 for every picture, {finite}."
    )


def _share(share: float) -> str:
    """In per cent, where none and all are what they say."""
    if 0 < share < 0.01 or 0.99 < share < 1:
        return "less than 1%" if share < 0.5 else "more than 99%"
    return f"{share:.0%}" if share else "none"


def _alt(found: Sequence[Spread]) -> str:
    said = []
    for spread in found:
        low, high = ranges(spread)
        if spread.values.any():
            ends = [f"{spread.units[i]} {low[i]:.3g} to {high[i]:.3g}" for i in (0, -1)]
            said.append(f"{spread.arm.name}: {', '.join(ends)}")
    return f"Spread of the values of every unit. {'; '.join(said)}"


def _numbers(both: Sequence[tuple[Look, FeatureMaps | None]]) -> None:
    known = [_all_units(look, maps) for look, maps in both if maps is not None]

    def column(parts: Sequence[np.ndarray]) -> list:
        return [number for part in parts for number in part.tolist()]

    columns = {
        "network": [spread.arm.name for spread in known for _ in spread.units],
        "unit": column([spread.units for spread in known]),
        "smallest": column([ranges(spread)[0] for spread in known]),
        "largest": column([ranges(spread)[1] for spread in known]),
    }
    counts = {"values": "values", "exactly 0": "zeros", "NaN": "nans", "infinite": "infinities",
              "dead channels": "dead", "channels": "channels"}  # fmt: skip
    columns |= {name: column([getattr(spread, field) for spread in known]) for name, field in counts.items()}
    numbers(columns, key="spreads")
