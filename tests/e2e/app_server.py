"""The app as `make run` starts it, on a free port and with a store of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from resnet_core.records import Phase, RunInfo
from resnet_core.runs.store import RunStore

ROOT = Path(__file__).resolve().parents[2]


class AppServer:
    """A `streamlit run` process, and the store behind it as a second reader sees it."""

    def __init__(
        self, root: Path, script: str = "app/server.py", port: int | None = None, **environment: str
    ):
        self.root, self.port = root, port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = root.with_suffix(f".{self.port}.log")
        command = [sys.executable, "-m", "streamlit", "run", script]
        command += ["--server.port", str(self.port), "--server.headless", "true"]
        chosen = {"RESNET_LAB_STORE": str(root), "RESNET_LAB_SLOTS": "2", "RESNET_LAB_DEVICE": "cpu"}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | chosen | environment, stdout=log, stderr=log
            )

    @property
    def store(self) -> RunStore:
        return RunStore(self.root)

    def wait_until_ready(self) -> None:
        def answers() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            try:
                urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=2).close()
            except OSError:
                return False
            return True

        wait_until(answers, "the server answers")

    def race(self, address: str) -> list[RunInfo]:
        """The runs of the race that a page's address names."""
        return self.store.race(address.partition("race=")[2].partition("&")[0])

    def stop_races(self) -> None:
        """Ends what trains, so that the next test has the machine to itself."""
        self.store.request_stop([run.id for run in self.store.runs() if not run.phase.has_ended])
        wait_until(lambda: all(run.phase.has_ended for run in self.store.runs()), "all races end")

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for run in self.store.runs():
            if not run.phase.has_ended and run.pid and psutil.pid_exists(run.pid):
                os.kill(run.pid, signal.SIGKILL)


@contextmanager
def served(root: Path, script: str = "app/server.py", **environment: str) -> Iterator[AppServer]:
    """A server that answers; it and its workers are gone afterwards."""
    server = AppServer(root, script, **environment)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.end()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until(condition: Callable[[], object], what: str, seconds: float = 60) -> float:
    """Waits for a condition; returns the seconds it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - began


def are(phase: Phase, runs: Sequence[RunInfo]) -> bool:
    return bool(runs) and all(run.phase is phase for run in runs)
