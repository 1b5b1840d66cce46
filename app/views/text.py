"""The explanations of a page, from Markdown files: one heading, one foldable text."""

import re
from functools import cache
from pathlib import Path

import streamlit as st

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")  # what Markdown lets a backslash make plain
TEXTS = Path(__file__).resolve().parents[1] / "text"


def explain(page: str) -> None:
    """Draws the texts of `app/text/PAGE.md`, each `## ` heading as a foldable."""
    for heading, body in sections(page):
        with st.expander(heading):
            st.markdown(body)


def instrument_text(page: str, name: str) -> tuple[str, str]:
    """What an instrument shows, and the rest: the first paragraph of its section, and those behind it."""
    brief, _, more = dict(sections(page))[name].partition("\n\n")
    return brief, more


@cache
def sections(page: str) -> list[tuple[str, str]]:
    """(heading, body) of each section of a text."""
    parts = (TEXTS / f"{page}.md").read_text(encoding="utf-8").split("\n## ")[1:]
    return [(heading.strip(), body.strip()) for heading, _, body in (part.partition("\n") for part in parts)]


def as_plain(text: str) -> str:
    """Text from a link or a file, shown letter by letter: no links, pictures or formulas come of it."""
    return _PUNCTUATION.sub(r"\\\g<0>", text)
