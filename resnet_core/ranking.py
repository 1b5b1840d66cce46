"""Two rankings of the same variants, the paper's and a measured one, pair by pair. No torch.

Of each pair that the paper ranks: does the measurement agree, disagree, or can it not tell the two apart?
"""

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

import numpy as np

from resnet_core.variants import BY_KEY, ORIGINAL, by_published_error, published_order

LEAST_DIFFERENCE = 0.04  # of test accuracy, one seed each: seeds alone made about 0.02 in short runs
SIGNIFICANCE = 0.05


class Verdict(StrEnum):
    """What the measurement says of a pair of variants."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    OPEN = "cannot be told apart"
    UNRANKED = "not ranked by the paper"


class Outcome(NamedTuple):
    """One variant as it was measured: a test accuracy a seed, None where the run diverged.

    A run that diverged guesses, so it counts as `guessing`; where most of them did, the variant failed.
    """

    accuracies: tuple[float | None, ...]
    guessing: float = 0.1

    @property
    def diverged(self) -> int:
        return sum(accuracy is None for accuracy in self.accuracies)

    @property
    def failed(self) -> bool:
        return 2 * self.diverged > len(self.accuracies)

    @property
    def values(self) -> np.ndarray:
        return np.array([self.guessing if a is None else a for a in self.accuracies], np.float64)

    @property
    def error(self) -> float | None:
        """Mean test error over the seeds in percent; None for a variant that failed."""
        return None if self.failed else float(100 * (1 - self.values.mean()))


class Pair(NamedTuple):
    """Two variants, `above` the one that the paper has above; `points` is by how much it is so here, too.

    `p` is that of the test, where one was needed: None with one seed, or where one of the two failed.
    """

    above: str
    below: str
    verdict: Verdict
    points: float | None
    p: float | None = None


def compare(outcomes: Mapping[str, Outcome]) -> list[Pair]:
    """Every pair of measured variants, the paper's best first. Pairs of two that fail there are unranked."""
    measured = [variant.key for variant in by_published_error() if variant.key in outcomes]
    return [_pair(above, below, outcomes) for above, below in combinations(measured, 2)]


def against_original(outcomes: Mapping[str, Outcome]) -> dict[str, Pair]:
    """The pair that each other variant makes with the original unit."""
    pairs = [pair for pair in compare(outcomes) if ORIGINAL in (pair.above, pair.below)]
    return {pair.below if pair.above == ORIGINAL else pair.above: pair for pair in pairs}


def count(pairs: Iterable[Pair]) -> dict[Verdict, int]:
    """How many pairs there are of each verdict."""
    found = [pair.verdict for pair in pairs]
    return {verdict: found.count(verdict) for verdict in Verdict}


def measured_rank(key: str, outcomes: Mapping[str, Outcome]) -> int:
    """1 for the highest mean accuracy; those that failed share the place below all others."""
    return 1 + sum(_mean(other) > _mean(outcomes[key]) for other in outcomes.values())


def order(one: Outcome, other: Outcome) -> tuple[int, float | None]:
    """-1 when `one` is better, 1 when it is worse, 0 when that cannot be told; and p where a test was made.

    A variant that failed is below every other. With one seed, or seeds without any spread, a difference of
    mean accuracy counts from `LEAST_DIFFERENCE` on; else Welch's t-test on the seeds decides.
    """
    if one.failed or other.failed:
        return int(one.failed) - int(other.failed), None
    difference = round(float(one.values.mean() - other.values.mean()), 9)
    p = welch_p(one.values, other.values)
    is_clear = abs(difference) >= LEAST_DIFFERENCE if p is None else p < SIGNIFICANCE
    return int(is_clear) * int(math.copysign(1, -difference)) if difference else 0, p


def welch_p(one: np.ndarray, other: np.ndarray) -> float | None:
    """Two-sided p of Welch's t-test (Biometrika 34, 1947); None where no spread can be known."""
    if min(len(one), len(other)) < 2:
        return None
    from scipy.special import stdtr  # half a second, which a page without seeds to compare does not need

    parts = [values.var(ddof=1) / len(values) for values in (one, other)]
    squared = sum(parts)
    if squared < 1e-12:
        return None
    freedom = squared**2 / sum(
        part**2 / (len(values) - 1) for part, values in zip(parts, (one, other), strict=True)
    )
    t = (one.mean() - other.mean()) / math.sqrt(squared)
    return float(2 * stdtr(freedom, -abs(t)))


def widest(outcomes: Mapping[str, Outcome]) -> tuple[str, float, float] | None:
    """The variant whose seeds lie furthest apart, its lowest and its highest error in percent.

    None where no variant has two seeds, or none of them differ.
    """
    spans = {key: 100 * (1 - outcome.values) for key, outcome in outcomes.items()}
    key = max(spans, key=lambda key: np.ptp(spans[key]), default=None)
    if key is None or not np.ptp(spans[key]):
        return None
    return key, float(spans[key].min()), float(spans[key].max())


def rule(outcomes: Mapping[str, Outcome]) -> str:
    """How the verdicts on these outcomes are come to, in sentences."""
    seeds = [len(outcome.accuracies) for outcome in outcomes.values()]
    said = []
    if seeds and max(seeds) >= 2:
        said.append(
            "Two variants with several seeds each are told apart by Welch's t-test on the test accuracies "
            f"of their seeds (two-sided, p < {SIGNIFICANCE:g}); of pairs that do not differ at all, about "
            f"one in {round(1 / SIGNIFICANCE)} is told apart by chance."
        )
    if seeds and min(seeds) < 2:
        said.append(
            "Where one of the two has a single seed, a difference of test accuracy below "
            f"{100 * LEAST_DIFFERENCE:g} points counts as none; a seed alone can make more."
        )
    if any(outcome.diverged for outcome in outcomes.values()):
        said.append(
            "A run that diverged counts as guessing; a variant most of whose runs diverged is below all "
            "others."
        )
    return " ".join(said)


def _pair(above: str, below: str, outcomes: Mapping[str, Outcome]) -> Pair:
    one, other = outcomes[above], outcomes[below]
    found, p = order(one, other)
    points = None if one.failed or other.failed else float(100 * (one.values.mean() - other.values.mean()))
    if published_order(BY_KEY[above], BY_KEY[below]) == 0:
        return Pair(above, below, Verdict.UNRANKED, points, p)
    verdict = {-1: Verdict.AGREES, 0: Verdict.OPEN, 1: Verdict.DISAGREES}[found]
    return Pair(above, below, verdict, points, p)


def _mean(outcome: Outcome) -> float:
    return -math.inf if outcome.failed else float(outcome.values.mean())
