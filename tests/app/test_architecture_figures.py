"""Figures of paths and of the years: what is drawn is what was counted."""

import pytest

from app.figures.paths import count_in_words, drawn_paths, path_lengths
from app.figures.theme import DARK, LIGHT, ArmStyle
from app.figures.years import Panel, years
from resnet_core.architecture.paths import listed_paths

STYLE = ArmStyle("residual", 0)


def test_no_block_is_one_path_of_no_branches():
    [bars] = path_lengths(0, STYLE, LIGHT).data
    assert list(bars.x) == [0]
    assert list(bars.y) == [1.0]


def test_bars_are_the_binomial_shares():
    # 3 blocks: 1, 3, 3 and 1 of 8 paths
    figure = path_lengths(3, STYLE, LIGHT)
    [bars] = figure.data
    assert list(bars.x) == [0, 1, 2, 3]
    assert list(bars.y) == [0.125, 0.375, 0.375, 0.125]
    assert list(bars.customdata) == ["1", "3", "3", "1"]
    assert "mean 1.5, standard deviation 0.87" in figure.layout.annotations[0].text


@pytest.mark.parametrize("units", [27, 54, 600])
def test_bars_that_are_lower_than_a_pixel_are_left_out(units):
    [bars] = path_lengths(units, STYLE, DARK).data
    assert sum(bars.y) == pytest.approx(1, abs=1e-5)
    assert len(bars.x) < 11 * units**0.5 / 2 + 5
    assert bars.x[0] >= 0


def test_counts_of_any_size_are_written():
    assert count_in_words(512) == "512"
    assert count_in_words(2**54) == "1.8 · 10^16"
    assert count_in_words(2**29) == "5.4 · 10^8"  # 536,870,912
    assert count_in_words(2**600).endswith(" · 10^180")


def test_a_row_for_every_path_and_a_square_for_every_branch_on_it():
    figure = drawn_paths(listed_paths(3), ["a", "b", "c"], STYLE, LIGHT)
    *lines, squares = figure.data
    assert len(lines) == 8
    assert len(squares.x) == 12  # each of 3 blocks is gone through by half of the 8 paths
    assert list(figure.layout.xaxis.ticktext) == ["a", "b", "c"]


def test_paths_of_no_block():
    *lines, squares = drawn_paths(listed_paths(0), [], STYLE, LIGHT).data
    assert (len(lines), len(squares.x)) == (1, 0)


def test_a_row_a_network_and_a_scale_for_each_quantity():
    panels = [
        Panel("layers", [8, 152], ["8", "152"]),
        Panel("error", [16.4, None], ["16.40 %", "not quoted"]),
    ]
    figure = years(["AlexNet", "ResNet-152"], [False, True], panels, LIGHT)
    layers, error = figure.data
    assert list(layers.x) == [8, 152]
    assert list(error.text) == ["16.40 %", "not quoted"]
    assert list(error.x) == [16.4, 0]
    assert (layers.xaxis, error.xaxis) == ("x", "x2")
    assert list(layers.marker.color) == [LIGHT.plain[0], LIGHT.residual[0]]
    assert list(layers.marker.pattern.shape) == ["/", ""]


def test_no_panel_is_empty_of_numbers():
    figure = years(["a"], [True], [Panel("error", [None], ["not quoted"])], LIGHT)
    assert list(figure.data[0].x) == [0]
