"""Shattered gradients: on a line between two test pictures, or one of the other two ways to look at them."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.figures.shattered import Way, shattered
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments import correlation_laws, scalar_nets
from app.views.instruments.near_steps import near_steps
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.pictures import image, picture_number
from app.views.instruments.switches import switch
from resnet_core.findings import Shattered

VIEWS = {"line": "Between two pictures", "scalar": "Networks of one number", "laws": "Against depth"}
SIDE = 60  # px of a picture on the page
LAG = 5  # of which the sentences tell


def draw(scene: Scene) -> None:
    views = {"line": _line, "scalar": scalar_nets.draw, "laws": correlation_laws.draw}
    left, right = st.columns([2.1, 3], vertical_alignment="bottom")
    with left:
        view = switch("View", VIEWS, key="shattered view")
    views[view](scene, right)


def _line(scene: Scene, place) -> None:
    with place:
        columns = st.columns([1.1, 1.1, 2], vertical_alignment="bottom")
        first, second = _choose_pictures(scene, columns)
        pictures = columns[2].container(height=SIDE + 12, border=False)
    if first == second:
        st.info("A line needs two pictures: choose another one.", icon=":material/info:")
        return
    options = {"first": first, "second": second}
    found = scene.ask([look.question("shattered", scene.step, **options) for look in scene.looks])
    known = [(look, f) for look, f in zip(scene.looks, found, strict=True) if f is not None]
    with pictures:
        _show(scene, known[0][1] if known else None)
    said = [
        f"**{look.name}**: " + ("…" if f is None else _said(f))
        for look, f in zip(scene.looks, found, strict=True)
    ]
    st.markdown("  \n".join(said))
    ways = [Way(k.arm, f.places, f.slopes, f.cosines, f.lags, f.autocorrelation) for k, f in known]
    figure = shattered(ways, palette(), type_scale(), len(scene.looks))
    chart(figure, key="shattered", alt=" ".join(said).replace("**", ""))
    rows = [
        (k.name, *row) for k, f in known for row in zip(f.places, f.logits, f.slopes, f.norms, strict=True)
    ]
    numbers(as_columns(("network", "place", "logit", "slope", "gradient norm"), rows), key="shattered")
    others = [k.question("shattered", s, **options) for k in scene.looks for s in near_steps(scene)]
    scene.ask.ahead(others)


def _choose_pictures(scene: Scene, columns: Sequence) -> tuple[int, int]:
    first = picture_number(scene, columns[0], "Picture from", key="line from", usual=0)
    return first, picture_number(scene, columns[1], "Picture to", key="line to", usual=1)


def _show(scene: Scene, found: Shattered | None) -> None:
    """The two pictures, an arrow between them, and whose logit is followed."""
    if found is None:
        return
    classes = scene.looks[0].config.data.info.classes
    names = [classes[int(label)] for label in found.labels]
    images = [image(picture, name, SIDE) for picture, name in zip(found.ends, names, strict=True)]
    said = f"{names[0]} to {names[1]}; the logit of {classes[int(found.logit)]} is followed"
    row = f"{images[0]}<span>→</span>{images[1]}<span>{said}</span>"
    st.html(f'<div style="display:flex;gap:12px;align-items:center">{row}</div>')


def _said(found: Shattered) -> str:
    near, far = (float(found.autocorrelation[np.searchsorted(found.lags, lag)]) for lag in (1, LAG))
    step = f"1/{len(found.places) - 1}"
    if not np.isfinite([near, far]).all():
        return "no two neighbouring gradients have a direction."
    return (
        f"gradients one place ({step} of the way) apart have a mean cosine of {near:.2f}, {LAG} places apart "
        f"of {far:.2f}."
    ).replace("-0", "−0")
