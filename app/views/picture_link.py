"""The picture and the class that a link asks for, as far as the networks that are looked at have them."""

import re
from collections.abc import Sequence

from app.views.looks import Look
from resnet_core.options import PICTURE

LAST_SHAPE = 9_999_999
USUAL_PICTURE = "test:0"


def last_test_picture(looks: Sequence[Look]) -> int:
    """The highest number of a test picture that all networks have."""
    return min(look.config.data.info.test_images for look in looks) - 1


def common_classes(looks: Sequence[Look]) -> tuple[str, ...]:
    """The classes that all networks tell apart; none where they tell different ones apart."""
    classes = {look.config.data.info.classes for look in looks}
    return classes.pop() if len(classes) == 1 else ()


def corrected(settings: dict[str, str], looks: Sequence[Look]) -> list[str]:
    """Takes out of `settings` what cannot be, and says so in sentences."""
    problems = [
        *_picture_problems(settings["picture"], looks),
        *_target_problems(settings["target"], looks),
    ]
    settings["picture"] = _picture(settings["picture"], looks)
    settings["target"] = _target(settings["target"], looks)
    return problems


def _picture_problems(text: str, looks: Sequence[Look]) -> list[str]:
    if not text or _picture(text, looks):
        return []
    return [
        f"picture: {text[:40]!r} is not there; there are test:0 to test:{last_test_picture(looks)}, "
        f"shapes:0 to shapes:{LAST_SHAPE}, and files given on this machine."
    ]


def _picture(text: str, looks: Sequence[Look]) -> str:
    """As questions have it; empty for what is not there."""
    kind, _, which = text.partition(":")
    if not re.fullmatch(PICTURE, text) or not text.isascii():
        return ""
    if kind == "file":
        return text
    last = last_test_picture(looks) if kind == "test" else LAST_SHAPE
    return f"{kind}:{int(which)}" if int(which) <= last else ""


def _target_problems(text: str, looks: Sequence[Look]) -> list[str]:
    if not text or _target(text, looks):
        return []
    classes = common_classes(looks)
    if not classes:
        return ["target: the two networks tell different classes apart, so each explains what it says."]
    return [f"target: {text[:40]!r} is not there; classes are 0 to {len(classes) - 1}."]


def _target(text: str, looks: Sequence[Look]) -> str:
    """As a number; empty for what is no class of all networks."""
    is_number = re.fullmatch(r"[0-9]{1,3}", text) is not None
    return str(int(text)) if is_number and int(text) < len(common_classes(looks)) else ""
