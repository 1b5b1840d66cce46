"""What a picture reference means: `test:N`, a generated `shapes:N`, or `file:SHA-256`, as a network sees it.

C = channels and S = side of the network's pictures, H, W = height and width of a file's.
"""

from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from resnet_core.data.sets import drawn_pictures
from resnet_core.data.shapes import shapes
from resnet_core.instruments.subject import Subject
from resnet_core.uploads.bounds import GONE

NO_LABEL = -1
_UNKNOWN = np.zeros((0, 0), bool)


class Picture(NamedTuple):
    """One picture as a network sees it, and what is known of it."""

    pixels: Tensor  # (C, S, S) uint8
    label: int  # -1 where it has none among the classes of the network
    mask: np.ndarray  # (S, S) bool: where the thing is; (0, 0) where that is not known


def picture_of(subject: Subject, reference: str) -> Picture:
    """The picture that a reference names, at the subject's side and with its channels.

    Of drawn sets masks are known, and their numbers go on past the last test picture. For a network that was
    trained on other pictures, `shapes:N` has no label. A file is cut to the square in its middle; colours
    become grey, by luminance, where the network has one channel. Raises ValueError for a picture that is not
    there.
    """
    kind, name = reference.split(":")
    if kind == "file":
        return Picture(_of_file(subject), NO_LABEL, _UNKNOWN)
    if kind == "shapes":
        return _drawn(subject, int(name))
    pixels, label = subject.test_picture(int(name))
    is_drawn = subject.config.data.info.is_drawn
    return Picture(pixels, label, _drawn(subject, int(name)).mask if is_drawn else _UNKNOWN)


def _drawn(subject: Subject, number: int) -> Picture:
    data, numbers = subject.config.data, np.array([number])
    drawn = drawn_pictures(numbers, data) if data.info.is_drawn else shapes(numbers, data.side)
    label = int(drawn.labels[0]) if data.info.is_drawn else NO_LABEL
    colours = Image.fromarray(np.ascontiguousarray(drawn.images[0].transpose(1, 2, 0)))
    return Picture(_as_seen(subject, colours), label, drawn.masks[0])


def _of_file(subject: Subject) -> Tensor:
    if subject.file is None:
        raise ValueError(f"picture: {GONE}")
    with np.load(subject.file, allow_pickle=False) as arrays:
        return _as_seen(subject, Image.fromarray(arrays["pixels"]))


def _as_seen(subject: Subject, colours: Image.Image) -> Tensor:
    side = subject.images.side
    square = ImageOps.fit(colours, (side, side), Image.Resampling.BILINEAR)  # antialiased
    pixels = np.array(square if subject.config.data.info.channels == 3 else square.convert("L"))
    pixels = pixels.transpose(2, 0, 1) if pixels.ndim == 3 else pixels[None]
    return torch.from_numpy(np.ascontiguousarray(pixels)).to(subject.images.test_images.device)
