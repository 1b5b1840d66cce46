"""What was measured as rows, and the rows as one Markdown table that also reads well on a terminal."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

COLUMNS = ("subject", "what", "value", "middle half", "bound", "")


class Row(NamedTuple):
    """One measured value, and where the middle half of its repetitions lay; without a bound, a report."""

    what: str
    value: float
    unit: str = ""
    middle: tuple[float, float] | None = None
    bound: float | None = None
    better: Literal["lower", "higher"] = "lower"
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.bound is None:
            return ""
        shown = round(self.value, 2)  # what the table says decides: 1.00 meets a bound of 1.00
        is_met = shown <= self.bound if self.better == "lower" else shown >= self.bound
        return "pass" if is_met else "FAIL"


class Crash(NamedTuple):
    """A subject that could not be measured, and why."""

    reason: str


Results = dict[str, Sequence[Row] | Crash]  # by subject


def render(results: Results, heading: str) -> str:
    """The heading, the table and the notes below it."""
    lines = [list(COLUMNS)]
    notes = []
    for subject, found in results.items():
        lines += (
            [_cells(subject, row) for row in found] if not isinstance(found, Crash) else [_crash(subject)]
        )
        notes += _notes(subject, found)
    return "\n".join([heading, "", *_aligned(lines), "", *notes, ""])


def _cells(subject: str, row: Row) -> list[str]:
    middle = f"{_number(row.middle[0])} to {_number(row.middle[1])}" if row.middle else ""
    sign = "<=" if row.better == "lower" else ">="
    bound = f"{sign} {_number(row.bound)}{row.unit}" if row.bound is not None else ""
    return [subject, row.what, f"{_number(row.value)}{row.unit}", middle, bound, row.verdict]


def _crash(subject: str) -> list[str]:
    return [subject, "could not be measured", "", "", "", "CRASH"]


def _notes(subject: str, found: Sequence[Row] | Crash) -> list[str]:
    if isinstance(found, Crash):
        return [f"- {subject}: {found.reason}"]
    said = dict.fromkeys(row.note for row in found if row.note)
    return [f"- {subject}: {note}" for note in said]


def _number(value: float) -> str:
    """Three digits that mean something, and no exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    rule = [":" + "-" * (width - 1) if width else "-" for width in (max(w, 3) for w in widths)]
    padded = [[cell.ljust(max(w, 3)) for cell, w in zip(line, widths, strict=True)] for line in lines]
    return ["| " + " | ".join(line) + " |" for line in (padded[0], rule, *padded[1:])]
