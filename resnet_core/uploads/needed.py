"""The parts of a file that its pixels need: the rest, such as where a photo was taken, is never parsed.

Comments, profiles, previews, further frames and EXIF are skipped by their length alone; of EXIF only the
orientation is read. So a decoder is shown nothing that could keep it busy for what is thrown away.
Sizes come from the header, before any pixel is decoded.
"""

import re
import struct
from contextlib import suppress
from typing import NamedTuple

MAX_PARTS = 50_000  # chunks, segments or blocks; a picture of 8 MiB has about a thousand
_PNG_PARTS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_STANDALONE = {0x01, *range(0xD0, 0xD8)}  # JPEG markers without a length
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES = {0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF}
_COLOURS = {0xE0, 0xEE}  # JFIF and Adobe: what the channels are
_APP1, _SCAN, _END = 0xE1, 0xDA, 0xD9
_MARKER = re.compile(rb"\xff[^\0\xff]")  # and not filling
_ORIENTATION, _SHORT = 0x0112, 3


class Damaged(Exception):
    """A file whose parts do not fit together."""


class Needed(NamedTuple):
    data: bytes
    size: tuple[int, int]  # width and height as they are in the file
    orientation: int = 1  # EXIF's: 1 is upright, 2 to 8 are turned or mirrored
    scans: int = 1  # times that the decoder goes over all pixels


def needed(kind: str, data: bytes) -> Needed:
    """What a decoder is to be shown of a file. Raises `Damaged`."""
    try:
        return {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp, "BMP": _bmp, "GIF": _gif}[kind](data)
    except (struct.error, IndexError) as error:
        raise Damaged("it ends too early") from error


def orientation_of(exif: bytes) -> int:
    """1 to 8, from the first directory of a block of EXIF; 1 where it says nothing that is understood."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    with suppress(struct.error):
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, at)
            if tag == _ORIENTATION:
                return value if kind == _SHORT and 1 <= value <= 8 else 1
    return 1


def _png(data: bytes) -> Needed:
    size = struct.unpack_from(">II", data, 16)
    kept, orientation, at = [data[:8]], 1, 8
    for _ in range(MAX_PARTS):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise Damaged("it ends too early")
        if name in _PNG_PARTS:
            kept.append(data[at:end])
        elif name == b"eXIf":
            orientation = orientation_of(data[at + 8 : end - 4])
        if name == b"IEND":
            return Needed(b"".join(kept), size, orientation)
        at = end
    raise Damaged(f"it has more than {MAX_PARTS:,} chunks")


def _jpeg(data: bytes) -> Needed:
    kept, size, orientation, at = [data[:2]], None, None, 2
    for _ in range(MAX_PARTS):
        at = _next_marker(data, at)
        marker = data[at + 1]
        if marker == _SCAN and size is not None:
            scans = data.count(b"\xff\xda", at)
            return Needed(b"".join([*kept, data[at:]]), size, orientation or 1, scans)
        if marker in _STANDALONE:
            at += 2
            continue
        if marker in (_SCAN, _END):
            break
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if marker in _FRAMES:
            size = struct.unpack_from(">HH", data, at + 5)[::-1]
        if marker in _FRAMES | _TABLES | _COLOURS:
            kept.append(data[at:end])
        elif marker == _APP1 and orientation is None and data[at + 4 : at + 10] == b"Exif\0\0":
            orientation = orientation_of(data[at + 4 : end])
        at = end
    raise Damaged("there are no pixels in it")


def _next_marker(data: bytes, at: int) -> int:
    found = _MARKER.search(data, at)
    if found is None:
        raise Damaged("there are no pixels in it")
    return found.start()


def _webp(data: bytes) -> Needed:
    kind, size = data[12:16], None
    if kind == b"VP8X":
        low, middle = struct.unpack_from("<HB", data, 24), struct.unpack_from("<HB", data, 27)
        size = tuple(part[0] + (part[1] << 16) + 1 for part in (low, middle))
    elif kind == b"VP8 ":
        size = tuple(part & 0x3FFF for part in struct.unpack_from("<HH", data, 26))
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        size = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if size is None:
        raise Damaged("there are no pixels in it")
    return Needed(data, size)


def _bmp(data: bytes) -> Needed:
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<ii", data, 18)
    return Needed(data, (width, abs(height)))  # below 0: from the top down


def _gif(data: bytes) -> Needed:
    size, flags = struct.unpack_from("<HH", data, 6), data[10]
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    kept, control = data[:at], b""
    for _ in range(MAX_PARTS):
        if data[at : at + 1] == b",":
            return Needed(kept + control + data[at:], size)
        if data[at : at + 1] != b"!":
            raise Damaged("there are no pixels in it")
        start, label = at, data[at + 1]
        at = _behind_blocks(data, at + 2)
        if label == 0xF9 and at == start + 8:  # which colour is transparent
            control = data[start:at]
    raise Damaged(f"it has more than {MAX_PARTS:,} extensions")


def _behind_blocks(data: bytes, at: int) -> int:
    for _ in range(MAX_PARTS):
        length = data[at]
        at += 1 + length
        if length == 0:
            return at
    raise Damaged(f"it has more than {MAX_PARTS:,} blocks")
