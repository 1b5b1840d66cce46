"""The explained picture as each network sees it, and what each says of it, as one row of the page."""

from collections.abc import Sequence
from html import escape

import numpy as np

from app.figures.words import in_words
from app.views.charts import type_scale
from app.views.instrument_page import Scene
from app.views.instruments.pictures import image, what_it_says
from app.views.looks import Look
from resnet_core.data.shapes import DIFFICULTY, NAMES, scenes
from resnet_core.findings import Finding

HEIGHT = 96  # px of the row, with something to say or nothing
SIDE = 84  # px of a picture


def said_picture(scene: Scene, picture: str, found: Sequence[Finding | None]) -> str:
    """HTML, as high where nothing is known yet. `found` has a finding a network, with `picture`."""
    known = [(look, each) for look, each in zip(scene.looks, found, strict=True) if each is not None]
    lines = [_about(picture, known)] if known else []
    lines += [said for look, each in known if (said := _says(look, each))]
    if not known and scene.ask.is_waiting:
        lines = ["The picture is being sent through the networks."]
    side = round(SIDE * type_scale())
    shown = "".join(image(each.picture, alt, side) for each, alt in _different(known))
    rows = "".join(f"<div>{escape(line)}</div>" for line in lines)
    look = f"display:flex;gap:12px;align-items:center;min-height:{round(HEIGHT * type_scale())}px"
    return f'<div style="{look};font-size:0.875rem;line-height:1.35">{shown}<div>{rows}</div></div>'


def _different(known: Sequence[tuple[Look, Finding]]) -> list[tuple[Finding, str]]:
    """Networks of other sides or sets see other pictures: each of them, once."""
    shown: list[tuple[Finding, str]] = []
    for look, each in known:
        if not any(np.array_equal(each.picture, other.picture) for other, _ in shown):
            shown.append((each, f"the picture as {look.name} sees it, {each.picture.shape[-1]} pixels wide"))
    return shown


def _about(picture: str, known: Sequence[tuple[Look, Finding]]) -> str:
    kind, _, which = picture.partition(":")
    if kind == "file":
        return "Your own picture, cut to a square. A network answers to what it has never seen, too."
    labels = list(dict.fromkeys(label for look, each in known if (label := _label(look, each))))
    if kind == "shapes" and not labels:
        name = NAMES[int(scenes(np.array([int(which)]), DIFFICULTY).labels[0])]
        labels = [f"a {name}, which is none of the network's classes"]
        return f"Generated shape {int(which):,}: {labels[0]}."
    what = "Test picture" if kind == "test" else "Generated shape"
    return f"{what} {int(which):,}, labelled {' and '.join(labels)}." if labels else f"{what} {int(which):,}."


def _label(look: Look, each: Finding) -> str:
    label = int(getattr(each, "label", -1))
    return look.config.data.info.classes[label] if label >= 0 else ""


def _says(look: Look, each: Finding) -> str:
    """What the network says, and whose logit is explained where that is another class."""
    if not hasattr(each, "logits"):
        return ""
    said = what_it_says(look, each.logits, int(getattr(each, "label", -1)))
    target = int(getattr(each, "target", -1))
    if target < 0 or not np.isfinite(each.logits).all():
        return said
    name = look.config.data.info.classes[target]
    return f"{said} Explained: {name}, logit {in_words(float(each.logits[target]), 3)}."
