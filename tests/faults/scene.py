"""What the fault tests share: a small run, a server that can be killed, a reader, and what is compared."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from resnet_core.config import RunConfig, from_flat
from resnet_core.records import RunInfo
from resnet_core.runs.durable import sha256
from resnet_core.runs.executor import WORKER
from resnet_core.runs.store import RunStore

SERVER = Path(__file__).with_name("server.py")
SECONDS_BYTES = slice(12, 16)  # of a row: `seconds` is the fourth scalar


def small_run(steps: int, **more: object) -> RunConfig:
    """A run of many short steps with a checkpoint every ten."""
    tiny = {"depth": 8, "width": 2, "batch": 8, "eval_every": 100, "eval_images": 50, "checkpoint_every": 10}
    return from_flat(tiny | {"steps": steps} | more)


def wait_for(condition: Callable[[], object], seconds: float = 90) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "waited too long"
        time.sleep(0.005)


def without_seconds(row: tuple[int, int, bytes]) -> tuple[int, int, bytes]:
    """A row but for the time it took, which no two runs share."""
    numbers = bytearray(row[2])
    numbers[SECONDS_BYTES] = bytes(4)
    return row[0], row[1], bytes(numbers)


def numbers_of(store: RunStore, run_id: str) -> list[tuple[int, int, bytes]]:
    return [without_seconds(row) for row in store.raw_steps(run_id)]


def result_of(store: RunStore, run_id: str) -> dict[str, object]:
    """Everything that must be bit-equal between two runs of the same settings."""
    run = store.run(run_id)
    weights = store.folder(run_id) / "checkpoints" / str(run.config.training.steps) / "model.safetensors"
    pictures = [
        (step, p.images.tobytes(), p.labels.tobytes(), p.predictions.tobytes())
        for step, p in store.pictures(run_id)
    ]
    return {
        "phase": run.phase.value,
        "numbers": numbers_of(store, run_id),
        "pictures": pictures,
        "weights": sha256(weights) if weights.exists() else run.reason,
    }


def train_undisturbed(root: Path, config: RunConfig) -> dict[str, object]:
    """The result of a run that nobody touches, in a worker process like any other."""
    store = RunStore(root)
    [run] = store.catalog.claim([store.add_race([config])[0].id])
    subprocess.run([*WORKER, "--run", run.id, "--store", str(root)], check=True, timeout=600)
    return result_of(store, run.id)


class Reader(threading.Thread):
    """Someone who watches a run: remembers every row that was ever shown."""

    def __init__(self, store: RunStore, run_id: str):
        super().__init__(daemon=True)
        self.store, self.run_id, self.seen, self._over = store, run_id, {}, threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.005):
            for row in self.store.raw_steps(self.run_id, since=max(self.seen, default=-1)):
                self.seen[row[0]] = without_seconds(row)

    def check(self) -> None:
        """Nothing that was shown is gone or different."""
        kept = {row[0]: row for row in numbers_of(self.store, self.run_id)}
        assert {step: kept.get(step) for step in dict(self.seen)} == dict(self.seen)

    def close(self) -> None:
        self._over.set()
        self.join()
        self.check()


class Server:
    """The supervisor in a process of its own."""

    def __init__(self, root: Path, spares: int = 0):
        environment = os.environ | {"RESNET_LAB_SPARES": str(spares)}
        self.process = subprocess.Popen([sys.executable, str(SERVER), str(root)], env=environment)

    def spares(self) -> list[psutil.Process]:
        found = psutil.Process(self.process.pid).children()
        return [process for process in found if "--warm" in process.cmdline()]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> float:
        """SIGTERM; how many seconds it took."""
        start = time.monotonic()
        self.process.terminate()
        self.process.wait(30)
        return time.monotonic() - start


def is_alive(run: RunInfo) -> bool:
    return run.pid is not None and psutil.pid_exists(run.pid) and not is_zombie(run.pid)


def is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_all(store: RunStore) -> None:
    """Leave no worker behind, whatever a test found."""
    for run in store.runs():
        if is_alive(run) and not run.phase.has_ended and run.pid != os.getpid():
            psutil.Process(run.pid).kill()
