"""A race: two to four runs that share data order, batch and seed. It is only a way of looking at runs."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from resnet_core.arms import Arm, arms_to_text, own_settings
from resnet_core.config import FLAT, ModelConfig, RunConfig, SettingsError, from_flat, to_flat
from resnet_core.members import relevant_settings

MIN_ARMS, MAX_ARMS = 2, 4

DEFAULT_ARMS: tuple[Arm, ...] = (
    {"skip": "none", "depth": 56, "norm": "batch"},
    {"skip": "identity", "depth": 56, "norm": "batch"},
)


def race_configs(shared: Mapping[str, Any], arms: Sequence[Arm]) -> list[RunConfig]:
    """One `RunConfig` an arm: the shared flat settings, then the arm's own. Raises `SettingsError`.

    What an arm says without effect is dropped, and two arms of the same network are refused.
    """
    if not MIN_ARMS <= len(arms) <= MAX_ARMS:
        raise SettingsError([f"arms: {len(arms)} is not possible; a race has {MIN_ARMS} to {MAX_ARMS}"])
    configs, problems = [], []
    for number, arm in enumerate(arms, 1):
        try:
            configs.append(from_flat({**shared, **own_settings(arm)}))
        except SettingsError as error:
            problems += [f"arm {number}: {problem}" for problem in error.problems]
    if problems:
        raise SettingsError(_once(problems, len(arms)))
    if len(set(map(_what_counts, configs))) < len(configs):
        raise SettingsError([f"arms: two arms of {arms_to_text(arms)} are the same; change one of them"])
    return configs


def differing_settings(configs: Sequence[RunConfig]) -> dict[str, list[Any]]:
    """The flat settings in which the runs are not all equal, with each run's value.

    A setting counts for the runs on which it has an effect; for the others its value here is None.
    """
    flats = [_effective(config) for config in configs]
    found = {name: [flat.get(name) for flat in flats] for name in FLAT}
    return {name: values for name, values in found.items() if len({*values} - {None}) > 1}


def _effective(config: RunConfig) -> dict[str, Any]:
    relevant = relevant_settings(config.model)
    idle = [name for name in ModelConfig.model_fields if name not in relevant]
    return {name: value for name, value in to_flat(config).items() if name not in idle}


def _what_counts(config: RunConfig) -> Hashable:
    return tuple(_effective(config).items())


def _once(problems: Sequence[str], arms: int) -> list[str]:
    """A mistake in a shared setting concerns every arm and is said once."""
    said = [problem.partition(": ")[2] for problem in problems]
    return list(dict.fromkeys(s if said.count(s) == arms else p for p, s in zip(problems, said, strict=True)))
