"""Sheets of feature maps: every pixel is a value, every colour scale is said, the height does not move."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from app.figures.map_colors import colored, limits, rgb
from app.figures.montage import CHANNELS, GAP, TILE, Row, Sheet, montage, png, range_said, strip
from app.figures.one_unit import one_unit, tiled
from app.figures.theme import DARK, LIGHT, PALETTES
from tests.app.small_histories import PLAIN_AND_RESIDUAL

PLAIN, RESIDUAL = PLAIN_AND_RESIDUAL
NOTHING = np.empty((0, 1, 1))


def test_sheets_of_nothing_have_names_and_no_picture():
    figure = montage([Sheet(PLAIN, [Row("stem", NOTHING)])], LIGHT)
    assert len(figure.layout.images) == 0
    assert [note.text for note in figure.layout.annotations] == ["<b>plain-56</b>", "stem"]
    assert len(one_unit([Sheet(PLAIN, [])], LIGHT).data) == 0
    assert len(montage([], LIGHT).layout.images) == 0


def test_a_sheet_is_as_high_before_its_maps_are_known():
    known = [Row(f"layer1.{i}", np.ones((2, 4, 4))) for i in range(20)]
    unknown = [Row(row.name, NOTHING) for row in known]
    heights = [montage([Sheet(PLAIN, rows)], LIGHT).layout.height for rows in (known, unknown)]
    assert heights[0] == heights[1]


def test_every_tile_of_a_row_has_the_colours_of_its_values():
    # On the scale 0 to 2: 0 is the page's colour, 2 is the end of the scale, 1 the middle of it.
    maps = np.stack([np.zeros((2, 2)), np.full((2, 2), 2.0), np.full((2, 2), 1.0)])
    colors = strip(Row("layer1.0", maps), LIGHT)
    assert colors.shape == (TILE, CHANNELS * (TILE + GAP) - GAP, 3)
    assert colors[0, 0].tolist() == [0xF7, 0xF7, 0xF7]
    assert colors[5, TILE + GAP].tolist() == [0x00, 0x35, 0x1A]
    assert colors[5, 2 * (TILE + GAP)].tolist() == colored(maps, LIGHT)[2, 0, 0].tolist()
    assert colors[0, TILE].tolist() == rgb(LIGHT.paper).tolist()


def test_a_map_keeps_its_values_where_they_are():
    maps = np.arange(16.0).reshape(1, 4, 4)
    colors = strip(Row("layer1.0", maps), LIGHT)[:, :TILE]
    assert (colors[:: TILE // 4, :: TILE // 4] == colored(maps, LIGHT)[0]).all()


def test_features_without_places_are_upright_bars():
    colors = strip(Row("head", np.array([1.0, -1.0]).reshape(2, 1, 1)), LIGHT)
    assert (colors[0] == colors[-1]).all()
    assert colors[0, 0].tolist() == [0x00, 0x35, 0x1A]
    assert colors[0, -1].tolist() == [0x40, 0x00, 0x4B]


@pytest.mark.parametrize("palette", PALETTES.values())
def test_what_is_not_finite_has_colours_of_its_own(palette):
    colors = colored(np.array([[np.nan, np.inf, -np.inf, 1.0]]), palette)
    assert colors[0, :3].tolist() == [
        rgb(color).tolist() for color in (palette.undefined, palette.infinite, palette.infinite)
    ]


@pytest.mark.parametrize(
    ("values", "ends", "said"),
    [
        ([0.0, 2.0], (0, 2), "0 … 2"),
        ([-1.0, 3.0], (-3, 3), "−3 … 3"),
        ([0.0, 0.0], (0, 0), "all exactly 0"),
        ([np.nan, np.nan], (0, 0), "no numbers"),
        ([np.nan, 2.0], (0, 2), "0 … 2, 1 not finite"),
        ([np.inf, 2.0], (0, 2), "0 … 2, 1 not finite"),
    ],
)
def test_the_ends_of_the_colours_are_said(values, ends, said):
    maps = np.array(values).reshape(1, 1, 2)
    assert limits(maps) == ends
    assert range_said(maps) == said


def test_two_sheets_stand_beside_each_other_and_many_rows_in_two_strips():
    rows = [Row(f"layer1.{i}", np.ones((2, 4, 4))) for i in range(20)]
    figure = montage([Sheet(PLAIN, rows), Sheet(RESIDUAL, rows)], DARK)
    assert len(figure.layout.images) == 40
    assert len({image.x for image in figure.layout.images}) == 4
    assert all(image.y - image.sizey >= 0 and image.y <= 1 for image in figure.layout.images)


def test_a_picture_is_its_own_file():
    colors = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    file = BytesIO(base64.b64decode(png(colors).partition(",")[2]))
    assert (np.array(Image.open(file)) == colors).all()


def test_one_unit_has_every_value_and_says_where_it_is():
    maps = np.arange(12.0).reshape(3, 2, 2)
    values, words = tiled(maps)
    assert sorted(values[np.isfinite(values)]) == sorted(maps.ravel())
    assert words[values == 7].tolist() == ["channel 1, row 1, column 1"]
    figure = one_unit([Sheet(PLAIN, [Row("layer1.0", maps)]), Sheet(RESIDUAL, [])], LIGHT)
    [trace] = figure.data
    assert (trace.zmin, trace.zmax) == (0, 11)
    assert [note.text for note in figure.layout.annotations] == ["<b>plain-56</b>", "<b>ResNet-56</b>"]
