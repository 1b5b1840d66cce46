"""Files as visitors may choose them, made by hand where no library would make them; and what comes of one."""

import io
import random
import struct
import time
import warnings
import zlib

import numpy as np
from PIL import Image

from resnet_core.saliency_findings import Upload
from resnet_core.uploads import SIDE, decoded

MAX_SECONDS = 2.0  # of the processor, for any file: a promise to visitors
CAMERA, LATITUDE = b"Camera of Ada", 0x0002


def outcome(data: bytes) -> Upload | str:
    """What was decoded, or the sentence that refuses: nothing else may come, and not late."""
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = decoded(data)
        except ValueError as error:
            found = str(error)
    assert time.process_time() - start < MAX_SECONDS
    if isinstance(found, str):
        assert 20 < len(found) < 300, found
        assert "\n" not in found, found
        assert "; " in found, "what can be done about it"
    else:
        assert found.pixels.dtype == np.uint8
        assert found.pixels.shape[2:] == (3,)
        assert min(found.pixels.shape[:2]) >= 1
        assert max(found.pixels.shape[:2]) <= SIDE
    return found


def saved(picture: Image.Image, kind: str, **settings: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()


def colours(width: int = 7, height: int = 5) -> Image.Image:
    """A picture without any symmetry, of strong colours."""
    pixels = np.random.default_rng(width * 1000 + height).integers(0, 256, (height, width, 4), dtype=np.uint8)
    return Image.fromarray(pixels)


# PNG


def chunk(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(
    size: tuple[int, int], rows: bytes, *more: bytes, depth: int = 8, colour: int = 0, woven: int = 0
) -> bytes:
    """`rows` with their filter bytes; `more` are chunks before the pixels."""
    header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, woven)
    parts = [chunk(b"IHDR", header), *more, chunk(b"IDAT", zlib.compress(rows, 1)), chunk(b"IEND")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png_of(values: np.ndarray, *more: bytes, depth: int, colour: int) -> bytes:
    """Of (H, W) or (H, W, C) values of 8 or 16 bits."""
    plain = values.astype(">u2" if depth == 16 else "u1").reshape(len(values), -1)
    rows = b"".join(b"\0" + row.tobytes() for row in plain)
    return png((values.shape[1], len(values)), rows, *more, depth=depth, colour=colour)


def with_chunks(data: bytes, *chunks: bytes) -> bytes:
    """A PNG file with more chunks behind its header."""
    return data[:33] + b"".join(chunks) + data[33:]


# EXIF


def exif(orientation: int, order: str = "<", kind: int = 3) -> bytes:
    """With the orientation, the camera and a place."""
    entries = [
        struct.pack(order + "HHII", 0x010F, 2, len(CAMERA), 100),
        struct.pack(order + "HHIHH", 0x0112, kind, 1, orientation, 0),
        struct.pack(order + "HHII", 0x8825, 4, 1, 60),
    ]
    place = struct.pack(order + "H", 1) + struct.pack(order + "HHII", LATITUDE, 5, 3, 120)
    first = struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)
    start = b"II*\0" if order == "<" else b"MM\0*"
    whole = (start + struct.pack(order + "I", 8) + first).ljust(60, b"\0") + place
    return whole.ljust(100, b"\0") + CAMERA.ljust(20, b"\0") + struct.pack(order + "6I", 52, 1, 31, 1, 12, 1)


def claiming_exif(count: int) -> bytes:
    """That many entries, each of which claims all the bytes there are."""
    entry = b"".join(struct.pack("<HHII", 0x9000 + i % 0x6000, 7, 12 * count, 8) for i in range(count))
    return b"II*\0" + struct.pack("<IH", 8, min(count, 0xFFFF)) + entry


# JPEG


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_segments(data: bytes, *segments: bytes) -> bytes:
    return data[:2] + b"".join(segments) + data[2:]


def of_size(data: bytes, width: int, height: int) -> bytes:
    """A JPEG file whose header says that it is as large as this."""
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def of_many_scans(size: tuple[int, int], scans: int) -> bytes:
    """A progressive JPEG file that goes over its pixels again and again."""
    data = saved(Image.new("RGB", size, (9, 9, 9)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * scans + data[-2:]


# the others


def gif_with(data: bytes, extension: bytes) -> bytes:
    """A GIF file with an extension before its first picture."""
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    return data[:at] + extension + data[at:]


def blocks(length: int, count: int) -> bytes:
    return (bytes([length]) + b"x" * length) * count + b"\0"


def bmp(size: tuple[int, int], pixels: bytes, bits: int = 24, way: int = 0, more: bytes = b"") -> bytes:
    """`way` 0 is plain, 1 in runs, 3 with masks; `more` comes before the pixels: masks, or colours."""
    start = 54 + len(more)
    header = struct.pack(
        "<IiiHHIIiiII", 40, *size, 1, bits, way, len(pixels), 0, 0, len(more) // 4 if bits <= 8 else 0, 0
    )
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + header + more + pixels


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts


def canvas(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    return b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(
        3, "little"
    )


def valid() -> dict[str, bytes]:
    """A small file of each kind and way of keeping colours."""
    rgba, rgb, sixteen = colours(), colours().convert("RGB"), np.arange(35, dtype=np.uint16) * 1800
    few, film = rgb.quantize(8), {"save_all": True, "append_images": [rgb.rotate(180)]}
    return {
        "png rgb": saved(rgb, "PNG"),
        "png rgba": saved(rgba, "PNG", exif=exif(5)),
        "png grey": saved(rgb.convert("L"), "PNG"),
        "png palette": saved(few, "PNG", transparency=2),
        "png bits": saved(rgb.convert("1"), "PNG"),
        "png sixteen": saved(Image.fromarray(sixteen.reshape(5, 7)), "PNG"),
        "apng": saved(rgb, "PNG", **film),
        "jpeg": saved(rgb, "JPEG"),
        "jpeg grey": saved(rgb.convert("L"), "JPEG"),
        "jpeg cmyk": saved(rgb.convert("CMYK"), "JPEG"),
        "jpeg progressive": saved(rgb, "JPEG", progressive=True),
        "jpeg exif": saved(rgb, "JPEG", exif=exif(6)),
        "webp": saved(rgb, "WEBP"),
        "webp lossless": saved(rgba, "WEBP", lossless=True, exif=exif(3)),
        "webp film": saved(rgb, "WEBP", **film),
        "bmp": saved(rgb, "BMP"),
        "bmp palette": saved(few, "BMP"),
        "bmp runs": bmp((4, 2), b"\4\1\0\0\2\0\2\1\0\1", 8, 1, bytes(range(16))),
        "gif": saved(few, "GIF"),
        "gif film": saved(few, "GIF", transparency=1, **film),
    }


# damage


def mutated(files: list[bytes], seed: int) -> bytes:
    """One of them with some bits turned, bytes put in or taken out, parts exchanged, or cut off."""
    chance = random.Random(seed)
    data = bytearray(chance.choice(files))
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        if len(data) < 4:
            break
        at, length = chance.randrange(len(data)), chance.choice((1, 2, 4, 16))
        other = chance.randrange(len(data))
        way = chance.randrange(7)
        if way == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif way == 1:
            data[at : at + length] = chance.randbytes(min(length, len(data) - at))
        elif way == 2:
            data[at:at] = chance.randbytes(length)
        elif way == 3:
            del data[at : at + length]
        elif way == 4:
            data[at : at + length] = bytes([chance.choice((0, 0x7F, 0x80, 0xFF))]) * length
        elif way == 5:
            data[at:at] = data[other : other + 40]
        else:
            del data[max(at, 3) :]
    return mended(bytes(data)) if chance.random() < 0.5 else bytes(data)


def mended(data: bytes) -> bytes:
    """A PNG file with check sums that fit, so that its damage is not seen by them."""
    kept, at = data[:8], 8
    while data[:4] == b"\x89PNG" and at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kept += chunk(data[at + 4 : at + 8], data[at + 8 : at + 8 + length])
        at += 12 + length
    return kept if at > 8 else data
