"""How far a run is, on stderr: one line rewritten twice a second on a terminal, else a line each tenth."""

import sys
import time
from typing import TextIO

from resnet_core.records import StepRecord

SECONDS_PER_LINE = 0.5
SECONDS_PER_NEWS = 5.0  # where a line cannot be rewritten


class Progress:
    """Shows the steps of one run of `steps`. Keeps the last record for the end."""

    def __init__(self, steps: int, stream: TextIO | None = None):
        self.steps, self.stream = steps, stream or sys.stderr
        self.last: StepRecord | None = None
        self.accuracy: float | None = None
        self._is_terminal = self.stream.isatty()
        self._shown, self._width = -float("inf"), 0

    def tell(self, text: str) -> None:
        """What happens before the first step, such as a download."""
        if time.monotonic() - self._shown >= (SECONDS_PER_LINE if self._is_terminal else SECONDS_PER_NEWS):
            self._show(text)

    def step(self, record: StepRecord) -> None:
        self.last = record
        if record.evaluation is not None:
            self.accuracy = record.evaluation.accuracy
        if self._is_due(record.step):
            self._show(self._line(record))

    def close(self) -> None:
        """Leave the cursor on a fresh line."""
        if self._is_terminal and self._width:
            print(file=self.stream, flush=True)
            self._width = 0

    def _is_due(self, step: int) -> bool:
        is_last = step + 1 == self.steps
        if self._is_terminal:
            return is_last or time.monotonic() - self._shown >= SECONDS_PER_LINE
        return is_last or step * 10 // self.steps < (step + 1) * 10 // self.steps

    def _line(self, record: StepRecord) -> str:
        done, speed = record.step + 1, (record.step + 1) / max(record.seconds, 1e-9)
        parts = [f"step {done} of {self.steps}", f"loss {record.loss:.4g}"]
        if self.accuracy is not None:
            parts.append(f"test accuracy {self.accuracy:.1%}")
        parts.append(f"{speed:.1f} steps/s")
        if done < self.steps:
            parts.append(f"{(self.steps - done) / speed:.0f} s left")
        return "  ".join(parts)

    def _show(self, text: str) -> None:
        if self._is_terminal:
            print(f"\r{text:<{self._width}}", end="", file=self.stream, flush=True)
            self._width = len(text)
        else:
            print(text, file=self.stream, flush=True)
        self._shown = time.monotonic()
