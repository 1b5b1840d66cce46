"""The pointing game: how often each method's highest point lies on the shape, where masks are known."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import state
from app.figures.pointing import Depths, Game, Rates, UnitRates, by_unit, pointing
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.numbers import as_columns
from app.views.instruments.units import units_of
from app.views.looks import Look
from app.views.saliency_parts.method_names import NAMES
from resnet_core.options import METHODS
from resnet_core.saliency_findings import PointingGame

DATASET = "shapes"
CONTROLS = ("random pixel", "centre")
PLAYED = tuple(method for method in METHODS if method not in ("feature-ablation", "score-cam"))
TABLE = 420  # px, with rows or without
Known = Sequence[tuple[Look, PointingGame]]


def draw(scene: Scene) -> None:
    looks = [look for look in scene.looks if look.config.data.info.is_drawn]
    if len(looks) < len(scene.looks):
        _without_masks([look for look in scene.looks if look not in looks])
    if not looks:
        return
    found = scene.ask([look.question("pointing-game", scene.step) for look in looks])
    known = [(look, one) for look, one in zip(looks, found, strict=True) if one is not None]
    said = [
        f"**{look.name}**: …" if one is None else f"{_said(look, one)}{_untrained(look, one, scene.step)}"
        for look, one in zip(looks, found, strict=True)
    ]
    said += told_apart(known) or [" "]
    st.markdown("  \n".join(said))
    scene.ask.about = _played(known, scene.step)
    arms, alt = [look.arm for look in looks], " ".join(said).replace("**", "")
    game = Game(arms, [NAMES[method] for method in PLAYED], CONTROLS)
    chart(pointing([_rates(*k) for k in known], game, palette(), type_scale()), key="pointing", alt=alt)
    units = [_unit_rates(*k) for k in known]
    deepest = max(units_of(look.plan)[-1].depth for look in looks)
    figure = by_unit(units, Depths(arms, deepest, _chance(known)), palette(), type_scale())
    chart(figure, key="pointing by unit", alt=_by_unit_said(known))
    _numbers(known)


def _without_masks(looks: Sequence[Look]) -> None:
    """How to get networks that can play."""
    names = " and ".join(look.name for look in looks)
    sees = "sees" if len(looks) == 1 else "see"
    words, button = st.columns([5, 1.6], vertical_alignment="center")
    words.info(
        f"{names} {sees} {looks[0].config.data.info.title}, where nobody has noted which pixels belong "
        "to the thing. Train on the set of shapes, which are drawn with a mask each, and choose those runs.",
        icon=":material/info:",
    )
    if button.button("Race on shapes", icon=":material/conversion_path:", width="stretch"):
        state.change({"dataset": DATASET})
        st.switch_page("views/race.py")


def _played(known: Known, step: int) -> str:
    """On which pictures, with which weights; nothing before anything is known."""
    if not known:
        return ""
    one, networks = known[0][1], []
    for look, each in known:
        weights = f"after {look.kept(step)} updates" if look.kept(step) else "initial values"
        networks.append(f"{look.name}: {weights}, seed {look.config.seed}, {float(each.accuracy):.1%} right")
    return (
        f"{int(one.pictures)} test pictures; units chosen on {int(one.chosen_on)} training pictures; BN held "
        f"at the next batch. {'; '.join(networks)}."
    )


def _said(look: Look, one: PointingGame) -> str:
    """Grad-CAM's rate beside the controls, and the best."""
    at, best = _index(one, "grad-cam"), _best(one)
    if at is None:
        return f"**{look.name}**: no unit of it has maps with a place."
    words = f"**{look.name}**: Grad-CAM at {one.unit_of[at]} points at the shape in {_rate(one, at)} of "
    words += f"{int(one.pictures)} pictures, into its outline in {one.outline_rates[at]:.0%}"
    controls = [(name, _index(one, name)) for name in CONTROLS]
    beside = ", ".join(f"{_named(name)} in {one.rates[i]:.0%}" for name, i in controls if i is not None)
    words += f"; {beside}."
    if best == at:
        return f"{words} No method points better."
    verdict = "cannot be told apart from it" if _overlap(one, at, one, best) else "points better"
    return f"{words} {_title(one, best)}, the highest with {_rate(one, best)}, {verdict}."


