"""Sheets of saliency maps: tiles have the colours of their values, and nothing moves when values come."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from app.figures.map_colors import colored, ramp, rgb
from app.figures.map_sheet import MARK, Scale, Strip, Tile, map_sheet
from app.figures.overlay import GREYS, STRONGEST, bar, grid, overlay, plain
from app.figures.theme import DARK, LIGHT, PALETTES
from tests.app.small_histories import PLAIN_AND_RESIDUAL

PLAIN, RESIDUAL = PLAIN_AND_RESIDUAL
NOTHING = np.empty((0, 0, 3), np.uint8)
SCALE = Scale(2.0, False, "One scale for all")


def tiles(count: int, colors=NOTHING) -> list[Tile]:
    return [Tile(f"layer1.{i}", colors) for i in range(count)]


def said(figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def drawn(figure) -> list[np.ndarray]:
    """The pictures of the figure without that of the scale."""
    addresses = [image.source for image in figure.layout.images[1:]]
    return [np.array(Image.open(BytesIO(base64.b64decode(at.partition(",")[2])))) for at in addresses]


def test_a_sheet_of_nothing_has_a_scale_alone():
    for strips in ([], [Strip(PLAIN, [])]):
        figure = map_sheet(strips, Scale(0.0, False, "none"), LIGHT)
        assert len(figure.layout.images) == 1
        assert {"–", "0", "none"} <= set(said(figure))


@pytest.mark.parametrize("count", [1, 4, 28, 55])
def test_a_sheet_is_as_high_before_its_maps_are_known(count):
    colors = np.zeros((128, 128, 3), np.uint8)
    unknown, known = (
        [Strip(PLAIN, tiles(count, c)), Strip(RESIDUAL, tiles(count, c))] for c in (NOTHING, colors)
    )
    heights = [map_sheet(strips, SCALE, LIGHT).layout.height for strips in (unknown, known)]
    assert heights[0] == heights[1]
    figure = map_sheet(known, SCALE, LIGHT)
    assert len(figure.layout.images) == 2 * count + 1
    assert all(image.y - image.sizey >= 0 and image.x + image.sizex <= 1 for image in figure.layout.images)


def test_long_titles_have_wide_columns():
    few = [Strip(PLAIN, [Tile("denseblock1.12.branch", NOTHING)] * 28)]
    assert len({note.x for note in map_sheet(few, SCALE, LIGHT).layout.annotations}) < 12


def test_a_tile_has_the_colours_it_was_given_within_a_frame_and_a_marked_one_a_thick_frame():
    colors = np.full((128, 128, 3), 77, np.uint8)
    strip = Strip(PLAIN, [Tile("step 0", colors), Tile("step 20", colors, "to 3", True)])
    figure = map_sheet([strip], SCALE, LIGHT)
    first, marked = drawn(figure)
    assert (first[2:-2, 2:-2] == 77).all()
    assert (first[0] == rgb(LIGHT.grid)).all()
    assert (marked[: round(128 * MARK)] == rgb(LIGHT.ink)).all()
    assert {"step 0", "<b>step 20</b>", "to 3"} <= set(said(figure))


def test_notes_break_into_lines_where_columns_are_narrow():
    strip = Strip(PLAIN, [Tile("a", NOTHING, "no positive evidence")] * 14)
    assert "no positive<br>evidence" in said(map_sheet([strip], SCALE, LIGHT))
    assert "no positive evidence" in said(map_sheet([Strip(PLAIN, strip.tiles[:4])], SCALE, LIGHT))


@pytest.mark.parametrize(
    ("scale", "ends"),
    [
        (Scale(2.0, False, ""), ("0", "2.00")),
        (Scale(2.0, True, ""), ("−2.00", "2.00")),
        (Scale(np.nan, False, ""), ("0", "its largest")),
        (Scale(np.nan, True, ""), ("− its largest", "its largest")),
        (Scale(0.0, True, ""), ("–", "–")),
    ],
)
def test_the_ends_of_the_colours_are_said(scale, ends):
    assert tuple(said(map_sheet([], scale, LIGHT))[:2]) == ends


@pytest.mark.parametrize("palette", PALETTES.values())
def test_a_grid_shows_each_value_as_a_square(palette):
    values = np.array([[0.0, 1.0], [-1.0, 0.5]])
    assert (grid(values, 1.0, palette, 8)[::4, ::4] == colored(values, palette, 1.0)).all()


def test_where_a_map_is_zero_the_grey_picture_is_seen_and_where_it_is_largest_the_end_of_the_scale():
    # White of the picture is 252 on a light page, and 9/10 of the strongest colour lie over it.
    picture = np.full((1, 4, 4), 255, np.uint8)
    nothing = overlay(picture, np.zeros((2, 2)), 1.0, LIGHT, side=8)
    assert (nothing == GREYS[True][1]).all()
    strongest = overlay(picture, np.ones((2, 2)), 1.0, LIGHT, side=8)
    expected = (1 - STRONGEST) * GREYS[True][1] + STRONGEST * ramp(LIGHT)[-1].astype(float)
    assert (strongest == np.rint(expected)).all()


def test_an_overlay_is_green_for_and_purple_against_in_colour_and_in_grey_pictures():
    values = np.array([[1.0, -1.0]])
    for picture in (np.zeros((1, 8, 8), np.uint8), np.full((3, 8, 8), 90, np.uint8)):
        for palette in PALETTES.values():
            left, right = overlay(picture, values, 1.0, palette, side=8)[4, [0, -1]].astype(int)
            assert left[1] > max(left[0], left[2]) - 1
            assert right[1] < right[2]


def test_smoothing_never_spreads_what_is_not_finite():
    values, picture = np.array([[1.0, np.nan], [np.inf, 0.5]]), np.zeros((1, 4, 4), np.uint8)
    assert (overlay(picture, values, 1.0, DARK, side=8) == grid(values, 1.0, DARK, 8)).all()


def test_a_map_of_nothing_is_drawn_without_a_warning():
    picture = np.zeros((3, 4, 4), np.uint8)
    assert (overlay(picture, np.zeros((2, 2)), 0.0, DARK, side=8) == GREYS[False][0]).all()
    assert (grid(np.zeros((2, 2)), 0.0, DARK, 8) == ramp(DARK)[128]).all()


def test_the_picture_alone_keeps_its_colours():
    picture = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    assert (plain(picture, 4)[::2, ::2] == np.moveaxis(picture, 0, -1)).all()
    assert (plain(picture[:1], 4)[::2, ::2, 2] == picture[0]).all()


def test_the_scale_has_the_colours_of_what_it_is_the_scale_of():
    values = np.linspace(0, 1, 129)[None]
    assert (bar(LIGHT, is_signed=False, is_over=False) == colored(values, LIGHT, 1.0)).all()
    over = bar(LIGHT, is_signed=False, is_over=True)
    lightest, strongest = over[0, 0].astype(int), over[0, -1].astype(int)
    assert len(set(lightest)) == 1
    assert strongest.sum() < lightest.sum()
    assert bar(DARK, is_signed=True, is_over=True)[0, 64].tolist() == [62] * 3  # 12 + 100 * 128 / 255
