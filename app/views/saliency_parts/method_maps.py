"""The maps of one picture by all methods, as they become known.

Class activation maps come with one answer. Each other method is a question of its own, the dear ones last.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from app.views.instrument_page import Scene
from app.views.looks import Look
from app.views.saliency_parts.cam_unit import unit_of
from app.views.saliency_parts.picture_choice import Explained
from resnet_core.options import BLOCK_METHODS, PIXEL_METHODS
from resnet_core.questions import Question
from resnet_core.saliency_findings import BlockMaps, PixelMap

CHEAP = ("saliency", "guided-backprop", "guided-grad-cam", "deep-lift")
DEAR = tuple(method for method in PIXEL_METHODS if method not in CHEAP)
NONE = np.empty((0, 0))


class MethodMaps(NamedTuple):
    """One network: its unit, maps by method, what is found and why a method has none."""

    look: Look
    unit: str
    blocks: BlockMaps | None
    pixels: Mapping[str, PixelMap]
    problems: Mapping[str, str]

    def map_of(self, method: str) -> np.ndarray:
        """At its own resolution; (0, 0) while it is not known, or where there is none."""
        if method in self.pixels:
            return self.pixels[method].map
        if method not in BLOCK_METHODS or self.blocks is None or not self.unit:
            return NONE
        at, row = list(self.blocks.units).index(self.unit), list(self.blocks.methods).index(method)
        return self.blocks.maps[at][row]

    @property
    def any(self) -> BlockMaps | PixelMap | None:
        """Whatever knows the picture."""
        return self.blocks or next(iter(self.pixels.values()), None)


def ask(scene: Scene, explained: Explained, unit: str) -> list[MethodMaps]:
    """Dear methods are asked when nothing else is waited for: who scrubs does not wait for theirs."""
    blocks = [look.question("block-maps", scene.step, **explained.options) for look in scene.looks]
    cheap, dear = _questions(scene, explained, CHEAP), _questions(scene, explained, DEAR)
    found = scene.ask([*blocks, *cheap.values()])
    pixels = dict(zip(cheap, found[len(blocks) :], strict=True))
    if not scene.ask.is_waiting:
        pixels |= zip(dear, scene.ask(list(dear.values())), strict=True)
    problems = {at: scene.ask.problem_of(question) for at, question in (cheap | dear).items()}
    return [
        MethodMaps(look, unit_of(look, unit), found[number], _of(pixels, number), _of(problems, number))
        for number, look in enumerate(scene.looks)
    ]


def _questions(scene: Scene, explained: Explained, methods: Sequence[str]) -> dict[tuple[int, str], Question]:
    """By network and method, in the order in which they are asked."""
    return {
        (number, method): look.question("pixel-map", scene.step, method=method, **explained.options)
        for method in methods
        for number, look in enumerate(scene.looks)
    }


def _of(pairs: Mapping[tuple[int, str], Any], number: int) -> dict[str, Any]:
    """What there is of one network, by method."""
    return {method: found for (at, method), found in pairs.items() if at == number and found}
