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


def first_and_last(profile: Profile, values: np.ndarray, subject: str = "the gradient") -> str:
    """ "the gradient at the first layer (conv1) is 8.1 times that at the last before the classifier (…)." """
    places = ends(profile)
    first, last = (profile.layers[i] for i in places)
    return f"{subject} at the first layer ({first}) is {compared(*values[list(places)])} ({last})."


def compared(first: float, last: float) -> str:
    """What the first is in terms of the last, or each of them where there is no such factor."""
    where = "at the last before the classifier"
    if all(math.isfinite(value) and value for value in (first, last)):
        return f"{in_words(first / last)} times that {where}"
    return f"{in_words(first)}, and {in_words(last)} {where}"
