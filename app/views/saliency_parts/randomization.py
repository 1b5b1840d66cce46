"""The first test of a map: weights become random from the top down, and the map ought to go with them."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.figures.map_sheet import Strip, Tile, map_sheet
from app.figures.overlay import overlay
from app.figures.randomized import Resemblance, resemblance
from app.figures.words import in_words
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.numbers import as_columns, numbers
from app.views.instruments.units import units_of
from app.views.looks import Look
from app.views.saliency_parts import map_scale, picture_choice
from app.views.saliency_parts.map_scale import MapScale
from app.views.saliency_parts.method_names import NAMES, UNITS
from app.views.saliency_parts.tested import Tested
from resnet_core.saliency_findings import Randomized

PLACES = 10
HALF = 0.5  # of a rank correlation, of which the sentences tell
BELOW = "below each: rank correlation with the first map, signed, then that of sizes, then SSIM"
LITERATURE = {
    "grad-cam": "Grad-CAM passed this test in Adebayo et al. 2018",
    "saliency": "The gradient passed this test in Adebayo et al. 2018",
    "guided-backprop": "Guided backprop failed this test in Adebayo et al. 2018",
    "guided-grad-cam": "Guided Grad-CAM failed this test in Adebayo et al. 2018",
    "integrated-gradients": "In Adebayo et al. 2018 the signed rank correlation of integrated gradients fell "
    "to 0 at once, while that of sizes and SSIM stayed high",
}  # fmt: skip


def draw(scene: Scene, tested: Tested) -> None:
    """Strips of maps, and how much they resemble the first, network by network."""
    scale = map_scale.choose()
    found = scene.ask([tested.question("randomized", look, scene.step) for look in scene.looks])
    picture_choice.show(scene, tested.explained, found)
    known = [(look, one) for look, one in zip(scene.looks, found, strict=True) if one is not None]
    said = [
        f"**{look.name}**: …" if one is None else _said(look, one, tested, scene.step)
        for look, one in zip(scene.looks, found, strict=True)
    ]
    st.markdown("  \n".join([*said, _beside(known, tested.method)]))
    _maps(scene, tested, found, scale)
    curves = [
        Resemblance(k.arm, f.counts, f.units, f.signed_rank, f.absolute_rank, f.similarity) for k, f in known
    ]
    units = {look.arm: len(look.plan.units) for look in scene.looks}
    figure = resemblance(curves, units, palette(), type_scale())
    chart(figure, key="resemblance", alt=" ".join(said).replace("**", ""))
    _numbers(known)


def _maps(scene: Scene, tested: Tested, found: Sequence[Randomized | None], scale: MapScale) -> None:
    every = [values for one in found if one is not None for values in one.maps]
    ends = iter(scale.ends(every))
    strips = [
        Strip(look.arm, [] if one is None else _tiles(look, one, ends, scale),
              f"{tested.title(one)}; {BELOW}" if one is not None else NAMES[tested.method])
        for look, one in zip(scene.looks, found, strict=True)
    ]  # fmt: skip
    legend = scale.legend(every, UNITS[tested.method], is_over=True)
    figure = map_sheet(strips, legend, palette(), type_scale(), across=PLACES, lines=3)
    alt = "; ".join(
        f"{look.name}: {', '.join(map(scale.note, one.maps))}"
        for look, one in zip(scene.looks, found, strict=True)
        if one is not None
    )
    chart(figure, key="randomized maps", alt=f"Maps while weights become random. {alt}")
    names = [
        f"{look.name} {title}" for look, one in zip(scene.looks, found, strict=True) if one is not None
        for title in _titles(look, one)
    ]  # fmt: skip
    st.caption(scale.faintest(names, every) or " ")


def _tiles(look: Look, one: Randomized, ends, scale: MapScale) -> list[Tile]:
    measures = zip(one.signed_rank, one.absolute_rank, one.similarity, strict=True)
    return [
        Tile(title, overlay(one.picture, scale.shown(values), next(ends), palette()),
             f"{' '.join(map(_short, three))}<br>{scale.note(values)}")
        for title, values, three in zip(_titles(look, one), one.maps, measures, strict=True)
    ]  # fmt: skip


def _short(value: float) -> str:
    return f"{value:.2f}".replace("-", "−") if np.isfinite(value) else "none"


def _titles(look: Look, one: Randomized) -> list[str]:
    """The network as it is, from which unit on it is random, and at last the control."""
    short = {place.name: place.title for place in units_of(look.plan)}
    inner = [f"from {short.get(unit, unit)}" for unit in map(str, one.units[1:-1])]
    return ["as it is", *inner, "all random"]


def _said(look: Look, one: Randomized, tested: Tested, step: int) -> str:
    """What is left with the least that is random, and with everything."""
    named = look.config.data.info.classes[int(one.target)]
    first, last, limit = float(one.signed_rank[1]), float(one.signed_rank[-1]), chance_limit(one.maps[0].size)
    start = f"**{look.name}**, {tested.title(one)} for {named}: "
    if not np.isfinite(last):
        return (
            f"{start}with all weights random there is no rank correlation: a map is constant or not finite."
        )
    untrained = " Its own weights are untrained." if look.kept(step) == 0 else ""
    return (
        f"{start}rank correlation with the map as it is {in_words(first)} when {one.counts[1]} of "
        f"{one.counts[-1]} units are random, {in_words(last)} when all are{_falls(one)}: "
        f"{_verdict(last, limit)}.{untrained}"
    )


def _falls(one: Randomized) -> str:
    """At how many random units it first is below `HALF`, if it ever is."""
    low = np.flatnonzero(~(one.signed_rank >= HALF))
    if not len(low):
        return ""
    return f", below {HALF:g} for the first time at {one.counts[low[0]]}"


def _verdict(last: float, limit: float) -> str:
    if abs(last) <= limit:
        return "the map is lost, as it should be"
    if abs(last) < HALF:
        return "little of the map is left, though more than by chance alone"
    return "the map still resembles the first one"


def _beside(known: Sequence[tuple[Look, Randomized]], method: str) -> str:
    """How far chance alone reaches, the seed, and what the literature has found, in one line."""
    sizes = sorted({one.maps[0].size for _, one in known})
    chance = [
        f"Of {size} independent values, 95 % of rank correlations lie within ±{chance_limit(size):.2f}."
        for size in sizes
    ]
    seeds = sorted({int(one.seed) for _, one in known})
    drawn = [f"The random weights have the seed {' and '.join(map(str, seeds))}."] if seeds else []
    literature = [f"{LITERATURE[method]}."] if method in LITERATURE else []
    return " ".join([*chance, *drawn, *literature]) or "…"


def chance_limit(values: int) -> float:
    """Within which 95 % of rank correlations of that many independent values lie, about: 1.96 / √(n − 1)."""
    return 1.96 / np.sqrt(max(values - 1, 1))


def _numbers(known: Sequence[tuple[Look, Randomized]]) -> None:
    measures = ("signed_rank", "absolute_rank", "similarity", "probabilities")
    rows = [
        (look.name, int(one.counts[i]), str(one.units[i]),
         *(float(getattr(one, name)[i]) for name in measures), float(one.maps[i].max()))
        for look, one in known
        for i in range(len(one.counts))
    ]  # fmt: skip
    names = ("network", "random units", "from", "rank correlation, signed", "of sizes", "SSIM",
             "probability of the class", "largest value")  # fmt: skip
    numbers(as_columns(names, rows), key="randomized")
