"""A visitor's file becomes pixels: RGB, upright, at most 512 on the longer side. Pillow only, no torch.

Colours are those of the file, as if it were sRGB: profiles are dropped with everything else that is no pixel.
"""

import io
import time
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from resnet_core.saliency_findings import Upload
from resnet_core.uploads.bounds import GONE, SIDE, Refused, check_bytes, check_scans, check_size
from resnet_core.uploads.kinds import kind_of
from resnet_core.uploads.needed import Damaged, Needed, needed, orientation_of

SECONDS = 1.5  # of the processor, for one picture
_NAMES = {"WEBP": "WebP"}
_WHITE = (255, 255, 255, 255)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


def decoded(data: bytes) -> Upload:
    """The picture that a PNG, JPEG, WebP, BMP or GIF file holds, the first one where it holds several.

    What the file is called does not matter. Transparent pixels lie on white, 16 bits become 8. Raises
    ValueError, a sentence for people, for everything else, and before pixels are decoded where there would
    be too many.
    """
    check_bytes(data)
    kind = kind_of(data)
    try:
        shown = needed(kind, data)
        check_size(*shown.size)
        check_scans(shown.scans, *shown.size)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _decoded(kind, shown)
    except Refused:
        raise
    except MemoryError as error:
        raise ValueError("there was not enough memory to decode this picture; make it smaller") from error
    except Exception as error:  # a decoder stumbles over what is damaged in many ways
        name = _NAMES.get(kind, kind)
        raise ValueError(
            f"this {name} file is damaged or was cut off ({_why(error)}); save or load it again and choose "
            "that file"
        ) from error


def decoded_file(file: Path | None) -> Upload:
    """The same of a file's bytes; one that is gone is refused as well."""
    try:
        data = b"" if file is None else file.read_bytes()
    except FileNotFoundError:
        data = b""
    if not data:
        raise Refused(GONE)
    return decoded(data)


class _Timed(io.BytesIO):
    """Bytes that a decoder can only read on while it has not taken too long."""

    def __init__(self, data: bytes):
        super().__init__(data)
        self._end = time.thread_time() + SECONDS

    def read(self, size: int | None = -1) -> bytes:
        if time.thread_time() > self._end:
            raise Refused(
                f"decoding this picture takes longer than {SECONDS:g} s; save it again, as PNG or JPEG, and "
                "choose that file"
            )
        return super().read(size)


def _decoded(kind: str, shown: Needed) -> Upload:
    with Image.open(_Timed(shown.data), formats=[kind]) as opened:
        check_size(*opened.size)  # frames of a GIF may be larger than it says
        size = opened.size
        orientation = orientation_of(opened.info.get("exif", b"")) if kind == "WEBP" else shown.orientation
        depth = shown.data[24] if kind == "PNG" else 8
        picture = _averageable(opened, depth)
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
        picture = _on_white(picture)
    if orientation != 1:
        picture = picture.transpose(_TURNS[orientation])
    upright = size[::-1] if orientation >= 5 else size
    return Upload(np.array(picture), np.array(_NAMES.get(kind, kind)), np.array(upright))


def _averageable(opened: Image.Image, depth: int) -> Image.Image:
    key = opened.info.get("transparency")
    if opened.mode.startswith("I;16"):
        return _eight_bits(opened, key)
    if opened.mode == "P":
        return opened.convert("RGBA" if key is not None else "RGB")
    if key is not None and opened.mode in ("1", "L", "RGB"):
        return _keyed(opened, key, depth)
    return opened.convert("L") if opened.mode == "1" else opened


def _eight_bits(opened: Image.Image, key: int | None) -> Image.Image:
    values = np.asarray(opened)
    grey = Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))  # 257 = 65535 / 255
    if key is None:
        return grey
    return Image.merge("LA", [grey, Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8))])


def _keyed(opened: Image.Image, key: int | tuple[int, ...], depth: int) -> Image.Image:
    del opened.info["transparency"]
    if depth == 16:  # of which Pillow hands on the upper half: the one colour is not known any more
        return opened
    picture, most = opened.convert("L") if opened.mode == "1" else opened.copy(), 2**depth - 1
    scaled = tuple((part & most) * 255 // most for part in np.atleast_1d(key).tolist())
    picture.info["transparency"] = scaled[0] if len(scaled) == 1 else scaled
    return picture.convert("RGBA")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode not in ("LA", "RGBA"):
        return picture.convert("RGB")
    white = Image.new("RGBA", picture.size, _WHITE)
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, Damaged) else "its pixels cannot be decoded"
