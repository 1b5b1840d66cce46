"""The units of a network as the instruments name them, known before anything is measured."""

from itertools import accumulate
from typing import NamedTuple

from app.diagram.drawing import block_names
from resnet_core.architecture import Plan


class UnitPlace(NamedTuple):
    """One unit; `depth` is that of its last layer, and 1 is next to the picture."""

    name: str  # as instruments have it
    block: str  # as it is chosen on a drawing, such as layer1.0 or stem
    stage: str
    depth: int
    has_skip: bool

    @property
    def title(self) -> str:
        """What a row is called, where there is little room: denseblock1.12."""
        return self.block.removeprefix("features.").replace("denselayer", "")


def units_of(plan: Plan) -> list[UnitPlace]:
    """A unit whose modules belong to the network itself has the name of its first operation."""
    depths = accumulate(unit.depth for unit in plan.units)
    return [
        UnitPlace(unit.name or next(iter(unit.ops)).name, block, unit.stage, depth, unit.has_skip)
        for (block, unit), depth in zip(block_names(plan).items(), depths, strict=True)
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
