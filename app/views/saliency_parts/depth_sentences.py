"""What maps of units come to, by depth and over training, in sentences computed from their numbers."""

from collections.abc import Sequence

import numpy as np

from app.figures.words import in_words
from app.views.looks import Look
from app.views.saliency_parts.courses import Course
from app.views.saliency_parts.map_scale import MapScale
from app.views.saliency_parts.unit_maps import share_on, sum_error
from resnet_core.saliency_findings import BlockMaps

Named = tuple[Sequence[Sequence[str]], Sequence[Sequence[np.ndarray]]]  # units and maps, a list a network


def sentences(
    looks: Sequence[Look], found: Sequence[BlockMaps | None], shown: Named, scale: MapScale, of: str
) -> str:
    """As Markdown, a line a network and one about the colours: of the maps that are shown."""
    known = [
        (look, one, names, maps)
        for look, one, names, maps in zip(looks, found, *shown, strict=True)
        if one is not None and names
    ]
    names = [f"{look.name}'s {name}" for look, _, units, _ in known for name in units]
    lines = [_of_network(*each, of) for each in known]
    lines.append(scale.faintest(names, [values for *_, maps in known for values in maps]))
    lacking = "unit with feature maps that have a place" if of == "output" else "unit with a shortcut"
    lines += [
        f"**{k.name}** has no {lacking}." for k, units in zip(looks, shown[0], strict=True) if not units
    ]
    return "  \n".join(filter(None, lines)) or "The maps are being computed."


def course_said(course: Course) -> str:
    """How the maps of one network change over its steps."""
    tops = {step: _top(values) for step, values in course.maps.items() if values.size}
    name = f"**{course.look.name}**, {course.unit}:"
    if not tops:
        return f"{name} the maps are being computed."
    first, last, best = min(tops), max(tops), max(tops, key=tops.get)
    without = sum(not top > 0 for top in tops.values())
    said = [
        f"{name} the largest value is {_evidence(tops[first])} at step {first:,}, "
        f"{_evidence(tops[last])} at step {last:,}; the largest of all steps is {_evidence(tops[best])}, at "
        f"step {best:,}.",
        f"{without} of {len(tops)} steps have no positive evidence." if without else "",
        _on_the_thing_over_time(course),
    ]
    return " ".join(filter(None, said))


def _on_the_thing_over_time(course: Course) -> str:
    shares = {step: share_on(course.maps[step], one.mask) for step, one in course.found.items()}
    there = sorted(step for step, share in shares.items() if np.isfinite(share))
    if not there:
        return ""
    first, last = there[0], there[-1]
    covered = course.found[first].mask.mean()
    return (
        f"The thing covers {covered:.0%} of the picture and has {shares[first]:.0%} of the positive evidence "
        f"at step {first:,}, {shares[last]:.0%} at step {last:,}."
    )


def _top(values: np.ndarray) -> float:
    return float(values[np.isfinite(values)].max(initial=-np.inf))


def _evidence(top: float) -> str:
    return in_words(top, 3) if np.isfinite(top) else "not finite"


def _of_network(
    look: Look, found: BlockMaps, names: Sequence[str], maps: Sequence[np.ndarray], of: str
) -> str:
    said = [_largest(names, maps), _on_the_thing(names, maps, found.mask)]
    if of != "output":
        said.append(_adding_up(found))
    return f"**{look.name}**: {' '.join(filter(None, said))}"


def _largest(names: Sequence[str], maps: Sequence[np.ndarray]) -> str:
    tops = np.array([_top(values) for values in maps])
    best, without = int(np.argmax(tops)), int(np.count_nonzero(~(tops > 0)))
    lacking = f"; {without} of {len(maps)} maps have no positive evidence" if without else ""
    if tops[best] <= 0:
        return "no map shown has positive evidence."
    return f"the largest value is {in_words(tops[best], 3)}, at {names[best]}{lacking}."


def _on_the_thing(names: Sequence[str], maps: Sequence[np.ndarray], mask: np.ndarray) -> str:
    shares = np.array([share_on(values, mask) for values in maps])
    if not np.isfinite(shares).any():
        return ""
    best = int(np.nanargmax(shares))
    return (
        f"The thing covers {mask.mean():.0%} of the picture; {names[best]} has the largest share of its "
        f"positive evidence there, {shares[best]:.0%}."
    )


def _adding_up(found: BlockMaps) -> str:
    error, most = sum_error(found)
    return (
        f"Shortcut + branch = sum, before the ReLU: at most {in_words(error)} apart, where the sum reaches "
        f"{in_words(most)}."
    )
