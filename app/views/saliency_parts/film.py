"""The maps of a picture over training as a small film, a frame a step: GIF or WebP.

N = side of a panel's picture.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.figures.map_sheet import Scale
from app.figures.overlay import bar
from app.figures.theme import Palette

N = 224
EDGE, GAP = 16, 12  # px around everything, and between panels
HEAD, LINE, FOOT = 36, 24, 52  # px: the step, a line at a panel, the scale
TEXT = 17  # px
MILLISECONDS, LAST_MILLISECONDS = 700, 2000  # of a frame, and of the last one
FORMATS = {"GIF": "gif", "WebP": "webp"}


class Panel(NamedTuple):
    """One network in one frame: `colors` (N, N, 3) uint8, `color` that of its name."""

    name: str
    color: str
    colors: np.ndarray
    note: str


class Frame(NamedTuple):
    title: str
    panels: Sequence[Panel]


def film(frames: Sequence[Frame], scale: Scale, palette: Palette, kind: Literal["GIF", "WebP"]) -> bytes:
    """The file of a film that begins again when it ends; `frames` are at least one."""
    first, *others = [_drawn(frame, scale, palette) for frame in frames]
    file = BytesIO()
    more = {"quality": 85, "method": 4} if kind == "WebP" else {"optimize": True, "disposal": 1}
    durations = [MILLISECONDS] * len(others) + [LAST_MILLISECONDS]
    first.save(file, kind.lower(), save_all=True, append_images=others, duration=durations, loop=0, **more)
    return file.getvalue()


def _drawn(frame: Frame, scale: Scale, palette: Palette) -> Image.Image:
    count = len(frame.panels)
    width = 2 * EDGE + count * N + (count - 1) * GAP
    picture = Image.new("RGB", (width, HEAD + 2 * LINE + N + FOOT + EDGE), palette.paper)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(TEXT)
    pen.text((EDGE, EDGE // 2), frame.title, palette.ink, font)
    for number, panel in enumerate(frame.panels):
        left = EDGE + number * (N + GAP)
        pen.text((left, HEAD), panel.name, panel.color, font)
        picture.paste(Image.fromarray(panel.colors), (left, HEAD + LINE))
        pen.text((left, HEAD + LINE + N + 2), panel.note, palette.ink, font)
    _legend(picture, scale, palette)
    return picture


def _legend(picture: Image.Image, scale: Scale, palette: Palette) -> None:
    top, width = picture.height - FOOT, picture.width - 2 * EDGE
    colors = Image.fromarray(bar(palette, is_signed=scale.is_signed, is_over=scale.is_over))
    picture.paste(colors.resize((width, 12), Image.NEAREST), (EDGE, top))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(TEXT - 2)
    most = "its largest" if np.isnan(scale.most) else f"{scale.most:.3g}"
    low = f"-{most}" if scale.is_signed else "0"
    pen.text((EDGE, top + 14), low, palette.ink, font)
    pen.text((EDGE + width, top + 14), most, palette.ink, font, anchor="ra")
