"""Files that are no picture, or are meant to harm: a sentence for each, before time and memory are spent."""

import resource
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile, PngImagePlugin

from resnet_core.uploads import MAX_BYTES, MAX_PIXELS, decoding
from resnet_core.uploads.needed import MAX_PARTS
from tests.core import uploaded_files as made
from tests.core.uploaded_files import chunk, colours, outcome, png, saved, segment

VALID = made.valid()
BILLION = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]><svg>&b;</svg>'
MAX_MEMORY = 1.5e9  # bytes


@pytest.fixture(scope="module", autouse=True)
def memory_stays_bounded():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < MAX_MEMORY


def is_decoded(data: bytes) -> bool:
    return not isinstance(outcome(data), str)


# what is no picture

OTHERS = {
    "an SVG drawing": [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a -->\n<svg>",
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN">\n<svg width="9e9">', b"  \n<SVG onload=alert(1)>",
    ],
    "an XML file": [BILLION, b"<?xml version='1.0'?><a/>", b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"],
    "a web page (HTML)": [b"<!DOCTYPE html><p>", b"<html>", b"\n<script>alert(1)</script>" + VALID["gif"]],
    "a PDF document": [b"%PDF-1.7\n" + VALID["jpeg"]],
    "a zip archive": [b"PK\3\4" + VALID["png rgb"], b"PK\5\6" + bytes(18)],
    "a TIFF file": [b"II*\0" + bytes(50), b"MM\0*" + bytes(50), saved(colours(), "TIFF")],
    "an HEIC photo": [b"\0\0\0\x18ftypheic" + bytes(20), b"\0\0\0\x18ftypmif1" + bytes(20)],
    "an AVIF picture": [b"\0\0\0\x1cftypavif" + bytes(20)],
    "a video": [b"\0\0\0\x18ftypmp42" + bytes(20), b"\x1aE\xdf\xa3" + bytes(20), b"RIFF\0\0\0\0AVI LIST"],
    "a JPEG XL picture": [b"\xff\n" + bytes(20), b"\0\0\0\x0cJXL \r\n\x87\n"],
    "a JPEG 2000 picture": [b"\0\0\0\x0cjP  \r\n\x87\n", b"\xffO\xffQ" + bytes(20)],
    "an icon file (ICO)": [b"\0\0\1\0\1\0" + VALID["png rgb"]],
    "a Photoshop document": [b"8BPS\0\1" + bytes(20)],
    "a packed file": [b"\x1f\x8b" + bytes(20), b"7z\xbc\xaf\x27\x1c", b"BZh91AY"],
    "a program": [b"MZ\x90\0", b"\x7fELF\2\1"],
    "a text file": [b"hello", "Ein Bild sagt mehr als tausend Wörter".encode(), b" GIF89a", b"GIF88a", b"\n"],
    "a file of an unknown kind": [
        bytes(100), b"\0", b"\xff", b"RIFF\0\0\0\0WAVE", b"\x89PNG\r\n\x1a", b"\xff\xd8",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "data"), [(name, data) for name, many in OTHERS.items() for data in many])
def test_what_is_no_picture_is_called_what_it_is(name, data):
    said = outcome(data)
    assert said.startswith(f"this is {name}")
    assert "PNG, JPEG, WebP, BMP and GIF" in said


def test_too_many_bytes_or_none_are_said():
    assert outcome(b"") == "the file is empty (0 bytes); choose a picture"
    assert outcome(VALID["bmp"] + bytes(MAX_BYTES)).startswith("the file has 8.00 MiB and at most 8 are read")
    assert is_decoded(VALID["bmp"] + bytes(MAX_BYTES - len(VALID["bmp"])))


# too many pixels

LARGE = {
    "png": png((100_000, 100_000), b""), "png of all": png((2**31 - 1, 2**31 - 1), b""),
    "jpeg": made.of_size(VALID["jpeg"], 65_535, 65_535),
    "jpeg just beyond": made.of_size(VALID["jpeg"], 5010, 5010),
    "gif": VALID["gif"][:6] + b"\xff\xff\xff\xff" + VALID["gif"][10:],
    "bmp": made.bmp((2**31 - 1, 2**31 - 1), b""), "bmp from the top": made.bmp((60_000, -60_000), b""),
    "bmp in runs": made.bmp((30_000, 30_000), b"\0\1", 8, 1, bytes(1024)),
    "webp": made.webp(made.canvas(2**24, 2**24), (b"VP8 ", b"")),
    "webp lossless": made.webp((b"VP8L", b"\x2f\xff\xff\xff\x0f" + bytes(20))),
    "webp film": made.webp(made.canvas(16_000, 16_000, 2), (b"ANIM", bytes(6)), (b"ANMF", bytes(40))),
}  # fmt: skip


@pytest.mark.parametrize("name", list(LARGE))
def test_too_many_pixels_are_refused_by_the_header(name):
    assert "million, and at most 25 million are decoded; make the picture smaller" in outcome(LARGE[name])


@pytest.mark.parametrize(("side", "word"), [(60_000, "damaged"), (5010, "25.1 million")])
def test_a_second_header_does_not_get_round_the_first(side, word):
    assert word in outcome(made.with_chunks(VALID["png rgb"], png((side, side), b"")[8:33]))


def test_a_frame_larger_than_its_film_counts():
    at = VALID["gif"].index(b",", 13 + 24)
    data = VALID["gif"][: at + 5] + b"\xff\xff\xff\xff" + VALID["gif"][at + 9 :]
    assert not is_decoded(data)


def test_the_bound_of_pixels_is_where_it_is_said():
    assert MAX_PIXELS == 25_000_000
    assert is_decoded(saved(Image.new("1", (4980, 5000)), "PNG"))  # 24.9 million
    said = outcome(saved(Image.new("1", (5020, 5000)), "PNG"))
    assert said.startswith("the picture has 5,020 × 5,000 pixels, 25.1 million, and at most 25 million")


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_picture_without_pixels_is_none(size):
    assert "which is none at all; choose another" in outcome(png(size, b""))
    assert "which is none at all" in outcome(made.of_size(VALID["jpeg"], *size))


def test_a_side_has_a_bound():
    assert "a side may have at most 65,535" in outcome(png((65_536, 1), b""))


# bombs: much time or memory from few bytes


def entries(data: bytes, count: int) -> bytes:
    return made.with_segments(data, *[segment(0xE1, b"Exif\0\0" + made.claiming_exif(5000))] * count)


FILL = MAX_BYTES - 2000
ZEROS = zlib.compress(bytes(60_000_000), 9)
TEXT = zlib.compress(b"a" * 1_000_000, 9)
HARMLESS = {
    "pixels that never end": png((4, 4), b"")[:33] + chunk(b"IDAT", ZEROS) + chunk(b"IEND"),
    "packed text": made.with_chunks(VALID["png rgb"], *[chunk(b"zTXt", b"a\0\0" + TEXT)] * 500),
    "text beyond the limit": made.with_chunks(VALID["png rgb"], chunk(b"zTXt", b"a\0\0" + ZEROS)),
    "long text": made.with_chunks(VALID["png rgb"], chunk(b"tEXt", b"a\0" + b"x" * FILL)),
    "packed international text": made.with_chunks(VALID["png rgb"], chunk(b"iTXt", b"a\0\1\0\0\0" + ZEROS)),
    "a packed profile": made.with_chunks(VALID["png rgb"], chunk(b"iCCP", b"a\0\0" + ZEROS)),
    "exif that claims all": made.with_chunks(VALID["png rgb"], chunk(b"eXIf", made.claiming_exif(60_000))),
    "many chunks": made.with_chunks(VALID["png rgb"], *[chunk(b"teSt")] * (MAX_PARTS - 10)),
    "a film of many": VALID["png rgb"][:-12] + chunk(b"fdAT", bytes(99)) * 20_000 + VALID["png rgb"][-12:],
    "a long comment": made.gif_with(VALID["gif"], b"!\xfe" + made.blocks(255, FILL // 256)),
    "many comments": made.gif_with(VALID["gif"], (b"!\xfe" + made.blocks(1, 1)) * (MAX_PARTS - 10)),
    "many frames": VALID["gif"][:-1] + b"".join([VALID["gif"][37:-1]] * 50_000) + b";",
    "much exif": entries(VALID["jpeg"], 120),
    "filling": VALID["jpeg"][:2] + b"\xff" * FILL + VALID["jpeg"][2:],
    "rubbish between": VALID["jpeg"][:20] + b"x" * FILL + VALID["jpeg"][20:],
    "comments": made.with_segments(VALID["jpeg"], *[segment(0xFE, b"")] * (MAX_PARTS - 50)),
    "much behind": VALID["webp"] + b"x" * FILL,
}  # fmt: skip


@pytest.mark.parametrize("name", list(HARMLESS))
def test_what_the_pixels_do_not_need_costs_nothing(name):
    found = outcome(HARMLESS[name])
    assert not isinstance(found, str), found
    assert found.pixels.shape[:2] in ((5, 7), (4, 4))


REFUSED = {
    "too many chunks": made.with_chunks(VALID["png rgb"], *[chunk(b"teSt")] * (MAX_PARTS + 1)),
    "pixels in crumbs": VALID["png rgb"][:33] + chunk(b"IDAT") * 600_000,
    "a comment in crumbs": made.gif_with(VALID["gif"], b"!\xfe" + made.blocks(1, FILL // 2)),
    "too many comments": made.gif_with(VALID["gif"], (b"!\xfe" + made.blocks(1, 1)) * (MAX_PARTS + 1)),
    "too many segments": made.with_segments(VALID["jpeg"], *[segment(0xFE, b"")] * (MAX_PARTS + 1)),
    "nothing but filling": b"\xff\xd8" + b"\xff" * FILL,
    "a film of crumbs": made.webp(
        made.canvas(8, 8, 2), (b"ANIM", bytes(6)), *[(b"ANMF", bytes(16))] * 300_000
    ),
    "unknown parts": made.webp(made.canvas(8, 8), *[(b"XXXX", b"")] * 900_000),
}  # fmt: skip


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_would_take_long_is_refused(name):
    assert isinstance(outcome(REFUSED[name]), str)


def test_a_picture_that_is_gone_over_again_and_again_is_refused():
    assert is_decoded(made.of_many_scans((64, 64), 50))
    said = outcome(made.of_many_scans((5000, 4000), 80))
    assert said.startswith(
        "this JPEG picture goes 90 times over its 5,000 × 4,000 pixels and at most 50 times"
    )


def test_a_decoder_that_takes_too_long_is_stopped(monkeypatch):
    assert decoding.SECONDS < made.MAX_SECONDS
    monkeypatch.setattr(decoding, "SECONDS", 0.25)
    runs_of_one_pixel = made.bmp((3000, 3000), b"\1\1" * (FILL // 2), 8, 1, bytes(1024))
    said = outcome(runs_of_one_pixel)
    assert said.startswith("decoding this picture takes longer than 0.25 s; save it again, as PNG or JPEG")


def test_too_little_memory_is_a_sentence(monkeypatch):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "thumbnail", full)
    assert outcome(VALID["jpeg"]) == "there was not enough memory to decode this picture; make it smaller"


def test_the_limits_of_the_library_are_left_as_they_are():
    outcome(VALID["png rgb"])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    assert PngImagePlugin.MAX_TEXT_CHUNK == 2**20
    assert Image.MAX_IMAGE_PIXELS == 2**30 // 4 // 3


# two things at once

POLYGLOTS = {
    "gif and script": VALID["gif"][:6] + b"/*" + VALID["gif"][8:] + b"*/=1;alert(1)//",
    "gif and php": made.gif_with(VALID["gif"], b"!\xfe\x15<?php system($_GET)?>\0") + b"<?php ?>",
    "jpeg and zip": VALID["jpeg"] + b"PK\3\4" + bytes(100) + b"PK\5\6" + bytes(18),
    "jpeg with a page": made.with_segments(VALID["jpeg"], segment(0xFE, b"<html><script>alert(1)</script>")),
    "png and page": VALID["png rgb"] + b"<html><script>alert(1)</script>",
    "png with a page": made.with_chunks(VALID["png rgb"], chunk(b"tEXt", b"a\0<script>alert(1)</script>")),
    "webp and pdf": VALID["webp"] + b"%PDF-1.7",
    "bmp and script": VALID["bmp"] + b"=1;alert(1)",
}


@pytest.mark.parametrize("name", list(POLYGLOTS))
def test_of_two_things_at_once_the_picture_is_taken(name):
    found = outcome(POLYGLOTS[name])
    plain = outcome(VALID[{"png": "png rgb"}.get(name.split()[0], name.split()[0])])
    if name == "gif and script":  # whose width is spelt "/*"
        assert isinstance(found, str) or found.size[0] == 0x2A2F
    else:
        np.testing.assert_array_equal(found.pixels, plain.pixels)


# damage


@pytest.mark.parametrize("eighth", range(8))
@pytest.mark.parametrize("name", list(VALID))
def test_a_file_that_was_cut_off_is_refused(name, eighth):
    data = VALID[name]
    found = outcome(data[: len(data) * eighth // 8])
    if isinstance(found, str):
        assert "cut off" in found or "the file is empty" in found or "the picture has" in found
    else:  # films, and parts behind the pixels
        np.testing.assert_array_equal(found.pixels, outcome(data).pixels)
        assert name in ("apng", "gif film", "webp film", "webp lossless", "bmp runs")


def test_a_file_with_another_beginning_is_refused():
    kinds = {"png rgb": 8, "jpeg": 3, "webp": 12, "bmp": 2, "gif": 6}
    for first, start in kinds.items():
        for second, end in kinds.items():
            is_one = is_decoded(VALID[first][:start] + VALID[second][end:])
            assert is_one is (first == second), (first, second)


@pytest.mark.parametrize("part", range(10))
def test_20000_damaged_files_are_pictures_or_sentences(part):
    files = list(VALID.values())
    decoded = sum(is_decoded(made.mutated(files, seed)) for seed in range(part * 2000, part * 2000 + 2000))
    assert 200 < decoded < 1800  # neither harmless nor hopeless