def _untrained(look: Look, one: PointingGame, step: int) -> str:
    """Where initial weights, which know no class, point better than chance, and what the last stage does."""
    if look.kept(step) or not len(one.units):
        return ""
    chance = float(one.rates[_index(one, CONTROLS[0])])
    is_better, best = one.unit_lows > chance, int(np.argmax(np.nan_to_num(one.unit_rates)))
    stages = dict(zip(look.plan.unit_names, (unit.stage for unit in look.plan.units), strict=True))
    is_last = np.array([stages[name] == stages[str(one.units[-1])] for name in map(str, one.units)])
    if not is_better.any():
        return " Its weights are initial ones: at no unit does Grad-CAM point better than a random pixel."
    rates, last = one.unit_rates[is_last], int(is_better[is_last].sum())
    within = f"{rates.min():.0%}" + (f" to {rates.max():.0%}" if len(rates) > 1 else "")
    return (
        " Its weights are initial ones and know no class: a map that points better than a random pixel "
        f"points at what stands out. Grad-CAM does so at {is_better.sum()} of {len(one.units)} units, "
        f"most often at {one.units[best]} ({one.unit_rates[best]:.0%}); in the last stage ({within}) at "
        f"{f'{last} of {len(rates)}' if last else 'none'}."
    )


def told_apart(known: Known) -> list[str]:
    """Whether Grad-CAM points better in one network than in the other."""
    both = [(look, one, _index(one, "grad-cam")) for look, one in known]
    if len(both) < 2 or any(at is None for _, _, at in both):
        return []
    (first, one, i), (second, other, j) = both
    if _overlap(one, i, other, j):
        return ["By Grad-CAM the two networks cannot be told apart: the intervals overlap."]
    better = first if one.rates[i] > other.rates[j] else second
    return [f"Grad-CAM points better in {better.name}: the intervals do not overlap."]


def _index(one: PointingGame, method: str) -> int | None:
    where = np.flatnonzero(one.methods == method)
    return int(where[0]) if len(where) else None


def _best(one: PointingGame) -> int:
    """The method with the highest rate, controls aside."""
    plays = [i for i, method in enumerate(map(str, one.methods)) if method not in CONTROLS]
    return max(plays, key=lambda i: np.nan_to_num(one.rates[i], nan=-1.0))


def _rate(one: PointingGame, at: int) -> str:
    return f"{one.rates[at]:.0%} (95 % interval {one.lows[at]:.0%} to {one.highs[at]:.0%})"


def _overlap(one: PointingGame, at: int, other: PointingGame, there: int) -> bool:
    return bool(one.lows[at] <= other.highs[there] and other.lows[there] <= one.highs[at])


def _name(one: PointingGame, at: int) -> str:
    return NAMES.get(str(one.methods[at]), str(one.methods[at]))


def _title(one: PointingGame, at: int) -> str:
    unit = str(one.unit_of[at])
    return _name(one, at) + (f" at {unit}" if unit else "")


def _named(control: str) -> str:
    return {"random pixel": "a random pixel lies on it", "centre": "the centre"}[control]


def _rates(look: Look, one: PointingGame) -> Rates:
    names = [_name(one, i) for i in range(len(one.methods))]
    return Rates(look.arm, names, one.rates, one.lows, one.highs, one.overlaps, one.overlap_errors)


def _unit_rates(look: Look, one: PointingGame) -> UnitRates:
    places = {place.name: place for place in units_of(look.plan)}
    names = list(map(str, one.units))
    depths = np.array([places[name].depth for name in names], dtype=float)
    rates = (one.unit_rates, one.unit_lows, one.unit_highs, one.unit_outline_rates)
    return UnitRates(look.arm, names, depths, *rates)


def _chance(known: Known) -> float:
    """The rate of a random pixel: the networks see the same pictures, if they have the same seed."""
    at = _index(known[0][1], CONTROLS[0]) if known else None
    return np.nan if at is None else float(known[0][1].rates[at])


def _by_unit_said(known: Known) -> str:
    said = [
        f"{look.name}: {', '.join(_at_unit(one, place) for place in (0, -1))}"
        for look, one in known
        if len(one.units)
    ]
    return f"Grad-CAM's rate of hits at every unit. {'; '.join(said)}"


def _at_unit(one: PointingGame, place: int) -> str:
    rates = f"{one.unit_rates[place]:.0%} ({one.unit_outline_rates[place]:.0%} in the outline)"
    return f"{rates} at {one.units[place]}"


def _numbers(known: Known) -> None:
    """On the page, not folded: what was found is these numbers."""
    fields = (
        "hits",
        "rates",
        "lows",
        "highs",
        "outline_rates",
        "overlaps",
        "overlap_errors",
        "without_evidence",
    )
    rows = [
        (
            look.name,
            _name(one, i),
            str(one.unit_of[i]),
            int(one.pictures),
            *(float(getattr(one, field)[i]) for field in fields),
        )
        for look, one in known
        for i in range(len(one.methods))
    ]
    names = ("network", "method", "unit", "pictures", "hits", "rate", "low, 95 %", "high, 95 %",
             "in the outline", "overlap", "standard error", "without evidence")  # fmt: skip
    st.dataframe(
        as_columns(names, rows), hide_index=True, width="stretch", height=TABLE, key="pointing table"
    )
