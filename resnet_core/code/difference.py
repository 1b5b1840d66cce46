"""Two codes side by side: which lines are the same, which changed, which only one of them has."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal, NamedTuple

ALIKE = 0.6  # share of words in common from which one line counts as the other one, changed


class LinePair(NamedTuple):
    """A line of the left code, a line of the right one, or both; None where there is none."""

    mark: Literal["same", "changed", "only left", "only right"]
    left: str | None
    right: str | None


def differing_lines(code_a: str, code_b: str) -> list[LinePair]:
    """Both codes from top to bottom, line beside line."""
    left, right = code_a.splitlines(), code_b.splitlines()
    pairs: list[LinePair] = []
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            pairs += (LinePair("same", line, line) for line in left[a:b])
        else:
            pairs += _beside(left[a:b], right[c:d])
    return pairs


def _beside(left: Sequence[str], right: Sequence[str]) -> Iterator[LinePair]:
    """Lines that are alike side by side, and what lies between them in order."""
    a = b = 0
    for i, j in (*_alike(left, right), (len(left), len(right))):
        for one, other in zip_longest(left[a:i], right[b:j]):
            yield LinePair(_mark(one, other), one, other)
        if i < len(left):
            yield LinePair("changed", left[i], right[j])
        a, b = i + 1, j + 1


def _mark(one: str | None, other: str | None) -> Literal["changed", "only left", "only right"]:
    if other is None:
        return "only left"
    return "only right" if one is None else "changed"


def _alike(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """The places (i, j) of lines that belong together, in order, so that they have most in common."""
    words = [[Counter(re.findall(r"\w+|[^\w\s]", line)) for line in lines] for lines in (left, right)]
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    gain = [[_likeness(one, other) for other in words[1]] for one in words[0]]
    for i in reversed(range(len(left))):
        for j in reversed(range(len(right))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], gain[i][j] + best[i + 1][j + 1])
    found, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if gain[i][j] and best[i][j] == gain[i][j] + best[i + 1][j + 1]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _likeness(one: Counter, other: Counter) -> float:
    """The share of words in common, or 0 where that is too little to speak of the same line."""
    total = one.total() + other.total()
    share = 2 * (one & other).total() / total if total else 0.0
    return share if share >= ALIKE else 0.0
