"""How large a visitor's picture may be, and the sentences that say so. No torch."""

MAX_BYTES = 8 * 2**20
MAX_PIXELS = 25_000_000
MAX_SIDE = 65_535  # pixels, as JPEG and GIF have at most
MAX_SCANNED_PIXELS = 40 * MAX_PIXELS  # pixels times passes over them; a progressive JPEG has about ten passes
SIDE = 512  # pixels: the longer side of what is kept
GONE = "this picture is not here any more; choose the file again"


class Refused(ValueError):
    """Why a file is not taken, in a sentence for people."""


def check_bytes(data: bytes) -> None:
    """Raises `Refused` where a file is empty or longer than `MAX_BYTES`."""
    if not data:
        raise Refused("the file is empty (0 bytes); choose a picture")
    if len(data) > MAX_BYTES:
        raise Refused(
            f"the file has {len(data) / 2**20:.2f} MiB and at most {MAX_BYTES // 2**20} are read; "
            "make the picture smaller and choose it again"
        )


def check_size(width: int, height: int) -> None:
    """Raises `Refused` where a picture of this size, in pixels, is none that is decoded."""
    size = f"the picture has {width:,} × {height:,} pixels"
    if min(width, height) < 1:
        raise Refused(f"{size}, which is none at all; choose another picture")
    if width * height > MAX_PIXELS:
        raise Refused(
            f"{size}, {width * height / 1e6:,.1f} million, and at most {MAX_PIXELS // 10**6} million are "
            "decoded; make the picture smaller and choose it again"
        )
    if max(width, height) > MAX_SIDE:
        raise Refused(f"{size} and a side may have at most {MAX_SIDE:,}; cut the picture and choose it again")


def check_scans(scans: int, width: int, height: int) -> None:
    """Raises `Refused` where a decoder would have to go over all pixels too often."""
    most = MAX_SCANNED_PIXELS // (width * height)
    if scans > most:
        raise Refused(
            f"this JPEG picture goes {scans:,} times over its {width:,} × {height:,} pixels and at most "
            f"{most:,} times are followed; save it again, not progressive, and choose that file"
        )
