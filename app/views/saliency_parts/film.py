"""The maps of a picture over training as a small film, a frame a step: GIF or WebP.

N = side of a panel's picture.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.figures.map_colors import rgb
from app.figures.map_sheet import Scale
from app.figures.overlay import bar
from app.figures.theme import Palette

SIDES = {15: 224, 24: 160}  # px of a panel's picture, by the most frames of a film with it
SMALLEST = 112  # px, in films of more frames
EDGE, GAP = 16, 12  # px around everything, and between panels
HEAD, LINE, FOOT = 36, 24, 52  # px: the step, a line at a panel, the scale
TEXT = 17  # px
MILLISECONDS, LAST_MILLISECONDS = 700, 2000  # of a frame, and of the last one
COLORS = 128  # of a GIF, which has 256 at most: fewer make it smaller
FORMATS = {"GIF": "gif", "WebP": "webp"}


class Panel(NamedTuple):
    """One network in one frame: `colors` (N, N, 3) uint8, as large in all; `color` that of its name."""

    name: str
    color: str
    colors: np.ndarray
    note: str


class Frame(NamedTuple):
    title: str
    panels: Sequence[Panel]


def film(frames: Sequence[Frame], scale: Scale, palette: Palette, kind: Literal["GIF", "WebP"]) -> bytes:
    """The file of a film that begins again when it ends; `frames` are at least one."""
    pictures = [_drawn(frame, scale, palette) for frame in frames]
    names = {panel.color for frame in frames for panel in frame.panels}
    first, *others = _of_few_colors(pictures, [palette.ink, *names]) if kind == "GIF" else pictures
    file, more = BytesIO(), {"quality": 85, "method": 4} if kind == "WebP" else {}
    durations = [MILLISECONDS] * len(others) + [LAST_MILLISECONDS]
    first.save(file, kind.lower(), save_all=True, append_images=others, duration=durations, loop=0, **more)
    return file.getvalue()


def side_of(frames: int) -> int:
    """Pixels of a panel's picture, so that a film of as many frames stays at a few hundred kilobytes."""
    return next((side for most, side in SIDES.items() if frames <= most), SMALLEST)


def _of_few_colors(pictures: Sequence[Image.Image], kept: Sequence[str]) -> list[Image.Image]:
    """The same colours for all frames, so that no map changes its own; small words keep theirs."""
    samples = [np.asarray(picture)[::3, ::3].reshape(-1, 3) for picture in pictures]
    own = [np.tile(rgb(color), (len(samples[0]) // 2, 1)) for color in kept]
    common = Image.fromarray(np.concatenate([*samples, *own])[None]).quantize(
        COLORS, Image.Quantize.MEDIANCUT
    )
    return [picture.quantize(palette=common, dither=Image.Dither.NONE) for picture in pictures]


def _drawn(frame: Frame, scale: Scale, palette: Palette) -> Image.Image:
    side, font = len(frame.panels[0].colors), ImageFont.load_default(TEXT)
    width = 2 * EDGE + len(frame.panels) * (side + GAP) - GAP
    picture = Image.new("RGB", (width, HEAD + 2 * LINE + side + FOOT + EDGE), palette.paper)
    pen = ImageDraw.Draw(picture)
    pen.text((EDGE, EDGE // 2), frame.title, palette.ink, font)
    for number, panel in enumerate(frame.panels):
        left = EDGE + number * (side + GAP)
        pen.text((left, HEAD), _fitting(panel.name, font, side), panel.color, font)
        picture.paste(Image.fromarray(panel.colors), (left, HEAD + LINE))
        pen.text((left, HEAD + LINE + side + 2), _fitting(panel.note, font, side), palette.ink, font)
    _legend(picture, scale, palette)
    return picture


def _fitting(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    while font.getlength(text) > width and len(text) > 2:
        text = f"{text[:-2]}…"
    return text


def _legend(picture: Image.Image, scale: Scale, palette: Palette) -> None:
    top, width = picture.height - FOOT, picture.width - 2 * EDGE
    colors = Image.fromarray(bar(palette, is_signed=scale.is_signed, is_over=scale.is_over))
    picture.paste(colors.resize((width, 12), Image.NEAREST), (EDGE, top))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(TEXT - 2)
    most = "its largest" if np.isnan(scale.most) else f"{scale.most:.3g}"
    low = f"-{most}" if scale.is_signed else "0"
    pen.text((EDGE, top + 14), low, palette.ink, font)
    pen.text((EDGE + width, top + 14), most, palette.ink, font, anchor="ra")
