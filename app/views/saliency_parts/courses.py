"""One picture through training: what is asked at every kept step, and the maps that are found."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from app.views.instrument_page import Scene
from app.views.instruments.units import evenly
from app.views.looks import Look
from app.views.saliency_parts.cam_unit import unit_of
from app.views.saliency_parts.map_scale import MapScale
from app.views.saliency_parts.picture_choice import Explained
from app.views.saliency_parts.unit_maps import map_of
from resnet_core.saliency_findings import BlockMaps

MOST_STEPS = 42  # columns of the strip, in rows of 14
Found = Sequence[Mapping[int, BlockMaps]]  # by network and step


class Course(NamedTuple):
    """One network's maps: `maps` (h, w) by step, (0, 0) where one is not known."""

    look: Look
    unit: str
    target: int | None
    found: Mapping[int, BlockMaps]
    maps: Mapping[int, np.ndarray]
    ends: Mapping[int, float]  # of the colours


def steps_of(scene: Scene) -> list[int]:
    """Those of the columns, evenly chosen where there are very many, and always that of the scrubber."""
    steps = scene.all_steps()
    chosen = {steps[i] for i in evenly(len(steps), MOST_STEPS)}
    return sorted(chosen | {scene.step})


def targets_of(scene: Scene, explained: Explained) -> list[int | None]:
    """One class for all steps: the chosen one, the label, or what the network says at its last step.

    None while that is not known.
    """
    if explained.target is not None:
        return [explained.target] * len(scene.looks)
    asked = [look.question("block-maps", look.steps[-1], **explained.options) for look in scene.looks]
    said = scene.ask(asked)
    return [_target(one) for one in said]


def _target(found: BlockMaps | None) -> int | None:
    if found is None:
        return None
    return int(found.label) if found.label >= 0 else int(found.target)


def found_of(
    scene: Scene, explained: Explained, steps: Sequence[int], targets: Sequence[int | None]
) -> list[dict[int, BlockMaps]]:
    """By network and step. The scrubber's is asked first; all are kept, so that it plays from memory."""
    both = [(n, step) for step in dict.fromkeys([scene.step, *steps]) for n in range(len(scene.looks))]
    asked = {
        (n, step): scene.looks[n].question("block-maps", step, picture=explained.picture, target=targets[n])
        for n, step in both
        if targets[n] is not None
    }
    known = {
        at: one for at, one in zip(asked, scene.ask(list(asked.values())), strict=True) if one is not None
    }
    return [{step: one for (n, step), one in known.items() if n == number} for number in range(len(targets))]


def courses_of(
    scene: Scene, asked: tuple[str, str, MapScale], targets: Sequence[int | None], found: Found
) -> list[Course]:
    """`asked` is the unit that was chosen (empty: the usual one), the method and how maps are drawn."""
    unit, method, scale = asked
    units, steps = [unit_of(look, unit) for look in scene.looks], steps_of(scene)
    maps = [
        {step: map_of(each.get(step), name, method) for step in steps}
        for each, name in zip(found, units, strict=True)
    ]
    ends = iter(scale.ends([values for each in maps for values in each.values()]))
    return [
        Course(look, name, target, each, values, {step: next(ends) for step in steps})
        for look, name, target, each, values in zip(scene.looks, units, targets, found, maps, strict=True)
    ]
