"""An arm of a race: the settings of its network that are its own, and its text in a link. No torch.

`identity-56-nobn`, `gated-20~block:single~gate_bias:-3`, `mlp-50~skip:none`: the skip of a residual network,
or another family; the depth; whether batch norm is left out; each setting that is not the usual one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from resnet_core.config import ModelConfig, SettingsError, field_of
from resnet_core.members import relevant_settings

Arm = Mapping[str, Any]  # settings of a network by name, as `own_settings` leaves them

# Settings of a network that all arms share, unless an arm has its own.
SHAREABLE = ("activation", "width", "shortcut", "init", "gain")
ARM_SETTINGS = tuple(name for name in ModelConfig.model_fields if name not in SHAREABLE)

_ALWAYS = ("skip", "depth", "norm")
_HEAD = re.compile(r"(?P<kind>[a-z][a-z0-9]*)-(?P<depth>[0-9]{1,6})(?P<nobn>-nobn)?")
_NUMBER = {
    int: re.compile(r"-?[0-9]{1,9}"),
    float: re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,25})?(e[-+]?[0-9]{1,3})?"),
}
_EXAMPLES = "one looks like none-56, identity-56-nobn or gated-20~block:single~gate_bias:-3"


def own_settings(arm: Arm) -> dict[str, Any]:
    """What an arm says: skip, depth, norm, what is not the usual, and nothing that has no effect on it."""
    complete = {name: _usual(name) for name in _ALWAYS} | dict(arm)
    said = [name for name in complete if name in (*_ALWAYS, *SHAREABLE) or complete[name] != _usual(name)]
    return {name: complete[name] for name in _relevant(complete) if name in said}


def arms_to_text(arms: Sequence[Arm]) -> str:
    """The arms as a URL has them, such as `none-56,identity-56-nobn`."""
    return ",".join(map(_text_of, arms))


def arms_from_text(text: str) -> list[Arm]:
    """The inverse of `arms_to_text`; bounds are checked by `race_configs`. Raises `SettingsError`."""
    arms, problems = [], []
    for part in text.split(","):
        try:
            arms.append(_arm_of(part))
        except ValueError as error:
            problems.append(f"arms: {error}")
    if problems:
        raise SettingsError(problems)
    return arms


def _usual(name: str) -> Any:
    return field_of(name).default


def _relevant(arm: Arm) -> tuple[str, ...]:
    return relevant_settings(ModelConfig.model_construct(**arm))


def _text_of(arm: Arm) -> str:
    own = own_settings(arm)
    kind = own.pop("family", None) or own.pop("skip")
    head = f"{kind}-{own.pop('depth')}{'-nobn' if own['norm'] == 'none' else ''}"
    untold = {"norm": ("batch", "none"), "skip": ("identity",)}  # what no name beside the head has to say
    rest = [f"~{name}:{_short(value)}" for name, value in own.items() if value not in untold.get(name, ())]
    return "".join([head, *rest])


def _short(value: Any) -> str:
    return str(value).removesuffix(".0")


def _arm_of(text: str) -> dict[str, Any]:
    shown = repr(text if len(text) <= 60 else text[:57] + "...")
    head, *rest = text.split("~")
    found = _HEAD.fullmatch(head)
    if found is None:
        raise ValueError(f"{shown} is not an arm; {_EXAMPLES}")
    arm, named = _head_settings(found, shown), []
    for name, value in _named_settings(rest, shown):
        if name in arm:
            raise ValueError(f"{name} is said twice in {shown}")
        arm[name] = value
        named.append(name)
    idle = [name for name in named if name not in _relevant(arm)]
    if idle:
        raise ValueError(f"{' and '.join(idle)} would have no effect in {shown}")
    return own_settings(arm)


def _head_settings(found: re.Match, shown: str) -> dict[str, Any]:
    skips, families = (get_args(field_of(name).annotation) for name in ("skip", "family"))
    kind = found["kind"]
    if kind not in (*skips, *families):
        known = f"a skip ({', '.join(skips)}) or a family ({', '.join(families)})"
        raise ValueError(f"{kind[:40]!r} in {shown} is neither of what an arm begins with: {known}")
    arm = {"family": "resnet", "skip": kind} if kind in skips else {"family": kind}
    return arm | {"depth": int(found["depth"])} | ({"norm": "none"} if found["nobn"] else {})


def _named_settings(parts: Sequence[str], shown: str) -> Iterator[tuple[str, Any]]:
    for part in parts:
        name, colon, text = part.partition(":")
        if not colon or name not in ModelConfig.model_fields:
            known = ", ".join(ModelConfig.model_fields)
            raise ValueError(f"{part[:40]!r} in {shown} does not set any of {known}; like order:pre")
        yield name, _value_of(name, text, shown)


def _value_of(name: str, text: str, shown: str) -> Any:
    """Text as the kind of value that a setting has; a choice stays text."""
    kind = field_of(name).annotation
    if kind not in _NUMBER:
        return text
    if not _NUMBER[kind].fullmatch(text):
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"{name} {text[:40]!r} in {shown} is not {what}")
    return kind(text)
