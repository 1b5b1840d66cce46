"""How well maps point at a thing whose place is known, and how sure the rate is: the pointing game's rules.

B = pictures, S = side, N = S * S. A hit lies on the mask, with no tolerance. Things have hollows, and a map
of 4 x 4 places that points at a ring points into its middle: how many lie in the mask's outline, its convex
hull, is counted beside the hits. A map that is nowhere positive has found no evidence for the class: it
points nowhere, which is a miss.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

DIRECTIONS = 64  # in which an outline is supported


class Scores(NamedTuple):
    """Of each picture's map."""

    is_hit: np.ndarray  # (B,) bool: points at the mask
    is_in_outline: np.ndarray  # (B,) bool: points at the mask or into a hollow of it
    overlaps: np.ndarray  # (B,)
    has_evidence: np.ndarray  # (B,) bool: positive somewhere


def outlined(masks: Tensor) -> Tensor:
    """The convex hulls of masks (B, S, S) bool: the pixels in them, (B, S, S) bool.

    Pixels count as their middles. Hulls are supported in 64 directions: of shapes at side 16 that is exact,
    at side 64 they are up to a fiftieth larger.
    """
    at = torch.arange(masks.shape[-1], dtype=torch.float64, device=masks.device)
    flat, inside = masks.flatten(1), torch.ones_like(masks.flatten(1))
    for turn in (
        torch.arange(DIRECTIONS, dtype=torch.float64, device=masks.device) * 2 * torch.pi / DIRECTIONS
    ):
        along = (at * turn.sin())[:, None] + at * turn.cos()  # (S, S)
        reach = along.flatten().where(flat, -torch.inf).amax(1, keepdim=True)
        inside &= along.flatten() <= reach + 1e-9
    return inside.view_as(masks)


def scores(maps: Tensor, masks: Tensor, outlines: Tensor) -> Scores:
    """Maps (B, S, S) against masks and their outlines, (B, S, S) bool.

    A hit: the highest pixel (the first of equal ones, row by row) lies on the mask, without tolerance. The
    overlap is the share of the mask among as many highest pixels as the mask has. A map without evidence, or
    not finite, misses, and overlaps nowhere.
    """
    flat, on_thing = maps.flatten(1), masks.flatten(1)
    has_evidence = flat.isfinite().all(1) & (flat > 0).any(1)
    order = flat.sort(dim=1, descending=True, stable=True).indices  # (B, N)
    found = on_thing.gather(1, order)
    sizes = on_thing.sum(1, keepdim=True)
    is_among_highest = torch.arange(flat.shape[1], device=flat.device) < sizes
    overlaps = (found & is_among_highest).sum(1).double() / sizes[:, 0]
    points_inside = outlines.flatten(1).gather(1, order[:, :1])[:, 0]
    return Scores(
        (found[:, 0] & has_evidence).cpu().numpy(),
        (points_inside & has_evidence).cpu().numpy(),
        (overlaps * has_evidence).cpu().numpy(),
        has_evidence.cpu().numpy(),
    )


def joined(parts: list[Scores]) -> Scores:
    """Scores of pictures in several passes as those of one."""
    return Scores(*map(np.concatenate, zip(*parts, strict=True)))


class Row(NamedTuple):
    """A line of `saliency_findings.PointingGame`, whose fields these are."""

    methods: str
    unit_of: str
    hits: float
    rates: float
    lows: float
    highs: float
    outline_rates: float
    overlaps: float
    overlap_errors: float
    without_evidence: int


def row_of(method: str, unit: str, found: Scores) -> Row:
    """What a method has reached, looking at `unit` where that is not empty."""
    hits, pictures = int(found.is_hit.sum()), len(found.is_hit)
    overlap = (float(found.overlaps.mean()), standard_error(found.overlaps))
    without = int((~found.has_evidence).sum())
    return Row(
        method,
        unit,
        hits,
        hits / pictures,
        *wilson(hits, pictures),
        float(found.is_in_outline.mean()),
        *overlap,
        without,
    )


def control_rows(masks: Tensor, outlines: Tensor) -> list[Row]:
    """What pointing without looking reaches on masks (B, S, S), and in their outlines.

    "random pixel" has what is to be expected of pixels in a random order: exactly, hence without an interval
    or an error (NaN), and its hits are no whole number. "centre" points to the middle whatever is shown.
    """
    share, outlined_share = float(masks.double().mean()), float(outlines.double().mean())
    centre = towards_centre(masks.shape[-1]).to(masks.device).expand(masks.shape)
    hits, none = share * len(masks), np.nan
    random = Row("random pixel", "", hits, share, none, none, outlined_share, share, none, 0)
    return [random, row_of("centre", "", scores(centre, masks, outlines))]


def columns_of(rows: list[Row]) -> dict[str, np.ndarray]:
    """Lines as columns, by the names of their fields."""
    return {name: np.array(column) for name, column in zip(Row._fields, zip(*rows, strict=True), strict=True)}


def towards_centre(side: int) -> Tensor:
    """A map (S, S) > 0 that falls with the distance from the middle: what points there whatever is shown."""
    along = torch.arange(side) - (side - 1) / 2
    return side**2 - along[:, None] ** 2 - along[None, :] ** 2


def wilson(hits: int, pictures: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a rate."""
    from scipy.stats import binomtest

    interval = binomtest(int(hits), pictures).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


def standard_error(values: np.ndarray) -> float:
    """Of the mean of (B,) values, B >= 2."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))
