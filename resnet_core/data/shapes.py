"""Pictures of ten shapes with their labels and masks, drawn from signed distances by (seed, index).

N = pictures, S = side, K = numbers drawn for a picture, W = waves of the background. Lengths are in halves
of the side, x to the right and y downwards from the picture's middle. A picture is a function of (seed,
index, side, difficulty) alone, whichever others are asked for with it: its numbers are hashes of (seed,
index, which number), mixed as in splitmix64. What it shows does not depend on the side, but for its grain,
which is one of pixels. Sines are taken in double precision of numbers, never of pixels, and pixels see only
operations that are rounded exactly, so that machines draw the same bytes.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

NAMES = (
    "circle", "ring", "square", "triangle", "star", "cross", "crescent", "heart", "arrow", "hourglass",
)  # fmt: skip
DIFFICULTY = 0.2
STROKES = 3  # distractors at most
PIXELS_AT_ONCE = 65_536  # few enough for the cache, many enough that starting an operation costs little
_Number = float | np.ndarray
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_NUMBERS = 64  # a picture's own numbers; those of its grain come behind


class Shapes(NamedTuple):
    """Pictures, the numbers of their shapes in `NAMES`, and where the shape is."""

    images: np.ndarray  # (N, 3, S, S) uint8
    labels: np.ndarray  # (N,) int64
    masks: np.ndarray  # (N, S, S) bool: pixels whose middle lies in the shape


class Scenes(NamedTuple):
    """What pictures show, at no particular side."""

    labels: np.ndarray  # (N,) int64
    centres: np.ndarray  # (N, 2) x and y
    radii: np.ndarray  # (N,) of the circle around the shape
    angles: np.ndarray  # (N,) by which it is turned
    colours: np.ndarray  # (N, 3) of the shape, in [0, 1]
    papers: np.ndarray  # (N, 2, 3) the two colours of the background
    waves: np.ndarray  # (N, W, 4) of the background: along x and y in radians a half side, phase, amplitude
    strokes: np.ndarray  # (N, STROKES, 5) distractors: x, y, angle, half length, half width; 0 long: absent
    inks: np.ndarray  # (N, STROKES, 3) their colours
    grain: float  # largest deviation of a pixel


def shapes(indices: np.ndarray, side: int, difficulty: float = DIFFICULTY, seed: int = 0) -> Shapes:
    """The pictures of these indices, each >= 0, in their order.

    Any ten neighbours from a multiple of ten on show ten different shapes. `difficulty` from 0 to 1 makes
    shapes smaller, turns them, lets contrast fall and its sign vary, and brings texture, grain, distractors.
    """
    scene = scenes(indices, difficulty, seed)
    if not 8 <= side <= 1024:
        raise ValueError(f"side: {side} is not between 8 and 1024 pixels")
    keys, count = _keys(indices, seed), len(scene.labels)
    images = np.empty((count, 3, side, side), np.uint8)
    masks = np.empty((count, side, side), bool)
    for label, distance in enumerate(_DISTANCES):
        for some in _parts(np.flatnonzero(scene.labels == label), PIXELS_AT_ONCE // side**2):
            few = scene._replace(**{name: getattr(scene, name)[some] for name in Scenes._fields[:-1]})
            images[some], masks[some] = _drawn(few, distance, keys[some], side)
    return Shapes(images, scene.labels, masks)


def scenes(indices: np.ndarray, difficulty: float = DIFFICULTY, seed: int = 0) -> Scenes:
    """Where the shapes of these indices are, how large, how turned, on what and among what."""
    if not 0 <= difficulty <= 1:
        raise ValueError(f"difficulty: {difficulty} is not between 0 and 1")
    keys = _keys(indices, seed)
    draw = iter(_uniform(keys, _NUMBERS).T)
    radii = _between(next(draw), _between(difficulty, 0.50, 0.30), _between(difficulty, 0.64, 0.46))
    centres = np.stack([_between(next(draw), radii - 1, 1 - radii) for _ in "xy"], 1)
    angles = _between(next(draw), -1.0, 1.0) * np.pi * difficulty**2
    papers, colours = _colours(draw, difficulty)
    waves = np.stack([_wave(draw) for _ in range(3)], 1)
    strokes = np.stack([_stroke(draw, difficulty) for _ in range(STROKES)], 1)
    inks = np.stack([_colour(_between(next(draw), 0.1, 0.9), 0.2, next(draw)) for _ in range(STROKES)], 1)
    labels, grain = _labels(indices, seed), 0.2 * difficulty
    return Scenes(labels, centres, radii, angles, colours, papers, waves, strokes, inks, grain)


def _between(share: _Number, low: _Number, high: _Number) -> _Number:
    return low + share * (high - low)


def _labels(indices: np.ndarray, seed: int) -> np.ndarray:
    tens, ones = np.divmod(np.asarray(indices, np.int64), 10)
    number = _uniform(_keys(tens, seed + 1), 2)
    factor = np.array([1, 3, 7, 9])[(4 * number[:, 0]).astype(np.int64)]  # prime to ten: all shapes in turn
    return (factor * ones + (10 * number[:, 1]).astype(np.int64)) % 10


def _colours(draw: Iterator, difficulty: float) -> tuple[np.ndarray, np.ndarray]:
    gap, spread = _between(difficulty, 0.5, 0.15), _between(difficulty, 0.02, 0.12)
    light, hue = _between(next(draw), 0.1, _between(difficulty, 0.3, 0.9)), next(draw)
    away = np.where(light < 0.5, 1.0, -1.0)
    papers = [_colour(light + sign * spread, 0.12, hue + sign * 0.08) for sign in (-1, 1)]
    light = np.clip(light + away * _between(next(draw), gap, gap + 0.15), 0.05, 0.95)
    return np.stack(papers, 1), _colour(light, 0.3, next(draw))


def _colour(light: np.ndarray, strength: float, hue: np.ndarray) -> np.ndarray:
    thirds = np.arange(3) / 3
    return np.clip(light[:, None] + strength * np.cos(2 * np.pi * (hue[:, None] + thirds)), 0, 1)


def _wave(draw: Iterator) -> np.ndarray:
    length, angle = _between(next(draw), 2.0, 11.0), np.pi * next(draw)
    phase, strength = 2 * np.pi * next(draw), next(draw)
    return np.stack([length * np.cos(angle), length * np.sin(angle), phase, strength], 1)


def _stroke(draw: Iterator, difficulty: float) -> np.ndarray:
    x, y = (_between(next(draw), -1.0, 1.0) for _ in "xy")
    angle, long, wide = np.pi * next(draw), _between(next(draw), 0.1, 0.35), _between(next(draw), 0.04, 0.08)
    is_there = next(draw) < difficulty
    return np.stack([x, y, angle, long * is_there, wide], 1)


def _drawn(scene: Scenes, distance: Callable, keys: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    paint = _background(scene, side)  # (N, 3, S, S)
    for strokes, inks in zip(scene.strokes.swapaxes(0, 1), scene.inks.swapaxes(0, 1), strict=True):
        there = np.flatnonzero(strokes[:, 3])
        x, y, angle, long, wide = strokes[there].T
        along, across = _turned(np.stack([x, y], 1), angle, side)
        away = np.maximum(np.abs(along) - _column(long), np.abs(across) - _column(wide))
        paint[there] = _covered(paint[there], away, inks[there])
    x, y = (part / _column(scene.radii) for part in _turned(scene.centres, scene.angles, side))
    away = distance(x, y) * _column(scene.radii)
    paint = _covered(paint, away, scene.colours)
    paint += _grain(keys, side)[:, None] * np.float32(scene.grain)
    paint *= 255
    paint += np.float32(0.5)
    np.clip(paint, 0, 255, out=paint)
    return paint.astype(np.uint8), away <= 0


def _background(scene: Scenes, side: int) -> np.ndarray:
    at = _places(side)
    mixed = np.full((len(scene.labels), side, side), 0.5, np.float32)
    total = scene.waves[:, :, 3].sum(1)
    for number in range(scene.waves.shape[1]):
        x, y, phase, amplitude = scene.waves[:, number, :, None].transpose(1, 0, 2)
        rows, columns, size = y * at + phase, x * at, amplitude / (2 * total[:, None])
        # sin(a + b) = sin a cos b + cos a sin b: sines of rows and of columns, not of pixels.
        mixed += _single(size * np.sin(rows))[:, :, None] * _single(np.cos(columns))[:, None]
        mixed += _single(size * np.cos(rows))[:, :, None] * _single(np.sin(columns))[:, None]
    first, other = _single(scene.papers).transpose(1, 0, 2)[..., None, None]
    return first + mixed[:, None] * (other - first)


def _turned(centres: np.ndarray, angles: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Each pixel's place (N, S, S) along the two axes of what is at `centres`, turned by `angles`."""
    at, (cos, sin) = _places(side), (np.cos(angles)[:, None], np.sin(angles)[:, None])
    x, y = at - centres[:, :1], at - centres[:, 1:]
    first = _single(y * sin)[:, :, None] + _single(x * cos)[:, None]
    return first, _single(y * cos)[:, :, None] - _single(x * sin)[:, None]


