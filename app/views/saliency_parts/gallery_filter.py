"""Which pictures of a gallery are shown: by who is right, and by their class. N = pictures."""

from collections.abc import Mapping, Sequence

import numpy as np

from resnet_core.saliency_findings import Gallery

ALL = "all"


def verdicts(found: Sequence[Gallery]) -> np.ndarray:
    """(networks, N) bool: whether each is right about each picture."""
    return np.array([gallery.predicted == gallery.labels for gallery in found])


def filters(names: Sequence[str]) -> Mapping[str, str]:
    """By what can be chosen, in words; a key says for each network "1" right or "0" wrong, or is `ALL`."""
    if len(names) == 1:
        return {ALL: "right and wrong", "1": "right", "0": "wrong"}
    first, second = names
    return {
        ALL: "whoever is right",
        "01": f"{first} wrong, {second} right",
        "10": f"{first} right, {second} wrong",
        "11": "both right",
        "00": "both wrong",
    }


def those(found: Sequence[Gallery], who: str, label: int | None = None) -> np.ndarray:
    """Places of the pictures that are shown, in the order of the set."""
    chosen = np.ones(len(found[0].labels), bool)
    if who != ALL:
        wanted = np.array([each == "1" for each in who])
        chosen = (verdicts(found) == wanted[:, None]).all(0)
    if label is not None:
        chosen &= found[0].labels == label
    return np.flatnonzero(chosen)
