"""Class activation maps of any network, made up: the right units and shapes, and numbers easy to find."""

import numpy as np

from app.views.instruments.units import units_of
from resnet_core.cost import plan_of_run
from resnet_core.options import BLOCK_METHODS
from resnet_core.questions import Question
from resnet_core.saliency_findings import BlockMaps

SIDE = 16


def block_maps(question: Question, *, has_mask: bool = False) -> BlockMaps:
    """Map number i is -1 everywhere but for its left half, which is i + step / 100; method j adds j.

    The branch has a quarter of the sum and the shortcut the rest. The mask is the upper left quarter.
    """
    plan, data = plan_of_run(question.config), question.config.data
    both = [(p, u) for p, u in zip(units_of(plan), plan.units, strict=True) if len(u.outputs) == 3]
    maps = [_maps(i + question.step / 100, unit.outputs[1:]) for i, (_, unit) in enumerate(both)]
    nothing = np.float32(np.nan)
    mask = np.zeros((SIDE, SIDE) if has_mask else (0, 0), bool)
    mask[: SIDE // 2, : SIDE // 2] = True
    return BlockMaps(
        units=np.array([place.name for place, _ in both], str),
        stages=np.array([place.stage for place, _ in both], str),
        has_skip=np.array([place.has_skip for place, _ in both], bool),
        methods=np.array(BLOCK_METHODS),
        maps=tuple(maps),
        parts=tuple(
            np.stack([each[0] * share for share in (0.75, 0.25, 1)]) * (1 if place.has_skip else nothing)
            for each, (place, _) in zip(maps, both, strict=True)
        ),
        picture=np.full((data.info.channels, SIDE, SIDE), 128, np.uint8),
        mask=mask,
        label=np.int64(1),
        target=np.int64(2 if question.options.target is None else question.options.target),
        logits=np.arange(len(data.info.classes), dtype=np.float32),
    )


def _maps(largest: float, shape: tuple[int, int]) -> np.ndarray:
    maps = np.full((len(BLOCK_METHODS), *shape), -1, np.float32)
    maps[:, :, : max(shape[1] // 2, 1)] = largest + np.arange(len(BLOCK_METHODS))[:, None, None]
    return maps
