"""What the command line shows while a run is under way."""

import io

from resnet_core.cli.progress import Progress
from resnet_core.records import Evaluation, StepRecord


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def records(count: int) -> list[StepRecord]:
    return [
        StepRecord(i, 2.0, 0.5, 0.1, (i + 1) / 4, Evaluation(0.25, 2, 10) if i == 49 else None)
        for i in range(count)
    ]


def shown(stream: io.StringIO, steps: int) -> str:
    progress = Progress(steps, stream)
    for record in records(steps):
        progress.step(record)
    progress.close()
    return stream.getvalue()


def test_without_a_terminal_there_is_a_line_each_tenth():
    lines = shown(io.StringIO(), 100).splitlines()
    assert len(lines) == 10
    assert lines[0] == "step 10 of 100  loss 2  4.0 steps/s  22 s left"
    assert lines[-1] == "step 100 of 100  loss 2  test accuracy 25.0%  4.0 steps/s"
    assert len(shown(io.StringIO(), 3).splitlines()) == 3


def test_on_a_terminal_one_line_is_rewritten_twice_a_second(monkeypatch):
    clock = iter(range(10_000))
    monkeypatch.setattr("time.monotonic", lambda: next(clock) / 20)  # a look each 50 ms
    text = shown(Terminal(), 100)
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert 5 <= text.count("\r") <= 12
    assert "step 100 of 100" in text.split("\r")[-1]
