"""One analyst as the pool sees it: a process that is started when it is needed, and ended when it hangs."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from resnet_core.questions import Question

_PACKAGE_PARENT = Path(__file__).resolve().parents[2]


class AnalystEnded(RuntimeError):
    """The process ended before it answered; a sentence for people."""


class Analyst:
    """A process that answers one question at a time."""

    def __init__(self, root: Path):
        self._root, self._process = root, None
        self._lock = threading.Lock()
        self._has_ended_for_good = False

    def answer(
        self,
        question: Question,
        weights: Path | None,
        file: Path,
        report: Callable[[float], None],
        seconds: float,
    ) -> str:
        """Has the answer written to `file`; returns what went wrong in a sentence, or nothing.

        Raises `AnalystEnded` when the process dies, or takes longer than `seconds` and is ended for it.
        """
        order = {"question": json.loads(question.to_json()), "weights": str(weights or ""), "file": str(file)}
        process, late = self._running(), threading.Event()
        timer = threading.Timer(seconds, lambda: (late.set(), process.kill()))
        timer.daemon = True
        timer.start()
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            return _listen(process, report)
        except (OSError, EOFError, ValueError) as error:
            code = process.wait()
            why = f"took longer than {seconds:g} s" if late.is_set() else f"ended (exit code {code})"
            raise AnalystEnded(f"the process that was computing this {why}; try again") from error
        finally:
            timer.cancel()

    def end(self) -> None:
        """Ends the process; it has nothing to lose."""
        with self._lock:
            self._has_ended_for_good = True
            if self._process is not None:
                _end(self._process)

    def _running(self) -> subprocess.Popen:
        with self._lock:
            if self._has_ended_for_good:
                raise AnalystEnded("the server is ending")
            if self._process is None or self._process.poll() is not None:
                if self._process is not None:
                    _end(self._process)
                self._process = self._start()
            return self._process

    def _start(self) -> subprocess.Popen:
        path = os.pathsep.join(filter(None, [str(_PACKAGE_PARENT), os.environ.get("PYTHONPATH")]))
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, "-m", "resnet_core", "analyst"],
            env={**os.environ, "PYTHONPATH": path}, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def _listen(process: subprocess.Popen, report: Callable[[float], None]) -> str:
    while line := process.stdout.readline():
        said = json.loads(line)
        if "share" in said:
            report(said["share"])
        elif "problem" in said:
            return said["problem"]
        elif "done" in said:
            return ""
    raise EOFError


def _end(process: subprocess.Popen) -> None:
    process.kill()
    process.stdin.close()
    process.stdout.close()
    process.wait()
