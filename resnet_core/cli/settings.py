"""One command line option for each setting, read off the settings themselves: no bound is written here."""

from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

import click

from resnet_core.config import FLAT, bounds, field_of
from resnet_core.data.info import SETS


def setting_options(command: Callable) -> Callable:
    """Give `command` an option for each flat name; what is not said arrives as None.

    Values stay text: `resnet_core.config` alone decides what is possible, so that the command line,
    the URL and the page refuse the same things with the same words.
    """
    for name in reversed(FLAT):
        command = _option(name)(command)
    return command


def _option(name: str) -> Callable:
    flag, field = name.replace("_", "-"), field_of(name)
    told = f"{field.description}  [{_default(field.default)}{_possible(name)}]"
    if field.annotation is bool:
        return click.option(f"--{flag}/--no-{flag}", name, default=None, help=told)
    return click.option(f"--{flag}", name, default=None, metavar=_kind(field.annotation), help=told)


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "|".join(map(str, get_args(annotation)))
    return {int: "INTEGER", float: "NUMBER"}.get(annotation, "NAME")


def _default(value: Any) -> str:
    shown = {True: "on", False: "off"}[value] if isinstance(value, bool) else f"{value}"
    return f"default: {shown}"


def _possible(name: str) -> str:
    if name == "dataset":
        return f"; {', '.join(SETS)}"
    if name == "side":
        return f"; {'; '.join(_sides())}"
    found = bounds(name)
    low = f"{found['ge']}" if "ge" in found else f"above {found['gt']}" if "gt" in found else ""
    high = f"to {found['le']}" if "le" in found else f"to below {found['lt']}" if "lt" in found else ""
    multiple = f", in steps of {found['multiple_of']}" if "multiple_of" in found else ""
    return f"; {low} {high}{multiple}" if found else ""


def _sides() -> list[str]:
    names_of: dict[tuple[int, ...], list[str]] = {}
    for name, info in SETS.items():
        names_of.setdefault(info.sides, []).append(name)
    return [f"{' or '.join(map(str, sides))} for {', '.join(names)}" for sides, names in names_of.items()]
