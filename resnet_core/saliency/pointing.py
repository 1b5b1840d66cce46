"""The pointing game on drawn pictures, whose masks are known: does a map's highest point lie on the thing?

B = pictures, C = channels, S = side, U = units whose output has a place.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.attribution import CAMS, method_map, placed_units, upsampled, watched
from resnet_core.data.sets import drawn_pictures
from resnet_core.instruments.settled import settled
from resnet_core.instruments.subject import Subject
from resnet_core.options import BLOCK_METHODS
from resnet_core.saliency.pointing_scores import (
    Row,
    Scores,
    columns_of,
    control_rows,
    joined,
    outlined,
    row_of,
    scores,
)
from resnet_core.saliency_findings import PointingGame

AT_ONCE = 50  # pictures in one pass
OTHERS = (  # methods cheap enough for hundreds of pictures
    "saliency", "smooth-grad", "integrated-gradients", "guided-backprop", "guided-grad-cam", "deep-lift",
    "occlusion",
)  # fmt: skip

Player = tuple[str, int | None]  # a method, and the number in the plan of the unit that it looks at
Played = dict[Player, Scores]
Report = Callable[[float], None]


class Drawn(NamedTuple):
    """Pictures that the game is played on."""

    images: Tensor  # (B, C, S, S), normalised
    labels: Tensor  # (B,)
    masks: Tensor  # (B, S, S) bool
    outlines: Tensor  # (B, S, S) bool

    def passes(self) -> Iterator["Drawn"]:
        """In parts that fit into one pass."""
        return map(Drawn, *(part.split(AT_ONCE) for part in self))


def pointing_game(
    subject: Subject, pictures: int = 200, chosen_on: int = 100, report: Report = lambda share: None
) -> PointingGame:
    """Each method's hits on the first `pictures` test pictures, the true class being explained.

    A class activation map is that of the unit with the most hits of its method on the first `chosen_on`
    training pictures, the last of equal ones; guided Grad-CAM looks at the unit of Grad-CAM. Methods that the
    network does not allow are left out. Maps are upsampled bilinearly before `pointing_scores.scores` judges
    them. Raises ValueError for a set without masks.
    """
    info = subject.config.data.info
    if not info.is_drawn:
        raise ValueError(f"dataset: the pointing game needs masks; {info.title} has none, shapes has")
    network, game = settled(subject.network, subject.batch[0]), drawn_game(subject, pictures)
    chosen = best_units(network, drawn_game(subject, chosen_on, is_training=True))
    everywhere = [("grad-cam", unit) for unit in placed_units(network)]
    cams = cam_scores(network, game, [*chosen.items(), *everywhere])
    report(0.2)
    others = other_scores(network, game, chosen.get("grad-cam"), lambda share: report(0.2 + 0.8 * share))
    names = network.plan.unit_names
    played = {player: cams[player] for player in chosen.items()} | others
    rows = [row_of(method, "" if at is None else names[at], found) for (method, at), found in played.items()]
    return PointingGame(
        **columns_of([*rows, *control_rows(game.masks, game.outlines)]),
        **_by_unit([row_of(method, names[unit], cams[method, unit]) for method, unit in everywhere]),
        chosen_on=np.int64(chosen_on),
        pictures=np.int64(pictures),
        accuracy=_accuracy(network, game),
        mask_share=game.masks.double().mean().cpu().numpy(),
    )


def best_units(network: nn.Module, pictures: Drawn, methods: Iterable[str] = BLOCK_METHODS) -> dict[str, int]:
    """For each class activation map the unit with most hits on `pictures`, the last of equal ones."""
    units = placed_units(network)
    found = cam_scores(network, pictures, [(method, unit) for method in methods for unit in units])
    hits = {player: scored.is_hit.sum() for player, scored in found.items()}
    return {method: max(units, key=lambda unit: (hits[method, unit], unit)) for method in methods if units}


def cam_scores(network: nn.Module, pictures: Drawn, players: Iterable[Player]) -> Played:
    """Scores of class activation maps, one pass forward and one back for all of them."""
    found: dict[Player, list[Scores]] = {player: [] for player in players}
    units = sorted({unit for _, unit in found})
    layers = [network.units[unit] for unit in units]
    for images, labels, *truth in pictures.passes() if units else ():
        seen = dict(zip(units, watched(network, layers, images, labels), strict=True))
        for method, unit in found:
            found[method, unit].append(scores(upsampled(CAMS[method](*seen[unit]), images), *truth))
    return {player: joined(parts) for player, parts in found.items()}


def other_scores(network: nn.Module, pictures: Drawn, unit: int | None, report: Report) -> Played:
    """Scores of the methods `OTHERS` that the network allows; guided Grad-CAM looks at `unit`."""
    found: Played = {}
    for done, method in enumerate(OTHERS, 1):
        looks_at = unit if method == "guided-grad-cam" else None
        if method != "guided-grad-cam" or unit is not None:
            with suppress(ValueError):  # such as no ReLU to guide through
                found[method, looks_at] = _scores(network, pictures, method, looks_at)
        report(done / len(OTHERS))
    return found


def _scores(network: nn.Module, pictures: Drawn, method: str, unit: int | None) -> Scores:
    layer = None if unit is None else network.units[unit]
    passes = pictures.passes()
    return joined([scores(method_map(network, layer, method, *part[:2]), *part[2:]) for part in passes])


def drawn_game(subject: Subject, count: int, is_training: bool = False) -> Drawn:
    """The first pictures of the test part of a drawn set, or of its training part."""
    parts = drawn_pictures(np.arange(count), subject.config.data, is_training)
    device = subject.images.test_images.device
    pixels, labels, masks = (torch.from_numpy(part).to(device) for part in parts)
    return Drawn(subject.images.normalize(pixels), labels, masks, outlined(masks))


def _by_unit(rows: list[Row]) -> dict[str, np.ndarray]:
    return {
        "units": np.array([row.unit_of for row in rows], dtype=str),
        "unit_rates": np.array([row.rates for row in rows]),
        "unit_lows": np.array([row.lows for row in rows]),
        "unit_highs": np.array([row.highs for row in rows]),
        "unit_outline_rates": np.array([row.outline_rates for row in rows]),
    }


@torch.no_grad()
def _accuracy(network: nn.Module, pictures: Drawn) -> np.float64:
    right = [network(images).argmax(1) == labels for images, labels, *_ in pictures.passes()]
    return np.float64(torch.cat(right).double().mean().item())
