"""The app as `make run` starts it, on a free port and with a store of its own, for one measurement."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from resnet_core.config import RunConfig
from resnet_core.race import race_configs
from resnet_core.records import Phase, RunInfo
from resnet_core.runs.store import RunStore

ROOT = Path(__file__).resolve().parents[1]
ARMS = tuple({"skip": skip, "depth": 56, "norm": "batch"} for skip in ("none", "identity"))
SECONDS_OF_REST = 1.5  # a spare that used no processor for so long has warmed up
SECONDS_TO_WAIT = 120


class LiveServer:
    """A Streamlit process and the store it serves."""

    def __init__(self, folder: Path, environment: Mapping[str, str]):
        self.store, self.port = RunStore(folder / "store"), _free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        command = [sys.executable, "-m", "streamlit", "run", "app/server.py"]
        command += ["--server.port", str(self.port), "--server.headless", "true"]
        chosen = os.environ | {"RESNET_LAB_STORE": str(self.store.root)} | environment
        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen(command, cwd=ROOT, env=chosen, stdout=log, stderr=log)
        self.process = psutil.Process(self.popen.pid)

    def spares(self) -> list[psutil.Process]:
        """Warm processes that no run has been given to."""
        taken = {run.pid for run in self.store.runs()}
        return [child for child in self.process.children() if child.pid not in taken]

    def wait_for_spares(self, count: int) -> list[psutil.Process]:
        """`count` spares that have come to rest."""
        wait_until(lambda: len(self.spares()) >= count, f"{count} spare processes")
        spares = self.spares()
        wait_until(lambda: _are_at_rest(spares), "spare processes at rest")
        return spares

    def start_race(self, **shared: object) -> list[RunInfo]:
        """What Train does: the app's default race, changed by `shared` settings."""
        return self.store.create_race(default_race(**shared))

    def stop_races(self) -> None:
        """Ends what trains."""
        self.store.request_stop([run.id for run in self.store.runs() if not run.phase.has_ended])
        wait_until(lambda: all(run.phase.has_ended for run in self.store.runs()), "the end of all runs")

    def wait_until_training(self, race: Sequence[RunInfo], steps: int = 1) -> list[RunInfo]:
        """The runs of `race` once each has done some steps."""

        def has_begun(run: RunInfo) -> bool:
            if run.phase is Phase.FAILED:
                raise RuntimeError(f"run {run.id} failed: {run.reason}")
            return run.phase is Phase.RUNNING and run.steps_done >= steps

        wait_until(lambda: all(has_begun(run) for run in self.store.race(race[0].race_id)), "training")
        return self.store.race(race[0].race_id)

    def wait_until_ready(self) -> None:
        def answers() -> bool:
            if self.popen.poll() is not None:
                raise RuntimeError(f"the server ended: {self.log.read_text()[-500:]}")
            with suppress(OSError), urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=5):
                return True
            return False

        wait_until(answers, "an answer of the server")

    def end(self) -> None:
        self.popen.terminate()
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        for run in self.store.runs():
            if not run.phase.has_ended and run.pid:
                with suppress(psutil.NoSuchProcess):
                    psutil.Process(run.pid).kill()


@contextmanager
def live_server(**environment: str) -> Iterator[LiveServer]:
    """A server that answers; it, its workers and its store are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="resnet-lab-bench-", ignore_cleanup_errors=True) as folder:
        server = LiveServer(Path(folder), environment)
        try:
            server.wait_until_ready()
            yield server
            server.stop_races()
        finally:
            server.end()


def default_race(**shared: object) -> list[RunConfig]:
    """Plain-56 against ResNet-56 as the first page offers them."""
    return race_configs(shared, ARMS)


def wait_until(condition: Callable[[], object], what: str, seconds: float = SECONDS_TO_WAIT) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.02)


def _are_at_rest(processes: Sequence[psutil.Process]) -> bool:
    def spent() -> float:
        return sum(sum(process.cpu_times()[:2]) for process in processes)

    before = spent()
    time.sleep(SECONDS_OF_REST)
    return spent() - before < 0.02


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
