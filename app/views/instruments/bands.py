"""The block that was chosen on the Architecture page, as a band of depths."""

from collections.abc import Sequence

from app.diagram.drawing import block_names
from app.figures.depth import Band
from app.views.looks import Look


def block_bands(looks: Sequence[Look], block: str) -> list[Band]:
    """The layers of `block` in the first network that has it; none where no network has."""
    for look in looks:
        first = 1
        for name, unit in block_names(look.plan).items():
            if name == block:
                return [Band(block, first, first + max(unit.depth - 1, 0))]
            first += unit.depth
    return []
