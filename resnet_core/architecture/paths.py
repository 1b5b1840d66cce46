"""The unrolled view: n units with a skip are 2^n paths (Veit et al. 2016, arXiv:1605.06431).

Written out, `y = x + f(x)` gives a signal at each unit the choice between branch and skip. The number of
branches on a path is its length; lengths are binomial, each choice being one half. The paths share their
weights: this counts ways, it says nothing of how much each of them carries.
"""

import math
from fractions import Fraction
from itertools import product

LISTED_UNITS = 4  # 16 paths can still be drawn
Choices = tuple[bool, ...]  # of a path, for each unit: whether it goes through the branch


def path_count(units: int) -> int:
    """2^n, exact for any n >= 0."""
    _require_count(units)
    return 2**units


def paths_of_length(units: int) -> list[int]:
    """How many paths go through k branches, for k = 0..n: the binomial coefficients, exact."""
    _require_count(units)
    counts = [1]
    for length in range(units):
        counts.append(counts[-1] * (units - length) // (length + 1))
    return counts


def length_probabilities(units: int) -> list[float]:
    """The share of the paths that go through k branches, for k = 0..n."""
    total = path_count(units)
    return [count / total for count in paths_of_length(units)]  # integers of any size divide correctly


def mean_length(units: int) -> float:
    """n / 2 branches."""
    _require_count(units)
    return units / 2


def length_deviation(units: int) -> float:
    """sqrt(n) / 2 branches."""
    _require_count(units)
    return math.sqrt(units) / 2


def share_between(units: int, shortest: int, longest: int) -> float:
    """The share of the paths that go through `shortest` to `longest` branches, both included."""
    counts = paths_of_length(units)
    found = sum(counts[max(shortest, 0) : max(longest + 1, 0)])
    return float(Fraction(found, path_count(units)))


def paths_left(units: int, deleted: int) -> int:
    """How many paths remain when so many branches are deleted: every path through one of them is gone."""
    if not 0 <= deleted <= units:
        raise ValueError(f"deleted: {deleted} is not possible with {units} units (possible: 0 to {units})")
    return path_count(units - deleted)


def listed_paths(units: int) -> list[Choices]:
    """Every path of up to four units, the shortest first."""
    _require_count(units)
    if units > LISTED_UNITS:
        raise ValueError(f"units: {units} is above the largest possible value, {LISTED_UNITS}")
    return sorted(product((False, True), repeat=units), key=sum)


def _require_count(units: int) -> None:
    if units < 0:
        raise ValueError(f"units: {units} is below the smallest possible value, 0")
