"""One analyst as the pool sees it: a process that is started when it is needed, and ended when it hangs."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from resnet_core.questions import Question

COMMAND = (sys.executable, "-m", "resnet_core", "analyst")
MAX_LINE_BYTES = 2**20
SECONDS_TO_START = 120.0  # until a process is ready: on a busy machine torch takes its time
SECONDS_TO_END = 5.0  # of a process that has closed its end of the pipe
_PACKAGE_PARENT = Path(__file__).resolve().parents[2]


def count_analysts() -> int:
    """`RESNET_LAB_ANALYSTS`, or one a core up to two."""
    chosen = os.environ.get("RESNET_LAB_ANALYSTS", "")
    return min(max(int(chosen), 1), 16) if chosen.isdecimal() else min(os.cpu_count() or 1, 2)


class Unanswered(RuntimeError):
    """Why there is no answer, in a sentence for people."""


class Died(Unanswered):
    """The process did not live to answer: nothing is known about the question."""


class Order(NamedTuple):
    """What a process is told: the question, what it is about, and where the answer may go, best first."""

    question: Question
    weights: Path | None
    file: Path | None  # a visitor's picture: as it came for "upload", and for all others as it was decoded
    files: Sequence[Path]

    def to_json(self) -> bytes:
        """One line, as the process reads it."""
        paths = {"weights": str(self.weights or ""), "file": str(self.file or "")}
        order = {"question": self.question.to_json(), **paths, "files": list(map(str, self.files))}
        return json.dumps(order).encode() + b"\n"


class Analyst:
    """A process that answers one question at a time. All but `kill` is for one thread."""

    def __init__(self, command: Sequence[str] = COMMAND, log: Path | None = None):
        self._command, self._log = list(command), log
        self._process: subprocess.Popen | None = None
        self._is_ready = False
        self._lock = threading.Lock()
        self._is_over = False

    def start(self) -> None:
        """Starts the process if it is not there, so that the first answer comes sooner."""
        self._running()

    def answer(self, order: Order, report: Callable[[float], None], seconds: float) -> Path:
        """Has the answer written to the first of the order's files that can be written; returns which.

        Raises `Unanswered`, also when the process dies, or takes longer than `seconds` once it is ready and
        is ended for it (`Died`).
        """
        process = self._running()
        deadline = _Deadline(process)
        deadline.set(seconds if self._is_ready else SECONDS_TO_START)
        try:
            process.stdin.write(order.to_json())
            process.stdin.flush()
            return self._listen(process, report, lambda: deadline.set(seconds))
        except (OSError, EOFError, ValueError, TypeError) as error:
            why = f"took longer than {deadline.missed:g} s" if deadline.missed else _ending(process)
            raise Died(f"the process that was computing this {why}; it can be tried again") from error
        finally:
            deadline.cancel()
            if process.poll() is not None or deadline.missed:
                self._let_go()

    def kill(self) -> None:
        """Ends the process for good, from any thread."""
        with self._lock:
            self._is_over = True
            if self._process is not None:
                self._process.kill()

    def end(self) -> None:
        """Ends the process for good, and closes its pipes."""
        self.kill()
        self._let_go()

    def _running(self) -> subprocess.Popen:
        if self._process is not None and self._process.poll() is not None:
            self._let_go()
        with self._lock:
            if self._is_over:
                raise Unanswered("the server is ending")
            self._process = self._process or self._spawned()
            return self._process

    def _spawned(self) -> subprocess.Popen:
        path = os.pathsep.join(filter(None, [str(_PACKAGE_PARENT), os.environ.get("PYTHONPATH")]))
        environment, pipe = {**os.environ, "PYTHONPATH": path}, subprocess.PIPE
        try:
            with self._opened_log() as log:
                return subprocess.Popen(self._command, env=environment, stdin=pipe, stdout=pipe, stderr=log)
        except OSError as error:
            raise Unanswered(f"no process could be started: {error.strerror or error}") from error

    def _opened_log(self) -> BinaryIO:
        try:
            return open(self._log or os.devnull, "ab")
        except OSError:  # a store that cannot be written
            return open(os.devnull, "ab")

    def _let_go(self) -> None:
        with self._lock:
            process, self._process, self._is_ready = self._process, None, False
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what was not sent cannot be sent any more
                    pipe.close()
            process.wait()

    def _listen(
        self, process: subprocess.Popen, report: Callable[[float], None], begin: Callable[[], None]
    ) -> Path:
        while line := process.stdout.readline(MAX_LINE_BYTES):
            said = json.loads(line)
            if "ready" in said:
                self._is_ready = True
                begin()
            elif "share" in said:
                report(float(said["share"]))
            elif "problem" in said:
                raise Unanswered(said["problem"])
            elif "file" in said:
                return Path(said["file"])
        raise EOFError


class _Deadline:
    """Ends a process that is late."""

    def __init__(self, process: subprocess.Popen):
        self._process, self.missed = process, 0.0
        self._timer: threading.Timer | None = None

    def set(self, seconds: float) -> None:
        self.cancel()
        self._timer = threading.Timer(seconds, self._end, [seconds])
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _end(self, seconds: float) -> None:
        self.missed = seconds
        self._process.kill()


def _ending(process: subprocess.Popen) -> str:
    try:
        code = process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "said what is not understood"
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
