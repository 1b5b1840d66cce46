"""A visitor's picture: upright, on white, of eight bits, not too large, and nothing but its pixels."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from resnet_core.config import RunConfig
from resnet_core.instruments import answer
from resnet_core.questions import question
from resnet_core.uploads import SIDE, decoded
from tests.core import uploaded_files as made
from tests.core.uploaded_files import chunk, colours, outcome, png, png_of, saved


def on_white(picture: Image.Image) -> np.ndarray:
    """By hand, to half a level: alpha times the colour and the rest white."""
    pixels = np.asarray(picture.convert("RGBA"), float)
    alpha = pixels[..., 3:] / 255
    return alpha * pixels[..., :3] + (1 - alpha) * 255


def rows_of(data: bytes) -> list:
    return outcome(data).pixels.tolist()


# modes of colour


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "GIF", "JPEG"])
def test_every_mode_of_every_kind_becomes_rgb(kind, mode):
    if (kind, mode) in {("BMP", "LA"), ("JPEG", "LA"), ("JPEG", "P"), ("JPEG", "RGBA")}:
        mode = "RGB"  # the format has no such mode
    data = saved(colours().convert(mode), kind, **({"lossless": True} if kind == "WEBP" else {}))
    found = outcome(data)
    assert (str(found.format), found.size.tolist()) == ("WebP" if kind == "WEBP" else kind, [7, 5])
    np.testing.assert_allclose(found.pixels, on_white(Image.open(io.BytesIO(data))), atol=1)


@pytest.mark.parametrize("settings", [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True}])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_picture_of_any_make_is_decoded(mode, settings):
    data = saved(colours(40, 30).convert(mode), "JPEG", **settings)
    np.testing.assert_array_equal(outcome(data).pixels, Image.open(io.BytesIO(data)).convert("RGB"))


def test_the_inks_of_a_jpeg_picture_are_not_turned_round():
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))  # no cyan, full magenta and yellow: red
    np.testing.assert_allclose(outcome(saved(ink, "JPEG")).pixels, np.full((8, 8, 3), (255, 0, 0)), atol=3)


def test_sixteen_bits_become_eight_by_rounding():
    values = np.arange(2**16).reshape(256, 256)
    expected = np.round(values / 257).astype(np.uint8)  # 65535 / 255 = 257
    found = outcome(png_of(values, depth=16, colour=0)).pixels
    np.testing.assert_array_equal(found, np.repeat(expected[..., None], 3, 2))


@pytest.mark.parametrize(("colour", "channels"), [(2, 3), (4, 2), (6, 4)])
def test_sixteen_bits_of_colours_become_eight_within_one(colour, channels):
    values = np.random.default_rng(1).integers(0, 2**16, (9, 8, channels))
    values[..., -1] = 65535 if channels in (2, 4) else values[..., -1]
    found = outcome(png_of(values, depth=16, colour=colour)).pixels
    assert np.abs(found - values[..., : channels - (channels % 2 == 0)] / 257).max() < 1


@pytest.mark.parametrize(
    ("depth", "row", "key", "expected"),
    [
        (1, b"\x40", 0, [255] * 8),
        (1, b"\x40", 1, [0, 255, 0, 0, 0, 0, 0, 0]),
        (2, b"\x1b", 1, [0, 255, 170, 255]),  # 0, 1, 2, 3 of 3
        (4, b"\x0f\x70", 7, [0, 255, 255, 0]),  # 0, 15, 7, 0 of 15
        (8, b"\x00\xfe\x10", 16, [0, 254, 255]),
        (16, b"\x00\xff\x02\x02", 255, [255, 2]),
    ],
)
def test_a_transparent_grey_lies_on_white(depth, row, key, expected):
    transparent = chunk(b"tRNS", key.to_bytes(2, "big"))
    found = rows_of(png((len(row) * 8 // depth, 1), b"\0" + row, transparent, depth=depth))
    assert found == [[[grey] * 3 for grey in expected]]


def test_a_transparent_grey_of_sixteen_bits_is_that_one_alone():
    values, key = np.array([[1000, 1001]]), chunk(b"tRNS", (1000).to_bytes(2, "big"))
    assert rows_of(png_of(values, key, depth=16, colour=0)) == [[[255] * 3, [4] * 3]]  # 1001 / 257 = 3.9


def test_a_transparent_colour_lies_on_white():
    values = np.array([[(10, 20, 30), (10, 20, 31)]])
    found = rows_of(png_of(values, chunk(b"tRNS", b"\0\x0a\0\x14\0\x1e"), depth=8, colour=2))
    assert found == [[[255, 255, 255], [10, 20, 31]]]


def test_a_palette_may_have_every_degree_of_transparency():
    palette, alphas = chunk(b"PLTE", bytes([200, 0, 0, 0, 200, 0])), chunk(b"tRNS", bytes([255, 51]))
    found = rows_of(png((2, 1), b"\0\x40", palette, alphas, depth=1, colour=3))
    assert found == [[[200, 0, 0], [204, 244, 204]]]  # 51 / 255 = 0.2: 0.8 * 255 + 0.2 * (0, 200, 0)


def test_an_interlaced_picture_is_put_together():
    rows = b"\0\x01" + b"\0\x02" + b"\0\x03\x04"  # of the passes 1, 6 and 7
    assert rows_of(png((2, 2), rows, woven=1)) == [[[1] * 3, [2] * 3], [[3] * 3, [4] * 3]]


@pytest.mark.parametrize(("kind", "settings"), [("PNG", {}), ("GIF", {}), ("WEBP", {"lossless": True})])
def test_of_a_film_the_first_picture_is_taken(kind, settings):
    frames = [Image.new("RGB", (4, 3), colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], **settings)
    assert outcome(data).pixels.tolist() == np.full((3, 4, 3), (255, 0, 0)).tolist()


def test_a_photo_with_a_preview_behind_it_is_a_jpeg_picture():
    data = saved(
        colours(16, 8).convert("RGB"), "MPO", save_all=True, append_images=[Image.new("RGB", (4, 4))]
    )
    assert Image.open(io.BytesIO(data)).format == "MPO"
    found = outcome(data)
    assert (str(found.format), found.size.tolist()) == ("JPEG", [16, 8])


@pytest.mark.parametrize("height", [2, -2])
def test_a_bmp_picture_may_begin_at_the_top(height):
    found = rows_of(made.bmp((1, height), b"\1\2\3\0" + b"\4\5\6\0"))
    assert found == [[[6, 5, 4]], [[3, 2, 1]]][:: 1 if height > 0 else -1]


def test_a_bmp_picture_may_have_five_and_six_bits_a_colour():
    masks = (0xF800).to_bytes(4, "little") + (0x7E0).to_bytes(4, "little") + (0x1F).to_bytes(4, "little")
    assert rows_of(made.bmp((2, 1), b"\0\xf8\xe0\x07", 16, 3, masks)) == [[[255, 0, 0], [0, 255, 0]]]


# turned upright


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "settings"), [("PNG", {}), ("JPEG", {}), ("WEBP", {"lossless": True})])
def test_a_photo_is_upright(kind, settings, orientation, order):
    picture = colours(16, 8).convert("RGB")
    data = saved(picture, kind, exif=b"Exif\0\0" + made.exif(orientation, order), **settings)
    found, expected = outcome(data), ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(found.pixels, expected.convert("RGB"))
    assert tuple(found.size) == expected.size == ((8, 16) if orientation > 4 else (16, 8))


def test_an_upright_photo_of_a_turned_camera_by_hand():
    # Orientation 6: the camera was turned so that the file's left edge is the top, from right to left.
    data = saved(
        Image.fromarray(np.array([[10, 20], [30, 40], [50, 60]], np.uint8)), "PNG", exif=made.exif(6)
    )
    assert outcome(data).pixels[..., 0].tolist() == [[50, 30, 10], [60, 40, 20]]


@pytest.mark.parametrize(
    "exif", [made.exif(0), made.exif(9), made.exif(6, kind=4), made.exif(6)[:20], b"", b"II*\0", b"nothing",
             made.exif(6)[:8] + b"\xff\xff"]
)  # fmt: skip
def test_an_orientation_that_is_none_leaves_the_picture_as_it_is(exif):
    picture = colours().convert("RGB")
    data = made.with_chunks(saved(picture, "PNG"), chunk(b"eXIf", exif))
    np.testing.assert_array_equal(outcome(data).pixels, picture)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_camera_and_place_are_not_kept(kind):
    data = saved(colours().convert("RGB"), kind, exif=b"Exif\0\0" + made.exif(1))
    assert made.CAMERA in data
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825)[made.LATITUDE] == (52, 31, 12)
    found = outcome(data)
    assert found._fields == ("pixels", "format", "size")
    assert not any(made.CAMERA in np.asarray(part).tobytes() for part in found)


# size


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize(
    ("size", "expected"),
    [((512, 512), (512, 512)), ((513, 300), (512, 299)), ((1030, 20), (512, 10)), ((20, 1100), (9, 512))],
)
def test_the_longer_side_has_at_most_512_pixels(kind, size, expected):
    found = outcome(saved(Image.new("RGB", size, (255, 0, 0)), kind))
    assert found.pixels.shape[1::-1] == expected
    assert tuple(found.size) == size
    np.testing.assert_allclose(found.pixels, np.full_like(found.pixels, (255, 0, 0)), atol=2)


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1), (1, 512), (3, 65_535), (65_535, 2)])
@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_a_line_stays_one(kind, size):
    found = outcome(saved(Image.new("L", size, 9), kind))
    assert found.pixels.shape[1::-1] == tuple(min(side, SIDE) if side > 3 else 1 for side in size)


def test_a_small_picture_is_never_made_larger():
    np.testing.assert_array_equal(
        outcome(saved(colours(3, 2).convert("RGB"), "PNG")).pixels, colours(3, 2).convert("RGB")
    )


def test_fine_stripes_become_grey_and_not_other_stripes():
    stripes = np.zeros((4, 2048), np.uint8)
    stripes[:, ::2] = 254
    np.testing.assert_allclose(
        outcome(saved(Image.fromarray(stripes), "PNG")).pixels, 127, atol=12
    )  # less at the edge


def test_what_is_transparent_does_not_colour_what_is_not():
    pixels = np.zeros((4, 2048, 4), np.uint8)
    pixels[:, ::2] = (255, 0, 0, 255)  # beside it is transparent black
    found = outcome(saved(Image.fromarray(pixels), "PNG")).pixels
    np.testing.assert_allclose(found, np.full_like(found, (255, 127, 127)), atol=12)


# whatever a file is called


@pytest.mark.parametrize("name", list(made.valid()))
def test_what_a_file_is_is_seen_by_what_is_in_it(name, tmp_path):
    file = tmp_path / "picture.svg"
    file.write_bytes(made.valid()[name])
    found = answer(question("upload", RunConfig()), file=file)
    np.testing.assert_array_equal(found.pixels, decoded(made.valid()[name]).pixels)
