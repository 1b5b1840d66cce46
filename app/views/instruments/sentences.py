"""Sentences about what was measured."""

import math

import numpy as np

from app.figures.words import in_words
from resnet_core.findings import Profile

BESIDE = ("projection", "gate", "parallel")  # kinds of layers that are not on the main path


def ends(profile: Profile) -> tuple[int, int]:
    """The first and the last layer on the main path, the classifier not counted, as indices of the layers."""
    is_main = ~np.isin(profile.kinds, BESIDE)
    main = np.flatnonzero(is_main)[np.argsort(profile.depths[is_main], kind="stable")]
    return int(main[0]), int(main[-2] if len(main) > 1 else main[-1])


def first_and_last(profile: Profile, values: np.ndarray, subject: str = "gradient") -> str:
    """ "gradient at the first layer (conv1): 8.1 times that at the last (layer3.8.conv2)." """
    places = ends(profile)
    first, last = values[list(places)]
    names = [f"({profile.layers[place]})" for place in places]
    if all(math.isfinite(value) and value for value in (first, last)):
        found = f"{in_words(first / last)} times that at the last {names[1]}."
    else:
        found = f"{in_words(first)}; at the last {names[1]}: {in_words(last)}."
    return f"{subject} at the first layer {names[0]}: {found}"
