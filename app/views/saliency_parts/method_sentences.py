"""What is said of one picture's maps by all methods, in sentences and as a table."""

from collections.abc import Sequence

import numpy as np

from app.figures.words import in_words
from app.views.instruments.numbers import as_columns, numbers
from app.views.saliency_parts.map_scale import MapScale
from app.views.saliency_parts.method_maps import MethodMaps
from app.views.saliency_parts.method_names import NAMES, UNITS
from resnet_core.options import METHODS


def sentences(networks: Sequence[MethodMaps], scale: MapScale) -> list[str]:
    """Where highest points lie, what integrated gradients add up to, and whose Grad-CAM is faint."""
    said = [sentence for network in networks for sentence in _of_network(network)]
    names = [network.look.name for network in networks]
    faint = scale.faintest(names, [network.map_of("grad-cam") for network in networks])
    return [f"Grad-CAM: {faint}", *said] if faint else said


def _of_network(network: MethodMaps) -> list[str]:
    said = []
    name, whole = network.look.name, network.pixels.get("integrated-gradients")
    on, known = _on_the_thing(network)
    if known:
        said.append(f"**{name}**: the highest points of {on} of {known} maps lie on the thing.")
    if whole is not None:
        total, delta = float(whole.map.sum()), float(whole.delta)
        said.append(
            f"**{name}**: integrated gradients add up to {in_words(total, 4)}; the logit is "
            f"{in_words(total - delta, 4)} above that of the mean colour. The convergence delta, between the "
            f"two, is {in_words(delta)}."
        )
    return said


def _on_the_thing(network: MethodMaps) -> tuple[int, int]:
    """Of how many maps the highest point lies on the mask, where one is known; of how many maps."""
    maps = [network.map_of(method) for method in METHODS]
    maps = [values for values in maps if values.size and np.isfinite(values).all()]
    mask = np.empty((0, 0)) if network.any is None else network.any.mask
    if not mask.size:
        return 0, 0
    return sum(_hits(values, mask) for values in maps), len(maps)


def _hits(values: np.ndarray, mask: np.ndarray) -> bool:
    """By the middle of the highest place; a map that is nowhere positive points nowhere."""
    place = np.unravel_index(np.argmax(values), values.shape)
    row, column = (
        int((at + 0.5) * side / count)
        for at, side, count in zip(place, mask.shape, values.shape, strict=True)
    )
    return bool(values.max() > 0 and mask[row, column])


def summary(values: np.ndarray) -> str:
    """The ends of a map, how much of it is positive, and what it adds up to."""
    if not values.size:
        return "…"
    low, high, total = float(values.min()), float(values.max()), float(values.sum())
    return (
        f"{in_words(low)} to {in_words(high)}, {np.mean(values > 0):.0%} of the places above 0, "
        f"in all {in_words(total)}."
    )


def table(networks: Sequence[MethodMaps]) -> None:
    """Draws a row a map."""
    rows = []
    for network in networks:
        for method in METHODS:
            values = network.map_of(method)
            finding = network.pixels.get(method)
            if not values.size:
                continue
            unit = str(finding.unit) if finding is not None else network.unit
            delta = float(finding.delta) if finding is not None else np.nan
            rows.append(
                (network.look.name, NAMES[method], unit, f"{values.shape[0]} × {values.shape[1]}",
                 float(values.max()), float(values.min()), float(values.sum()), delta, UNITS[method])
            )  # fmt: skip
    names = ("network", "method", "unit", "places", "largest", "smallest", "sum", "convergence delta",
             "in units of")  # fmt: skip
    numbers(as_columns(names, rows), key="methods")
