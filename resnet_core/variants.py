"""The shortcuts and orders that He et al. 2016 compare: what the paper found, and the settings that are each.

"Identity Mappings in Deep Residual Networks" (arXiv:1603.05027), tables 1 and 2: CIFAR-10, networks of 110
layers (the orders also of 164), test error in percent, median of five runs. A unit is
`f(h(x) + F(x))`, where g(x) = sigmoid(W x + b) is a gate. No torch.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from resnet_core.config import RunConfig, from_flat

PAPER = "He et al. 2016, Identity Mappings in Deep Residual Networks (arXiv:1603.05027)"
PAPER_DEPTH, PAPER_SET, PAPER_RUNS = 110, "CIFAR-10", 5
READ_IN = "as quoted, line by line, in notes on the paper's LaTeX source; the paper itself was not opened"
FAIL = "fail"  # the paper's word, in place of a number
ABOUT_FAIL = (
    "The paper prints the word fail there and no number, and where it draws that line is not part of what "
    "was checked here. It is ranked below every number, and one fail is not ranked against another."
)
DEPTH, STEPS, DATASET, SIDE = 56, 400, "fashion-mnist", 16


class Variant(NamedTuple):
    """One row of the paper. `errors`: percent by depth, None where the paper says fail."""

    key: str  # its name in files
    name: str  # its name on charts
    case: str
    on_shortcut: str
    on_branch: str
    errors: Mapping[int, float | None]
    table: int
    settings: Mapping[str, Any]  # flat settings of a `ModelConfig`; what is not named is the lab's usual
    remark: str = ""

    @property
    def error(self) -> float | None:
        """At 110 layers."""
        return self.errors[PAPER_DEPTH]

    @property
    def source(self) -> str:
        return f"table {self.table}, {READ_IN}"


def _shortcut(key: str, name: str, row: tuple[str, str, str], error: float | None, settings: dict[str, Any],
              remark: str = "") -> Variant:  # fmt: skip
    return Variant(key, name, *row, {110: error}, 1, settings, remark)


def _gate(kind: str, bias: float) -> dict[str, Any]:
    return {"skip": "gated", "gate": kind, "gate_bias": bias}


def _order(key: str, case: str, errors: tuple[float, float], order: str) -> Variant:
    settings = {"skip": "identity", "order": order}
    return Variant(key, case, case, "1", "1", dict(zip((110, 164), errors, strict=True)), 2, settings)


_SCALING, _DROPOUT = "constant scaling", "dropout shortcut"
_EXCLUSIVE = ("exclusive gating", "1 − g(x)", "g(x)")
_ONLY = ("shortcut-only gating", "1 − g(x)", "1")

VARIANTS: tuple[Variant, ...] = (
    Variant("original", "original", "original", "1", "1", {110: 6.61, 164: 5.93}, 1, {"skip": "identity"}),
    _shortcut("plain", "scaling 0 (plain)", (_SCALING, "0", "1"), None, {"skip": "none"}, "a plain network"),
    _shortcut("scaled", "scaling 0.5", (_SCALING, "0.5", "1"), None,
              {"skip": "scaled", "scale": 0.5, "scale_on": "shortcut"}),
    _shortcut("scaled-both", "scaling 0.5 on both", (_SCALING, "0.5", "0.5"), 12.35,
              {"skip": "scaled", "scale": 0.5, "scale_on": "both"}, "frozen gating"),
    _shortcut("exclusive-gate-2", "exclusive gate, bias −2", _EXCLUSIVE, None, _gate("exclusive", -2),
              "biases 0 to −5 there, −2 here"),
    _shortcut("exclusive-gate-6", "exclusive gate, bias −6", _EXCLUSIVE, 8.70, _gate("exclusive", -6),
              "bias −6"),
    _shortcut("exclusive-gate-7", "exclusive gate, bias −7", _EXCLUSIVE, 9.81, _gate("exclusive", -7),
              "bias −7"),
    _shortcut("shortcut-gate-0", "shortcut gate, bias 0", _ONLY, 12.86, _gate("shortcut", 0), "bias 0"),
    _shortcut("shortcut-gate-6", "shortcut gate, bias −6", _ONLY, 6.91, _gate("shortcut", -6), "bias −6"),
    _shortcut("conv1x1", "1×1 convolution", ("1×1 conv shortcut", "1×1 conv", "1"), 12.22,
              {"skip": "conv1x1"}),
    _shortcut("dropout", "dropout 0.5", (_DROPOUT, "dropout 0.5", "1"), None,
              {"skip": "dropout", "shortcut_dropout": 0.5}),
    _order("bn-after", "BN after addition", (8.17, 6.50), "bn-after"),
    _order("relu-before", "ReLU before addition", (7.84, 6.14), "relu-before"),
    _order("relu-pre", "ReLU-only pre-activation", (6.71, 5.91), "relu-pre"),
    _order("pre", "full pre-activation", (6.37, 5.46), "pre"),
)  # fmt: skip
ORIGINAL = VARIANTS[0].key
BY_KEY = {variant.key: variant for variant in VARIANTS}


def variant_configs(
    depth: int = DEPTH, steps: int = STEPS, seed: int = 0, dataset: str = DATASET
) -> dict[str, RunConfig]:
    """One run a variant, by key, in the lab's usual recipe, at `SIDE` pixels. Raises `SettingsError`."""
    shared = {"depth": depth, "steps": steps, "seed": seed, "dataset": dataset, "side": SIDE}
    return {variant.key: from_flat({**shared, **variant.settings}) for variant in VARIANTS}


def published_order(one: Variant, other: Variant) -> int:
    """-1 when the paper has `one` above `other`, 1 for the opposite, 0 when both fail."""
    a, b = (variant.error is None for variant in (one, other))
    if a or b:
        return int(a) - int(b)
    return (one.error > other.error) - (one.error < other.error)


def by_published_error() -> list[Variant]:
    """The best of the paper first, those that fail last."""
    return sorted(VARIANTS, key=lambda variant: (variant.error is None, variant.error or 0))


def published_rank(variant: Variant) -> int:
    """1 for the best; those that fail share the last place that any of them has."""
    return 1 + sum(published_order(other, variant) < 0 for other in VARIANTS)
