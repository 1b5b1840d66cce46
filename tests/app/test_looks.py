"""Names and looks of arms on a figure: they tell apart, whoever looks at them."""

import numpy as np
import pytest

from app.figures.theme import LIGHT, PALETTES, arm_names, arm_styles
from tests.app.small_histories import labels


def test_arms_are_named_by_family_and_depth():
    assert arm_names(labels({"skip": "none"}, {"skip": "identity"})) == ["plain-56", "ResNet-56"]


def test_a_name_tells_the_setting_that_differs_and_no_other():
    assert arm_names(labels({"norm": "none"}, {})) == ["ResNet-56, no BN", "ResNet-56"]
    assert arm_names(labels({"learning_rate": 0.05}, {})) == ["ResNet-56, lr 0.05", "ResNet-56, lr 0.1"]
    assert arm_names(labels({"skip": "none", "norm": "none"}, {"norm": "none"})) == ["plain-56", "ResNet-56"]


def test_equal_arms_are_numbered():
    assert arm_names(labels({}, {})) == ["ResNet-56 (1)", "ResNet-56 (2)"]


def test_no_arms_have_no_names():
    assert arm_names([]) == []


@pytest.mark.parametrize("palette", PALETTES.values())
@pytest.mark.parametrize("skip", ["none", "identity"])
def test_four_arms_of_a_kind_differ_in_colour_and_dash_and_marker(skip, palette):
    styles = arm_styles(labels(*[{"skip": skip}] * 4))
    for look in ([s.color(palette) for s in styles], [s.dash for s in styles], [s.symbol for s in styles]):
        assert len(set(look)) == 4


def test_residual_is_solid_blue_and_plain_is_dashed_orange_in_any_order():
    residual, plain = arm_styles(labels({}, {"skip": "none"}))
    assert (residual.color(LIGHT), residual.dash) == ("#0072b2", "solid")
    assert plain.color(LIGHT) == "#d55e00"
    assert plain.dash != "solid"


@pytest.mark.parametrize("palette", PALETTES.values())
def test_lines_stand_out_from_the_page(palette):
    # WCAG 2.2, 1.4.11: graphics need a contrast of 3
    for color in (*palette.residual, *palette.plain):
        assert contrast(color, palette.paper) >= 3


@pytest.mark.parametrize("palette", PALETTES.values())
def test_text_is_readable_on_the_page(palette):
    for color in (palette.ink, palette.muted, palette.right, palette.wrong):
        assert contrast(color, palette.paper) >= 4.5


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))
