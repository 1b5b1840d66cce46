"""An axis with lanes for what it has no place for: 0 below a logarithmic one, infinity and NaN above.

All stands on one linear axis of heights, log10 of the value where it is logarithmic, so that several panels
can share it.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from app.figures.canvas import Paper

LANE = 0.09  # height of a lane, as a share of what lies between the lowest and the highest value
WORDS = {"zero": "0", "infinite": "∞", "undefined": "NaN"}
USUAL = {True: (-3.0, 1.0), False: (0.0, 1.0)}  # where nothing is known yet: decades, values


class Heights(NamedTuple):
    """`low` to `high` are the heights of the values; `lanes` are those in use, the lowest first."""

    low: float
    high: float
    is_log: bool = True
    lanes: tuple[str, ...] = ()

    @property
    def lane(self) -> float:
        return LANE * (self.high - self.low)

    @property
    def span(self) -> list[float]:
        """The range of the axis."""
        above = sum(lane != "zero" for lane in self.lanes)
        return [
            self.low - 1.3 * self.lane * ("zero" in self.lanes),
            self.high + (above + 0.3 * (above > 0)) * self.lane,
        ]

    def of_lane(self, lane: str) -> float:
        if lane == "zero":
            return self.low - 0.8 * self.lane
        above = [name for name in self.lanes if name != "zero"]
        return self.high + (0.8 + above.index(lane)) * self.lane

    def place(self, values: np.ndarray) -> np.ndarray:
        """Heights of `values` of any shape; NaN for those that are in a lane."""
        values = np.asarray(values, np.float64)
        has_place = np.isfinite(values) & ((values > 0) | (not self.is_log))
        placed = np.where(has_place, values, 1.0)
        return np.where(has_place, np.log10(placed) if self.is_log else placed, np.nan)

    def place_in_lanes(self, values: np.ndarray) -> np.ndarray:
        """Heights of those values that are in a lane; NaN for the others."""
        values = np.asarray(values, np.float64)
        kinds = np.select(
            [np.isnan(values), np.isinf(values), (values <= 0) & self.is_log],
            ["undefined", "infinite", "zero"], "",
        )  # fmt: skip
        heights = {lane: self.of_lane(lane) for lane in self.lanes}
        return np.array([heights.get(kind, np.nan) for kind in kinds.ravel()]).reshape(values.shape)

    def axis(self, paper: Paper, title: str = "", **more: Any) -> dict[str, Any]:
        """The axis with its ticks, a quiet line on every lane included."""
        ticks = _log_ticks(self.low, self.high) if self.is_log else _ticks(self.low, self.high)
        ticks |= {self.of_lane(lane): WORDS[lane] for lane in self.lanes}
        return paper.axis(
            title, range=self.span, tickmode="array", tickvals=list(ticks), ticktext=list(ticks.values()),
            **more,
        )  # fmt: skip


def heights_of(sets: Iterable[np.ndarray], is_log: bool = True, *also: float) -> Heights:
    """Heights that have room for all of `sets` and for the values `also`."""
    values = np.concatenate([np.empty(0), *(np.asarray(s, np.float64).ravel() for s in sets), also])
    has_place = np.isfinite(values) & ((values > 0) | (not is_log))
    lanes = {
        "zero": is_log and bool((values <= 0).any()),
        "infinite": bool(np.isinf(values).any()),
        "undefined": bool(np.isnan(values).any()),
    }
    used = tuple(lane for lane, is_used in lanes.items() if is_used)
    if not has_place.any():
        return Heights(*USUAL[is_log], is_log, used)
    placed = np.log10(values[has_place]) if is_log else values[has_place]
    return Heights(*_rounded(placed.min(), placed.max(), is_log), is_log, used)


def _rounded(low: float, high: float, is_log: bool) -> tuple[float, float]:
    if is_log:
        low, high = np.floor(2 * low - 0.1) / 2, np.ceil(2 * high + 0.1) / 2
        return float(low), float(max(high, low + 1))
    room = 0.06 * max(high - low, 0.02 * max(abs(high), abs(low)), 1e-12)
    return float(low - room if low < 0 else max(low - room, 0.0)), float(high + room)


def _log_ticks(low: float, high: float) -> dict[float, str]:
    if high - low <= 2:
        marks = [(np.log10(m) + d, m, d) for d in range(int(np.floor(low)), int(high) + 1) for m in (1, 2, 5)]
        return {h: f"{m * 10.0**d:.10g}" for h, m, d in marks if low <= h <= high}
    every = int(np.ceil((high - low) / 8))
    return {float(d): _power(d) for d in range(int(np.ceil(low)), int(high) + 1) if d % every == 0}


def _power(decade: int) -> str:
    """1 and 10 as they are, the rest as powers: 10^-3."""
    return str(10**decade) if decade in (0, 1) else f"10<sup>{decade}</sup>".replace("-", "−")


def _ticks(low: float, high: float) -> dict[float, str]:
    rough = (high - low) / 5
    size = 10.0 ** np.floor(np.log10(rough))
    step = size * next(m for m in (1, 2, 5, 10) if m * size >= rough)
    first, last = int(np.ceil(low / step)), int(np.floor(high / step))
    return {k * step: f"{k * step:.10g}".replace("-", "−") for k in range(first, last + 1)}
