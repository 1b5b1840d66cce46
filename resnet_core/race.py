"""A race: two to four runs that share data order, batch and seed. It is only a way of looking at runs."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from resnet_core.config import RunConfig, SettingsError, from_flat, to_flat

MIN_ARMS, MAX_ARMS = 2, 4
ARM_SETTINGS = ("skip", "depth", "norm")  # what the arms of a race may differ in

Arm = Mapping[str, Any]  # a value for each of ARM_SETTINGS

DEFAULT_ARMS: tuple[Arm, ...] = (
    {"skip": "none", "depth": 56, "norm": "batch"},
    {"skip": "identity", "depth": 56, "norm": "batch"},
)

_ARM_TEXT = re.compile(r"(?P<skip>[a-z0-9]+)-(?P<depth>\d{1,6})(?P<nobn>-nobn)?")


def arms_to_text(arms: Sequence[Arm]) -> str:
    """The arms as a URL has them, such as `none-56,identity-56-nobn`."""
    return ",".join(f"{a['skip']}-{a['depth']}{'-nobn' if a['norm'] == 'none' else ''}" for a in arms)


def arms_from_text(text: str) -> list[Arm]:
    """The inverse of `arms_to_text`; values are checked by `race_configs`. Raises `SettingsError`."""
    found = [(part, _ARM_TEXT.fullmatch(part)) for part in text.split(",")]
    wrong = [part for part, match in found if match is None]
    if wrong:
        raise SettingsError(
            f"arms: {part[:40]!r} is not an arm; one looks like none-56, identity-56 or identity-56-nobn"
            for part in wrong
        )
    return [
        {"skip": m["skip"], "depth": int(m["depth"]), "norm": "none" if m["nobn"] else "batch"}
        for _, m in found
    ]


def race_configs(shared: Mapping[str, Any], arms: Sequence[Arm]) -> list[RunConfig]:
    """One `RunConfig` an arm: the shared flat settings, then the arm's own. Raises `SettingsError`."""
    if not MIN_ARMS <= len(arms) <= MAX_ARMS:
        raise SettingsError([f"arms: {len(arms)} is not possible; a race has {MIN_ARMS} to {MAX_ARMS}"])
    configs, problems = [], []
    for number, arm in enumerate(arms, 1):
        try:
            configs.append(from_flat({**shared, **arm}))
        except SettingsError as error:
            problems += [f"arm {number}: {problem}" for problem in error.problems]
    if problems:
        raise SettingsError(_once(problems, len(arms)))
    if len(set(configs)) < len(configs):
        raise SettingsError([f"arms: two arms of {arms_to_text(arms)} are the same; change one of them"])
    return configs


def differing_settings(configs: Sequence[RunConfig]) -> dict[str, list[Any]]:
    """The flat settings in which the runs are not all equal, with each run's value."""
    flats = [to_flat(config) for config in configs]
    values = {name: [flat[name] for flat in flats] for name in flats[0]}
    return {name: found for name, found in values.items() if len(set(found)) > 1}


def _once(problems: Sequence[str], arms: int) -> list[str]:
    """A mistake in a shared setting concerns every arm and is said once."""
    said = [problem.partition(": ")[2] for problem in problems]
    return list(dict.fromkeys(s if said.count(s) == arms else p for p, s in zip(problems, said, strict=True)))
