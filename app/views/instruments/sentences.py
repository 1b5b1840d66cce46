"""Numbers as words of a sentence: what is exactly 0, infinite or no number is called so."""

import math

import numpy as np

from resnet_core.findings import Profile

BESIDE = ("projection", "gate", "parallel")  # kinds of layers that are not on the main path
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def in_words(value: float, digits: int = 2) -> str:
    """0.92, 2,700 or 3.1 · 10⁻⁸; 0, infinity and NaN as words."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite"
    if value == 0:
        return "exactly 0"
    exponent = math.floor(math.log10(abs(value)))
    if -4 < exponent < 5:
        rounded = round(value, digits - 1 - exponent)
        return f"{rounded:,.{max(digits - 1 - exponent, 0)}f}".replace("-", "−")
    factor, _, power = f"{value:.{digits - 1}e}".partition("e")
    return f"{factor} · 10{str(int(power)).translate(_RAISED)}".replace("-", "−")


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
