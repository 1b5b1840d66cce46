"""Class activation maps of every unit of a network, and of the parts of every addition, at one picture.

U = units whose output has a place, M = methods, C = channels, h, w = height and width of an output.
A = shortcut + branch and one gradient at A: maps that are linear in A, such as Grad-CAM's, add up likewise.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.architecture.plan import Unit
from resnet_core.attribution import CAMS, Watched, placed_units, watched
from resnet_core.instruments.subject import Subject
from resnet_core.options import BLOCK_METHODS, ExplainedOptions
from resnet_core.saliency.explained import Explained, explained
from resnet_core.saliency_findings import BlockMaps

Parts = tuple[Tensor, Tensor]  # what shortcut and branch bring


def block_maps(subject: Subject, options: ExplainedOptions) -> BlockMaps:
    """Maps of every unit by every method, from one pass forward and one back.

    Units without a place, as of an MLP, are left out. Raises ValueError for a picture or class that is not
    there.
    """
    asked = explained(subject, options)
    plan, numbers = asked.network.plan, placed_units(asked.network)
    units = [plan.units[number] for number in numbers]
    outputs, merges = _watched(asked, numbers)
    return BlockMaps(
        units=np.array([plan.unit_names[number] for number in numbers], str),
        stages=np.array([unit.stage for unit in units], str),
        has_skip=np.array([unit.has_skip for unit in units], bool),
        methods=np.array(BLOCK_METHODS),
        maps=tuple(_numbers([CAMS[method](*found) for method in BLOCK_METHODS]) for found in outputs),
        parts=tuple(_part_maps(unit, merges.get(unit.name)) for unit in units),
        **asked.facts,
    )


def _watched(asked: Explained, numbers: Sequence[int]) -> tuple[list[Watched], dict[str, tuple]]:
    """Of the units with these numbers; and by unit what each merge puts out and its parts."""
    network = asked.network
    units = [network.plan.units[number] for number in numbers]
    merges = {unit.name: network.get_submodule(unit.merge_name) for unit in units if unit.has_skip}
    layers = [network.units[number] for number in numbers]
    with _parts_of(merges.values()) as parts:
        found = watched(network, [*layers, *merges.values()], asked.images, asked.targets)
    behind = zip(merges, found[len(layers) :], parts, strict=True)
    return found[: len(layers)], {name: (merged, both) for name, merged, both in behind}


@contextmanager
def _parts_of(merges: Sequence[nn.Module]) -> Iterator[list[Parts]]:
    """What shortcut and branch bring to `merges`, each of which takes part once, in their order."""
    parts: list[Parts] = []

    def keep(merge: nn.Module, paths: tuple[Tensor, ...]) -> None:
        parts.append(tuple(part.detach() for part in merge.parts(*paths)))

    handles = [merge.register_forward_pre_hook(keep) for merge in merges]
    try:
        yield parts
    finally:
        for handle in handles:
            handle.remove()


def _part_maps(unit: Unit, found: tuple[Watched, Parts] | None) -> np.ndarray:
    if found is None:
        return np.full((3, *unit.outputs[1:]), np.nan, np.float32)
    (merged, gradient), (shortcut, branch) = found
    at_shortcut = at_branch = gradient
    if unit.merge == "concatenate":
        at_shortcut, at_branch = gradient[:, : shortcut.shape[1]], gradient[:, shortcut.shape[1] :]
    pairs = ((shortcut, at_shortcut), (branch, at_branch), (merged, gradient))
    return _numbers([CAMS["grad-cam"](values, slopes) for values, slopes in pairs])


def _numbers(maps: Sequence[Tensor]) -> np.ndarray:
    return torch.cat(tuple(maps)).cpu().numpy()  # (1, h, w) each
