"""Where workers run: a small protocol, and this machine as its default. No torch.

What a run is and how far it is stands in the store, never here: an executor starts, sees and ends processes.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import psutil
from filelock import FileLock, Timeout

from resnet_core.records import Phase, RunInfo
from resnet_core.runs import places
from resnet_core.runs.admission import count_slots
from resnet_core.runs.spares import SparePool
from resnet_core.runs.store import RunStore

SECONDS_TO_REGISTER = 15  # for a worker of a server that was killed before it noted the process
SECONDS_OF_PEACE = 1.0  # after a start, before new spares take a free core
SECONDS_OF_PEACE_WHEN_FULL = 30.0  # ... or share one with runs
BYTES_FREE_FOR_SPARE = 2_000_000_000
MAX_SPARES = 4
WORKER = (sys.executable, "-m", "resnet_core", "worker")
_PACKAGE_PARENT = Path(__file__).resolve().parents[2]


class Started(NamedTuple):
    """The process of a run; None where the executor has no process ids."""

    pid: int | None
    pid_created: float | None


class Sighting(NamedTuple):
    """Whether a run's worker is there; `detail` says how it ended when that is known."""

    is_alive: bool
    detail: str = ""


class Executor(Protocol):
    """What the supervisor needs of a place where workers run."""

    name: str

    def check(self) -> int:
        """How many runs may train at once."""

    def submit(self, run: RunInfo) -> Started:
        """Start the worker of this attempt, in well under a second."""

    def poll(self, runs: Sequence[RunInfo]) -> Mapping[str, Sighting]:
        """Whether the workers of live runs are there, by run id."""

    def stop(self, run: RunInfo, force: bool = False) -> None:
        """Ask the worker's process to end, or end it. Says nothing when it is gone."""

    def recover(self, runs: Sequence[RunInfo]) -> Mapping[str, Literal["reattach", "restart"]]:
        """What to do with runs that an earlier supervisor started."""

    def log_tail(self, run_id: str, characters: int = 4000) -> str:
        """The end of what the worker wrote."""

    def prepare(self, live: Sequence[RunInfo]) -> None:
        """Called at every tick: make the next start fast."""

    def close(self) -> None:
        """The supervisor ends; workers go on."""


class LocalExecutor:
    """Detached processes of this machine; they outlive the server and are found again by process and lock."""

    name = "local"

    def __init__(self, store: RunStore, command: Sequence[str] = WORKER):
        self.store, self._command = store, list(command)
        self._children: dict[int, subprocess.Popen] = {}  # by process id
        self._first_seen: dict[tuple[str, int], float] = {}
        self.spares = SparePool(self._spawn_spare)
        self._started = -float("inf")
        self.check()  # a mistake in RESNET_LAB_SLOTS shows before anything starts

    def check(self) -> int:
        return count_slots(str(self.store.machine().get("device", "cpu")))

    def submit(self, run: RunInfo) -> Started:
        self._started = time.monotonic()
        process = self.spares.hand_over(run.id)
        if process is None:
            with open(places.worker_log(self.store.folder(run.id)), "ab") as log:
                process = self._spawn(["--run", run.id], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._children[process.pid] = process
        return Started(process.pid, _created(process.pid))

    def poll(self, runs: Sequence[RunInfo]) -> dict[str, Sighting]:
        return {run.id: self._see(run) for run in runs}

    def stop(self, run: RunInfo, force: bool = False) -> None:
        if run.pid is not None and _is_process(run.pid, run.pid_created):
            try:
                process = psutil.Process(run.pid)
                process.kill() if force else process.terminate()
            except psutil.NoSuchProcess:
                pass  # it was faster

    def recover(self, runs: Sequence[RunInfo]) -> dict[str, Literal["reattach", "restart"]]:
        return {run.id: "reattach" if self._see(run).is_alive else "restart" for run in runs}

    def log_tail(self, run_id: str, characters: int = 4000) -> str:
        try:
            with open(places.worker_log(self.store.folder(run_id)), "rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - characters))
                return log.read().decode(errors="replace")
        except OSError:
            return ""

    def prepare(self, live: Sequence[RunInfo]) -> None:
        """Fill up the spares when that takes nothing from a race that has just started."""
        self._reap(live)
        if any(run.phase is Phase.STARTING for run in live):
            return
        slots, training = self.check(), sum(run.phase is Phase.RUNNING for run in live)
        peace = SECONDS_OF_PEACE if training < slots else SECONDS_OF_PEACE_WHEN_FULL
        wanted = _count_spares(slots)
        is_calm = time.monotonic() - self._started > peace
        if is_calm and len(self.spares) < wanted and psutil.virtual_memory().available > BYTES_FREE_FOR_SPARE:
            self.spares.fill(min(wanted, self.spares.ready + 1) if training else wanted)

    def close(self) -> None:
        self.spares.close()
        for child in self._children.values():
            if child.poll() is None:
                child.returncode = 0  # it goes on without us, so subprocess need not warn that it does

    def _see(self, run: RunInfo) -> Sighting:
        child = self._children.get(run.pid)
        if child is not None and child.poll() is not None:
            detail = _ending(child.returncode)
        elif run.pid is not None and _is_process(run.pid, run.pid_created):
            return Sighting(True)
        else:
            detail = "its process is gone"
        # After a jump of the clock, or in another container, only the lock can tell.
        if _is_held(places.worker_lock(self.store.folder(run.id))):
            return Sighting(True)
        return Sighting(run.pid is None and self._may_still_register(run), detail)

    def _may_still_register(self, run: RunInfo) -> bool:
        first = self._first_seen.setdefault((run.id, run.attempt), time.monotonic())
        return time.monotonic() - first < SECONDS_TO_REGISTER

    def _reap(self, live: Sequence[RunInfo]) -> None:
        for pid in self._children.keys() - {run.pid for run in live}:
            if self._children[pid].poll() is not None:
                del self._children[pid]

    def _spawn_spare(self) -> subprocess.Popen:
        pipe = subprocess.PIPE
        return self._spawn(["--warm"], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)

    def _spawn(self, arguments: list[str], **streams: object) -> subprocess.Popen:
        command = [*self._command, *arguments, "--store", str(self.store.root)]
        path = os.pathsep.join(filter(None, [str(_PACKAGE_PARENT), os.environ.get("PYTHONPATH")]))
        return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, **_detached(), **streams)


def _detached() -> dict[str, object]:
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    return {"start_new_session": True}


def _count_spares(slots: int) -> int:
    chosen = os.environ.get("RESNET_LAB_SPARES", "")
    return min(int(chosen), MAX_SPARES) if chosen.isdecimal() else min(slots, 2)


def _created(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None


def _is_process(pid: int, created: float | None) -> bool:
    """Whether this very process is there: not a later one of the same number, and not a zombie."""
    try:
        process = psutil.Process(pid)
        is_same = created is None or abs(process.create_time() - created) < 2
        return is_same and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def _is_held(lock_file: Path) -> bool:
    if not lock_file.exists():
        return False
    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def _ending(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
