"""What kind of file some bytes are, by what they begin with and not by a name. No torch."""

import codecs
import re

from resnet_core.uploads.bounds import Refused

KINDS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
_BEGIN = {
    b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG", b"BM": "BMP", b"GIF87a": "GIF", b"GIF89a": "GIF",
}  # fmt: skip
# What visitors are likely to choose instead: how it begins, and what it is called.
_OTHERS = {
    rb"\s*(<\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE svg.*?>\s*)*<svg\b": "an SVG drawing",
    rb"\s*(<!doctype html|<html|<head|<body|<script)": "a web page (HTML)",
    rb"\s*<(\?xml|!DOCTYPE|!ENTITY)": "an XML file",
    rb"%PDF-": "a PDF document",
    rb"PK(\x03\x04|\x05\x06|\x07\x08)": "a zip archive (documents of office programs are such archives, too)",
    rb"II[*+]\0|MM\0[*+]": "a TIFF file, or a raw file of a camera",
    rb"....ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)": "an HEIC photo",
    rb"....ftypavi[fs]": "an AVIF picture",
    rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI ": "a video",
    rb"\xff\n|\0\0\0\x0cJXL ": "a JPEG XL picture",
    rb"\xffO\xffQ|\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    rb"\0\0[\1\2]\0": "an icon file (ICO)",
    rb"8BPS": "a Photoshop document",
    rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ": "a packed file",
    rb"MZ|\x7fELF|\xcf\xfa\xed\xfe": "a program",
}
_LOOKED_AT = 1024  # bytes


def kind_of(data: bytes) -> str:
    """One of `KINDS`. Raises `Refused`, which says, where that is known, what the file is instead."""
    for begin, kind in _BEGIN.items():
        if data.startswith(begin):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    raise Refused(
        f"this is {_other(data[:_LOOKED_AT])} and not one of the kinds that are read, which are PNG, JPEG, "
        "WebP, BMP and GIF; save the picture as one of these and choose that file"
    )


def _other(start: bytes) -> str:
    for pattern, name in _OTHERS.items():
        if re.match(pattern, start.removeprefix(b"\xef\xbb\xbf"), re.DOTALL | re.IGNORECASE):
            return name
    return "a text file" if _is_text(start) else "a file of an unknown kind"


def _is_text(start: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(start)  # the last letter may be cut
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter.isspace() for letter in text)
