"""What an ImageNet network says of a picture and what its maps come to, in sentences of their numbers."""

from collections.abc import Sequence

import numpy as np

from app.figures.words import in_words
from app.views.instruments.pictures import softmax
from app.views.saliency_parts.map_scale import MapScale
from resnet_core.saliency_findings import ImageNetMaps

NAMED = 5


def titled(unit: str) -> str:
    """What a block is called, where there is little room."""
    return "stem" if unit in ("maxpool", "features.pool0") else str(unit).removeprefix("features.")


def about(found: ImageNetMaps, title: str) -> str:
    """What was measured: which weights, which statistics, which picture."""
    if found.is_trained:
        weights = "torchvision's published weights (IMAGENET1K_V1), BN with their running statistics"
    else:
        weights = (
            "initial values of seed 0, BN (where there is any) with the statistics of four generated pictures"
        )
    return f"{title}: {weights}. Evaluation mode, one picture, 224 × 224 pixels."


def answers(found: ImageNetMaps) -> list[str]:
    """The most probable classes, and what that is worth."""
    if not np.isfinite(found.logits).all():
        return [f"{np.count_nonzero(~np.isfinite(found.logits))} of 1,000 logits are not finite."]
    shares = softmax(found.logits)
    order = np.argsort(-shares, kind="stable")[:NAMED]
    lines = [f"{shares[i]:.1%}  {found.classes[i]}" for i in order]
    if not found.is_trained:
        lines.append("Weights are random, so the names mean nothing; an even guess would be 0.1% each.")
    for target in found.targets:
        lines.append(f"Explained: {found.classes[target]}, logit {in_words(float(found.logits[target]), 3)}.")
    return lines


def sentences(
    found: ImageNetMaps, rows: Sequence[tuple[str, Sequence[np.ndarray]]], scale: MapScale, method: str
) -> str:
    """As Markdown, a line a row of maps, and one about the colours."""
    units = [titled(unit) for unit in found.units]
    lines = [f"**{name}**: {_of_row(units, maps)}" for name, maps in rows[: len(found.targets)]]
    if len(rows) > len(found.targets):
        lines.append(_contrast(units, *rows[-1], method))
    else:
        lines.append(scale.faintest(units, rows[0][1]))
    return "  \n".join(filter(None, lines))


def _of_row(units: Sequence[str], maps: Sequence[np.ndarray]) -> str:
    tops = np.array([values[np.isfinite(values)].max(initial=-np.inf) for values in maps])
    best, without = int(np.argmax(tops)), int(np.count_nonzero(~(tops > 0)))
    if tops[best] <= 0:
        return "no map has positive evidence."
    lacking = f"; {without} of {len(maps)} maps have no positive evidence" if without else ""
    return f"the largest value is {in_words(float(tops[best]), 3)}, at {units[best]}{lacking}."


def _contrast(units: Sequence[str], name: str, maps: Sequence[np.ndarray], method: str) -> str:
    sizes = np.array([np.abs(values[np.isfinite(values)]).max(initial=0) for values in maps])
    best = int(np.argmax(sizes))
    if not sizes[best]:
        knows = "Eigen-CAM knows of no class" if method == "eigen-cam" else "both classes have the same maps"
        return f"**{name}**: exactly 0 everywhere; {knows}."
    values = maps[best]
    row, column = np.unravel_index(np.abs(np.nan_to_num(values)).argmax(), values.shape)
    side = "first" if values[row, column] > 0 else "second"
    return (
        f"**{name}**: green speaks for the first class rather than the second. They differ most at "
        f"{units[best]}, by {in_words(float(sizes[best]), 3)} in favour of the {side}, in row {row + 1}, "
        f"column {column + 1} of {values.shape[0]} × {values.shape[1]}."
    )
