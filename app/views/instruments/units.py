"""The units of a network as the instruments name them, known before anything is measured."""

from itertools import accumulate
from typing import NamedTuple

from resnet_core.architecture import Plan


class UnitPlace(NamedTuple):
    """`depth` is that of the last layer, 1 is next to the picture. `title` is what a reader calls it."""

    name: str
    title: str
    stage: str
    depth: int
    has_skip: bool


def units_of(plan: Plan) -> list[UnitPlace]:
    """A unit whose modules belong to the network itself has the name of its first operation."""
    depths = accumulate(unit.depth for unit in plan.units)
    return [
        UnitPlace(
            unit.name or next(iter(unit.ops)).name, unit.name or unit.stage, unit.stage, depth, unit.has_skip
        )
        for unit, depth in zip(plan.units, depths, strict=True)
    ]


def stage_ends(places: list[UnitPlace]) -> list[int]:
    """The last unit of each stage."""
    stages = [place.stage for place in places]
    return [i for i, stage in enumerate(stages) if i + 1 == len(stages) or stages[i + 1] != stage]


def evenly(count: int, most: int) -> list[int]:
    """At most `most` of `count` places, evenly spread, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]
