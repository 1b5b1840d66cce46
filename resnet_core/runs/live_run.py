"""One run while its worker trains it: numbers are kept, progress is told, orders obeyed, checkpoints made."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import torch

from resnet_core.data.sets import ImageSet, load_images
from resnet_core.device import describe_device, make_deterministic, pick_device
from resnet_core.records import Phase, RunInfo, StepRecord
from resnet_core.runs import checkpoint_files, places
from resnet_core.runs.catalog import Orders
from resnet_core.runs.checkpoints import load_checkpoint, restore_beginning, save_checkpoint
from resnet_core.runs.durable import check_free_space
from resnet_core.runs.metrics import MetricsWriter, is_complete_until
from resnet_core.runs.store import RunStore
from resnet_core.train import TrainingState, initial_state, layout_of, train

SECONDS_PER_LOOK = 0.05  # at the orders
SECONDS_PER_REPORT = 0.5
SECONDS_OF_SPEED = 5.0  # steps per second are those of the last few seconds
RESERVE_BYTES = 256_000  # given back to a full disk, so that the reason can still be written


class Superseded(Exception):
    """Another attempt owns the run, or it has ended: nothing more may be written."""


class End(NamedTuple):
    """How the run leaves the worker; QUEUED means that another worker will go on with it."""

    phase: Phase
    reason: str = ""


class Go(Enum):
    ON = "on"
    STOP = "stop"
    LEAVE = "leave"


@dataclass
class Wishes:
    """What the process was asked to do by signals."""

    leave: bool = False  # the machine or the server wants this process gone; the run is to go on later
    stop: bool = False


class LiveRun:
    """Trains `info`'s run to its end. Whoever makes one holds the run's lock and has registered."""

    def __init__(
        self,
        store: RunStore,
        info: RunInfo,
        wishes: Wishes,
        on_step: Callable[[StepRecord], object] = lambda record: None,
    ):
        self.store, self.info, self.wishes, self.on_step = store, info, wishes, on_step
        self.folder = store.folder(info.id)
        self.checkpoints = places.checkpoints_folder(self.folder)
        self.steps_done = info.steps_done  # never goes back: what has been shown stays
        self.step = 0
        self._line = store.catalog.connect()
        self._orders = Orders(info.go_until, info.stop_requested)
        self._looked, self._reported = 0.0, 0.0
        self._pace: deque[tuple[float, int]] = deque()
        self._news: dict[str, Any] = {}
        self._writer: MetricsWriter | None = None

    def train(self, images: ImageSet | None = None) -> End:
        """Step until the run is over, stopped or told to leave. Raises `Superseded` or what went wrong."""
        config = self.info.config
        check_free_space(self.folder)
        self._reserve().write_bytes(bytes(RESERVE_BYTES))
        make_deterministic(config.training.threads)
        device = pick_device()
        images = images or load_images(config.data, device, self._tell)
        state = self._newest_state(device)
        self._writer.set_layout(layout_of(state.model))
        if state.step == 0:
            self._save(state)
        self._enter(Phase.RUNNING, reason="", environment=describe_device(device))
        end = self._run_through(state, train(config, state, images, device))
        self._save(state)
        return end

    def close(self) -> None:
        """Leave the numbers as one plain file."""
        self._line.close()
        if self._writer is not None:
            self._writer.close()
        self._reserve().unlink(missing_ok=True)

    def abandon(self) -> None:
        """After an error: keep what can be kept and make room for the reason."""
        self._line.close()
        self._reserve().unlink(missing_ok=True)
        if self._writer is not None:
            with suppress(Exception):  # the error that led here is the one to report
                self._writer.close()
            self._writer.abandon()

    def _run_through(self, state: TrainingState, records: Iterator[StepRecord]) -> End:
        while (go := self._may_go(state)) is Go.ON:
            record = next(records, None)
            if record is None:
                return self._natural_end(state)
            self._keep(record, state)
        if go is Go.LEAVE:
            return End(Phase.QUEUED, "interrupted; goes on from where it was")
        return End(Phase.STOPPED, f"stopped after {state.step} of {self.info.config.training.steps} steps")

    def _keep(self, record: StepRecord, state: TrainingState) -> None:
        self.step, self.steps_done = state.step, max(self.steps_done, state.step)
        self._writer.append(record)
        if record.evaluation is not None:
            self._news["test_accuracy"] = record.evaluation.accuracy
        if state.step % self.info.config.training.checkpoint_every == 0:
            self._save(state)
        self.on_step(record)
        self._report_when_due()

    # orders

    def _may_go(self, state: TrainingState) -> Go:
        go = self._look(state.step)
        if go is not None:
            return go
        self._writer.flush()
        self._enter(Phase.PAUSED)
        while (go := self._look(state.step)) is None:
            time.sleep(SECONDS_PER_LOOK)
        if go is Go.ON:
            self._pace.clear()
            self._enter(Phase.RUNNING)
        return go

    def _look(self, step: int) -> Go | None:
        """What to do now; None: wait."""
        if time.monotonic() - self._looked >= SECONDS_PER_LOOK:
            orders = self.store.catalog.orders(self.info.id, self.info.attempt, self._line)
            if orders is None:
                raise Superseded
            self._orders, self._looked = orders, time.monotonic()
        if self._orders.stop_requested or self.wishes.stop:
            return Go.STOP
        if self.wishes.leave:
            return Go.LEAVE
        until = self._orders.go_until
        has_more = step < self.info.config.training.steps
        return None if until is not None and step >= until and has_more else Go.ON

    # what others see

    def _enter(self, phase: Phase, **more: Any) -> None:
        self._writer.flush()
        self._report(phase=phase, **more)

    def _report_when_due(self) -> None:
        now = time.monotonic()
        self._pace.append((now, self.step))
        while now - self._pace[0][0] > SECONDS_OF_SPEED:
            self._pace.popleft()
        if now - self._reported >= SECONDS_PER_REPORT:
            check_free_space(self.folder)
            self._report()

    def _report(self, **changes: Any) -> None:
        if len(self._pace) > 1:
            (since, first), (until, last) = self._pace[0], self._pace[-1]
            changes["steps_per_second"] = (last - first) / max(until - since, 1e-9)
        changes |= self._news | {"steps_done": self.steps_done}
        if not self.store.catalog.update(self.info.id, self.info.attempt, **changes):
            raise Superseded
        self._news, self._reported = {}, time.monotonic()

    def _tell(self, text: str) -> None:
        """Why there is nothing to see yet, such as a download."""
        if time.monotonic() - self._reported >= SECONDS_PER_REPORT:
            self._report(reason=text)

    # checkpoints

    def _newest_state(self, device: torch.device) -> TrainingState:
        """From the newest whole checkpoint before which no step is missing, or from the beginning."""
        config, numbers = self.info.config, places.metrics_file(self.folder)
        checkpoint_files.remove_partial(self.checkpoints)
        for step in reversed(checkpoint_files.resumable_steps(self.checkpoints)):
            if is_complete_until(numbers, step):
                self._writer = MetricsWriter(numbers) if step else MetricsWriter.anew(numbers)
                self.step = step
                return load_checkpoint(self.checkpoints, step, config, device)
        self._writer = MetricsWriter.anew(numbers)
        state = initial_state(config, device)
        restore_beginning(self.folder, state.model)
        return state

    def _save(self, state: TrainingState) -> None:
        """Numbers first: a checkpoint promises that every step before it is kept."""
        if not checkpoint_files.is_resumable(self.checkpoints, state.step):
            self._writer.secure(state.step)
            save_checkpoint(self.checkpoints, self.info.config, state)
        if not self.store.catalog.note_checkpoint(self.info.id, self.info.attempt, state.step):
            raise Superseded

    # ends

    def _natural_end(self, state: TrainingState) -> End:
        self._writer.flush()
        last = self._kept(state.step - 1)
        if last is not None and last.evaluation is not None:
            self._news["test_accuracy"] = round(last.evaluation.accuracy, 6)  # float32 on disk
        if state.divergence is None:
            return End(Phase.DONE)
        step, layer = state.divergence
        kept = self._kept(step)
        what = "a gradient" if kept is not None and math.isfinite(kept.loss) else "the loss"
        return End(Phase.DIVERGED, f"{what} stopped being finite at step {step}, first in layer {layer}")

    def _kept(self, step: int) -> StepRecord | None:
        found = [record for record in self.store.steps(self.info.id, since=step - 1) if record.step == step]
        return found[0] if found else None

    def finish(self, end: End) -> None:
        """The last word in the catalog."""
        changes = self._news | {"steps_done": self.steps_done, "phase": end.phase, "reason": end.reason}
        if end.phase is Phase.QUEUED:
            changes |= {"pid": None, "pid_created": None}
        else:
            changes["finished"] = time.time()
        if not self.store.catalog.update(self.info.id, self.info.attempt, **changes):
            raise Superseded

    def _reserve(self) -> Path:
        return self.folder / ".reserve"
