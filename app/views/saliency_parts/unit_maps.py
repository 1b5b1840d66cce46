"""Maps of the units of a network as they were found: by unit, by method, of the output or of a part of a sum.

h, w = height and width of a map, S = side of the picture.
"""

import numpy as np
from PIL import Image

from app.views.instruments.units import UnitPlace, units_of
from app.views.looks import Look
from resnet_core.saliency_findings import BlockMaps

OF = {"output": "Output", "sum": "Sum", "shortcut": "Shortcut", "branch": "Branch"}
PARTS = ("shortcut", "branch", "sum")  # in the order of `BlockMaps.parts`
NONE = np.empty((0, 0))


def placed_units(look: Look, of: str = "output") -> list[UnitPlace]:
    """Units with feature maps that have a place; for a part of a sum, those that have a skip.

    Known before anything is measured, so that nothing moves when it is.
    """
    both = zip(units_of(look.plan), look.plan.units, strict=True)
    return [
        place
        for place, unit in both
        if len(unit.outputs) == 3 and (of == "output" or place.has_skip)
    ]  # fmt: skip


def map_of(found: BlockMaps | None, unit: str, method: str, of: str = "output") -> np.ndarray:
    """(h, w) of a unit by the name that instruments have; (0, 0) where it is not known, or there is none."""
    if found is None or unit not in found.units:
        return NONE
    at = list(found.units).index(unit)
    if of != "output":
        return found.parts[at][PARTS.index(of)] if found.has_skip[at] else NONE
    return found.maps[at][list(found.methods).index(method)]


def sum_error(found: BlockMaps) -> tuple[float, float]:
    """How far shortcut + branch is at most from the sum, of all units with a skip, and the largest sum."""
    parts = [part for part, has_skip in zip(found.parts, found.has_skip, strict=True) if has_skip]
    errors = [np.abs(part[0] + part[1] - part[2]).max() for part in parts]
    return max(map(float, errors), default=0.0), max((float(np.abs(p[2]).max()) for p in parts), default=0.0)


def share_on(values: np.ndarray, mask: np.ndarray) -> float:
    """The share of the positive evidence of a map that lies on the `mask` (S, S), the map smoothly enlarged.

    NaN where there is no positive evidence, no mask, or a value that is not finite.
    """
    if not mask.size or not values.size or not np.isfinite(values).all():
        return np.nan
    positive = Image.fromarray(np.maximum(values, 0).astype(np.float32))
    large = np.asarray(positive.resize(mask.shape[::-1], Image.BILINEAR), np.float64)
    return float(large[mask].sum() / large.sum()) if large.sum() else np.nan
