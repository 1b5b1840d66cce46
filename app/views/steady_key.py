"""Keys of widgets that the page itself may set: another key when the value comes from elsewhere.

A browser shows what it is told a moment later. What it sends meanwhile, as a page does that is drawn again
twice a second, must not count as the visitor's choice.
"""

from collections.abc import Callable
from typing import Any

from app import state


def steady_key(name: str, value: Any) -> str:
    """The key under which a widget of this name shows `value`, which is to be its default as well."""
    number, shown = state.remembered(f"shown in {name}", (0, value))
    number += shown != value
    state.remember(f"shown in {name}", (number, value))
    return f"{name} {number}"


def when_chosen(name: str, key: str, do: Callable[[Any], None]) -> Callable[[], None]:
    """The callback of the widget with this key: `do` gets what is chosen in it, and the key stays."""

    def choose() -> None:
        number, shown = state.remembered(f"shown in {name}", (0, None))
        chosen = state.widget_value(key)
        # Not a key of before, and not the last word of a widget that has left the page.
        if key == f"{name} {number}" and chosen != shown:
            state.remember(f"shown in {name}", (number, chosen))
            do(chosen)

    return choose
