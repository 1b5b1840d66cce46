"""What a page says above its content: what is wrong with its settings, and what the last press came to."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state
from app.views.text import as_plain
from resnet_core.runs.store import Refused, RunStore, StoreError


def place() -> DeltaGenerator:
    """Where the messages go: always there, so that a sentence more moves nothing else about."""
    return st.container()


def show_problems(problems: Sequence[str]) -> None:
    """Sentences about what cannot be, as one message."""
    if problems:
        st.error("  \n".join(map(as_plain, problems)), icon=":material/error:")


def show_kept(store: RunStore | None = None) -> None:
    """What was kept to be said, and why `store` cannot be written where that is so."""
    for kind, text in state.take_messages():
        getattr(st, kind)(as_plain(text))
    if store and store.read_only_because:
        st.warning(as_plain(store.read_only_because))


def show_missing(kind: str, asked: str) -> None:
    """A race or run of the link that the store does not have."""
    st.warning(
        f"There is no {kind} {as_plain(asked[:40])} in the store of this machine; it may have been deleted."
    )


@contextmanager
def refusals() -> Iterator[None]:
    """Keeps what the store refuses, within a press, to be said when the page is drawn again."""
    try:
        yield
    except (Refused, StoreError) as error:
        state.say("error", str(error))