def _covered(paint: np.ndarray, away: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """A colour over each picture where `away` < 0, and in part over pixels that the edge divides."""
    share = np.clip(np.float32(0.5) - away * np.float32(paint.shape[-1] / 2), 0, 1)
    coat = _single(colours)[:, :, None, None] - paint
    coat *= share[:, None]
    coat += paint
    return coat


def _grain(keys: np.ndarray, side: int) -> np.ndarray:
    words = _hashes(keys, _NUMBERS, -(-side * side // 4)).astype("<u8")  # four pixels a word
    pixels = words.view("<u2")[:, : side * side].reshape(-1, side, side)
    return pixels * np.float32(2 / 65536) - np.float32(1)


def _places(side: int) -> np.ndarray:
    return (np.arange(side) + 0.5) * (2 / side) - 1


def _column(values: np.ndarray) -> np.ndarray:
    return _single(values)[:, None, None]


def _single(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)


# --- distances from shapes within a circle of radius 1: below 0 inside ----------------------------------
# Past a corner they are those from the sides' lines, which are smaller: the edge itself is exact.


def _length(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(x * x + y * y)


def _circle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _length(x, y) - np.float32(0.9)


def _ring(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.abs(_length(x, y) - np.float32(0.72)) - np.float32(0.22)


def _square(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(x), np.abs(y)) - np.float32(0.76)


def _triangle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    sides = np.float32(0.75**0.5) * np.abs(x) - np.float32(0.5) * y
    return np.maximum(sides, y) - np.float32(0.5)


def _star(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Folded at two mirror lines until one edge is left, from the tip (0, 1) to the notch beside it."""
    x, y = np.abs(x), -y
    cos, sin = np.float32(np.cos(np.pi / 5)), np.float32(np.sin(np.pi / 5))
    for a in (cos, -cos):
        past = 2 * np.maximum(x * a - y * sin, 0)
        x, y = x - past * a, y + past * sin
    across, down = 0.45 * np.sin(np.pi / 5), 1 - 0.45 * np.cos(np.pi / 5)
    size = np.hypot(across, down)
    return np.abs(x) * np.float32(down / size) + (y - np.float32(1)) * np.float32(across / size)


def _cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = np.abs(x), np.abs(y)
    long, wide = np.maximum(x, y), np.minimum(x, y)
    return np.maximum(long - np.float32(0.92), wide - np.float32(0.28))


def _crescent(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.maximum(_length(x, y) - np.float32(0.95), np.float32(0.74) - _length(x - np.float32(0.45), y))


def _heart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A square on its corner, and a half circle on each of its upper sides."""
    x, half = np.abs(x), np.float32(0.5**0.5)
    y = y - np.float32(0.1)
    along, across = (x + y) * half, (x - y) * half  # across the lower and the upper sides
    square = np.maximum(np.abs(along), np.abs(across)) - np.float32(0.54)
    bump = _length(along, across - np.float32(0.54)) - np.float32(0.54)
    return np.minimum(square, bump)


def _arrow(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    slope = 0.8 / 0.95
    size = (1 + slope**2) ** 0.5
    head = x * np.float32(1 / size) - (y + np.float32(0.95)) * np.float32(slope / size)
    head = np.maximum(head, y)
    return np.minimum(head, np.maximum(x - np.float32(0.24), np.abs(y - np.float32(0.25)) - np.float32(0.7)))


def _hourglass(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = np.abs(x), np.abs(y)
    side = (x - np.float32(0.08) - y * np.float32(0.75)) * np.float32(0.8)
    return np.maximum(side, y - np.float32(0.78))


_DISTANCES = (
    _circle, _ring, _square, _triangle, _star, _cross, _crescent, _heart, _arrow, _hourglass,
)  # fmt: skip


def _keys(indices: np.ndarray, seed: int) -> np.ndarray:
    """(N,) uint64, one a picture."""
    indices = np.asarray(indices)
    if indices.ndim != 1 or (len(indices) and (indices.dtype.kind not in "iu" or indices.min() < 0)):
        raise ValueError("indices: not a row of whole numbers from 0 on")
    start = _mixed(np.array([seed], np.uint64))
    return _mixed(start + indices.astype(np.uint64) * _GOLDEN)


def _uniform(keys: np.ndarray, count: int) -> np.ndarray:
    """(N, K) doubles in [0, 1)."""
    return (_hashes(keys, 0, count) >> np.uint64(11)) * 2.0**-53


def _hashes(keys: np.ndarray, first: int, count: int) -> np.ndarray:
    return _mixed(keys[:, None] + np.arange(first + 1, first + 1 + count, dtype=np.uint64) * _GOLDEN)


def _mixed(z: np.ndarray) -> np.ndarray:
    z = z + _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _parts(places: np.ndarray, size: int) -> Iterator[np.ndarray]:
    size = max(size, 1)
    return (places[start : start + size] for start in range(0, len(places), size))
