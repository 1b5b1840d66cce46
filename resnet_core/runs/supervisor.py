"""The watch over queue and workers: starts what waits, takes up again what died, ends what will not stop.

One a store. It keeps no state that matters: killed at any moment, its successor finds all in the store.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Sequence
from itertools import groupby

from filelock import FileLock, Timeout

from resnet_core.records import Phase, RunInfo
from resnet_core.runs import metrics, places
from resnet_core.runs.catalog import MAX_DEATHS
from resnet_core.runs.executor import Executor
from resnet_core.runs.store import RunStore

SECONDS_PER_TICK = 0.1
SECONDS_TO_OBEY = 20.0
SECONDS_TO_END = 5.0  # after SIGTERM, before SIGKILL
LIVE = (Phase.STARTING, Phase.RUNNING, Phase.PAUSED)
log = logging.getLogger(__name__)


class Supervisor:
    """Moves runs through their phases; `tick` does what is due now and returns at once."""

    def __init__(self, store: RunStore, executor: Executor):
        self.store, self.executor = store, executor
        self._changes: sqlite3.Connection | None = None
        self._version = -1
        self._runs: list[RunInfo] = []
        self._asked_to_stop: dict[str, float] = {}
        self._has_recovered = False
        self._complaint = ""

    def run_forever(self, stop: threading.Event) -> None:
        """Tick until `stop`. While another process watches over this store, only wait to take its place."""
        if self.store.read_only_because:
            return
        lock = FileLock(places.supervisor_lock(self.store.root))
        try:
            while not stop.is_set():
                stop.wait(SECONDS_PER_TICK if self._tick_alone(lock) else 10 * SECONDS_PER_TICK)
        finally:
            self.close()
            lock.release()

    def tick(self) -> None:
        """Start, take up again and end what is due."""
        runs = self._unfinished()
        live = [run for run in runs if run.phase in LIVE]
        self._recover(live)
        self._press(live)
        self._revive(live)
        self._end_stopped([run for run in runs if run.phase is Phase.QUEUED and run.stop_requested])
        self._start_races(runs)
        self.executor.prepare(live)

    def close(self) -> None:
        self.executor.close()
        if self._changes is not None:
            self._changes.close()
            self._changes = None

    def _tick_alone(self, lock: FileLock) -> bool:
        try:
            if not lock.is_locked:
                lock.acquire(timeout=0)
            self.tick()
        except Timeout:
            return False
        except Exception as error:
            if str(error) != self._complaint:
                log.exception("the watch over %s could not do its work and tries again", self.store.root)
            self._complaint = str(error)
            return False
        self._complaint = ""
        return True

    def _unfinished(self) -> list[RunInfo]:
        """Read again only when another connection has changed the catalog."""
        if self._changes is None:
            self._changes = self.store.catalog.connect()
        version = self._changes.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._runs, self._version = self.store.catalog.unfinished(), version
        return self._runs

    # the queue

    def _start_races(self, runs: Sequence[RunInfo]) -> None:
        """The arms of a race start together, races in the order they came; a paused run leaves its slot."""
        waiting = [run for run in runs if run.phase is Phase.QUEUED and not run.stop_requested]
        if not waiting:
            return
        slots, training = self.executor.check(), sum(r.phase in (Phase.STARTING, Phase.RUNNING) for r in runs)
        for _, group in groupby(waiting, key=lambda run: run.race_id):
            arms = list(group)
            if training and training + len(arms) > slots:
                return
            for run in self.store.catalog.claim([run.id for run in arms]):
                self._submit(run)
            training += len(arms)

    def _submit(self, run: RunInfo) -> None:
        try:
            pid, pid_created = self.executor.submit(run)
        except OSError as error:
            log.warning("run %s could not be started: %s", run.id, error)
            self._take_up_again(run, f"its process could not be started: {error.strerror}")
            return
        self.store.catalog.note_process(run, pid, pid_created)

    # deaths

    def _recover(self, live: Sequence[RunInfo]) -> None:
        if self._has_recovered:
            return
        self._has_recovered = True
        for run_id, action in self.executor.recover(live).items():
            log.info("run %s of an earlier supervisor: %s", run_id, action)

    def _revive(self, live: Sequence[RunInfo]) -> None:
        for run_id, sighting in self.executor.poll(live).items():
            if sighting.is_alive:
                continue
            # Read again: a worker's last words come before its end, and may be younger than what we know.
            now = self.store.catalog.get(run_id)
            known = next(run for run in live if run.id == run_id)
            if now.phase in LIVE and (now.attempt, now.pid) == (known.attempt, known.pid):
                self._take_up_again(now, sighting.detail)

    def _take_up_again(self, run: RunInfo, detail: str) -> None:
        if run.stop_requested:
            self._end_stopped([run])
            return
        log.warning("the worker of run %s is gone (%s)", run.id, detail)
        following = self.store.catalog.restart(run)
        if following is None:
            self._end(run, Phase.FAILED, self._post_mortem(run, detail))
        else:
            self._submit(following)

    def _end_stopped(self, runs: Sequence[RunInfo]) -> None:
        for run in runs:
            reason = f"stopped after {run.steps_done} of {run.config.training.steps} steps"
            self._end(run, Phase.STOPPED, reason)

    def _post_mortem(self, run: RunInfo, detail: str) -> str:
        lines = [line.strip() for line in self.executor.log_tail(run.id).splitlines() if line.strip()]
        last_words = f"; its last words: {lines[-1][:300]}" if lines else ""
        memory = ", perhaps for lack of memory" if detail.endswith("signal 9") else ""
        return (
            f"its worker died {MAX_DEATHS} times without getting further than step {run.steps_done} "
            f"({detail}{memory}){last_words}"
        )

    def _end(self, run: RunInfo, phase: Phase, reason: str) -> None:
        if self.store.catalog.finish(run.id, run.attempt, phase, reason):
            self._make_plain(run)

    def _make_plain(self, run: RunInfo) -> None:
        folder = self.store.folder(run.id)
        lock = FileLock(places.worker_lock(folder))
        try:
            with lock.acquire(timeout=0):
                metrics.make_plain(places.metrics_file(folder))
        except (Timeout, sqlite3.Error, OSError) as error:
            log.warning("the numbers of run %s stay as they are: %s", run.id, error)

    # those who will not stop

    def _press(self, live: Sequence[RunInfo]) -> None:
        """A run that is told to stop does so after its step; one that does not is ended from outside."""
        stopping = [run for run in live if run.stop_requested]
        now = time.monotonic()
        self._asked_to_stop = {run.id: self._asked_to_stop.get(run.id, now) for run in stopping}
        for run in stopping:
            waited = now - self._asked_to_stop[run.id]
            # One that is still importing or downloading has nothing to lose.
            if waited > SECONDS_TO_OBEY + SECONDS_TO_END:
                self.executor.stop(run, force=True)
            elif waited > SECONDS_TO_OBEY or run.phase is Phase.STARTING:
                self.executor.stop(run)
