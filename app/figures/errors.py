"""Test errors in percent, and how they are written where there is a number and where there is none."""

from resnet_core.variants import FAIL, Variant

DIVERGED = "diverged"


def error_of(accuracy: float) -> float:
    """The test error, in percent, of a share of right answers."""
    return 100 * (1 - accuracy)


def published_words(variant: Variant) -> str:
    """What the paper has, to its two decimals."""
    return FAIL if variant.error is None else f"{variant.error:.2f} %"


def measured_words(error: float | None) -> str:
    """A measured error; None is that of a run that diverged, or of a variant most of whose runs did."""
    return DIVERGED if error is None else f"{error:.1f} %"


def seed_words(accuracy: float | None) -> str:
    """The error of one run."""
    return measured_words(None if accuracy is None else error_of(accuracy))
