"""The published rows and the settings that are each: what stands on the shortcut is what the plan says."""

import pytest

from resnet_core.config import SettingsError, to_flat
from resnet_core.cost import plan_of_run
from resnet_core.variants import (
    BY_KEY,
    ORIGINAL,
    VARIANTS,
    by_published_error,
    published_order,
    published_rank,
    variant_configs,
)


def unit_of(key: str):
    """The first unit of the second stage of ResNet-8, where the shape changes."""
    return plan_of_run(variant_configs(depth=8)[key]).units[2]


def kinds(key: str, role: str) -> list[str]:
    return [op.kind for path in unit_of(key).paths if path.role == role for op in path.ops]


def test_the_rows_are_those_of_table_one_and_two():
    assert [(v.on_shortcut, v.on_branch, v.error) for v in VARIANTS if v.table == 1] == [
        ("1", "1", 6.61), ("0", "1", None), ("0.5", "1", None), ("0.5", "0.5", 12.35),
        ("1 − g(x)", "g(x)", None), ("1 − g(x)", "g(x)", 8.70), ("1 − g(x)", "g(x)", 9.81),
        ("1 − g(x)", "1", 12.86), ("1 − g(x)", "1", 6.91), ("1×1 conv", "1", 12.22),
        ("dropout 0.5", "1", None),
    ]  # fmt: skip
    orders = [BY_KEY["original"], *(v for v in VARIANTS if v.table == 2)]
    assert [v.errors for v in orders] == [
        {110: 6.61, 164: 5.93}, {110: 8.17, 164: 6.50}, {110: 7.84, 164: 6.14}, {110: 6.71, 164: 5.91},
        {110: 6.37, 164: 5.46},
    ]  # fmt: skip


def test_each_row_is_one_network_and_no_two_are_the_same():
    configs = variant_configs()
    assert list(configs) == [v.key for v in VARIANTS]
    assert len(set(configs.values())) == len({v.name for v in VARIANTS}) == 15
    shared = {
        tuple(to_flat(c)[name] for name in ("depth", "steps", "seed", "side")) for c in configs.values()
    }
    assert shared == {(56, 400, 0, 16)}


@pytest.mark.parametrize(
    ("key", "merge", "shortcut"),
    [
        ("original", "add", ["pad"]),
        ("plain", None, []),
        ("scaled", "add", ["pad", "factor"]),
        ("scaled-both", "add", ["pad", "factor"]),
        ("exclusive-gate-6", "exclusive gate", ["pad"]),
        ("shortcut-gate-0", "shortcut gate", ["pad"]),
        ("conv1x1", "add", ["conv"]),
        ("dropout", "add", ["pad", "dropout"]),
    ],
)
def test_the_shortcut_of_a_variant_is_what_the_paper_puts_there(key, merge, shortcut):
    assert unit_of(key).merge == merge
    assert kinds(key, "shortcut") == shortcut


def test_only_scaling_on_both_scales_the_branch():
    assert "factor" in kinds("scaled-both", "branch")
    assert "factor" not in kinds("scaled", "branch")


def test_orders_differ_in_where_norm_and_activation_stand():
    after = {
        key: [op.kind for op in unit_of(key).after] for key in ("original", "bn-after", "relu-before", "pre")
    }
    assert after == {"original": ["relu"], "bn-after": ["batch", "relu"], "relu-before": [], "pre": []}
    assert kinds("relu-pre", "branch")[:2] == ["relu", "conv"]
    assert kinds("pre", "branch")[:3] == ["batch", "relu", "conv"]


def test_a_depth_that_cannot_be_is_said():
    with pytest.raises(SettingsError, match="depth: 57 is not possible: depths are 6n\\+2"):
        variant_configs(depth=57)


def test_the_paper_ranks_numbers_by_error_and_fails_below_them_without_an_order():
    assert [v.key for v in by_published_error()[:3]] == ["pre", "original", "relu-pre"]
    assert {v.key for v in by_published_error()[11:]} == {"plain", "scaled", "exclusive-gate-2", "dropout"}
    assert published_order(BY_KEY["pre"], BY_KEY["original"]) == -1
    assert published_order(BY_KEY["shortcut-gate-0"], BY_KEY["plain"]) == -1
    assert published_order(BY_KEY["plain"], BY_KEY["original"]) == 1
    assert published_order(BY_KEY["plain"], BY_KEY["dropout"]) == 0
    ranked = ("pre", ORIGINAL, "shortcut-gate-0", "plain", "dropout")
    assert [published_rank(BY_KEY[key]) for key in ranked] == [1, 2, 11, 12, 12]
