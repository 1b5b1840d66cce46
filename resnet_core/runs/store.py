"""The store: every run of this machine in one folder. What pages, the command line and workers ask.

catalog.db, machine.json and, for each run, runs/ID/{config.json, metrics.db, checkpoints/, ...}. No torch.
"""

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ulid import ULID

from resnet_core.config import RunConfig
from resnet_core.records import Layout, Phase, Pictures, RunInfo, StepRecord, decode_step
from resnet_core.runs import metrics, places
from resnet_core.runs.admission import Refused, check_admission
from resnet_core.runs.catalog import Catalog, StoreError
from resnet_core.runs.checkpoint_files import MODEL, complete_steps, is_whole
from resnet_core.runs.durable import sync_folder, write_whole

__all__ = ["Refused", "RunStore", "StoreError"]

MAX_ARMS = 4
Answer = TypeVar("Answer")


class RunStore:
    """A folder of runs. Opens what it may not write, too (`writable=False` asks for that), and says why."""

    def __init__(self, root: Path | str, writable: bool = True):
        self.root = Path(root).absolute()
        self.read_only_because = self._obstacle() if writable else f"{self.root} was opened for reading only"
        self.catalog = Catalog(places.catalog_file(self.root), writable=not self.read_only_because)
        self._layouts: dict[str, Layout] = {}
        if not self.read_only_because and not self._has_catalog():
            self.catalog.create()
        if self._has_catalog():
            self.catalog.check_format()

    def _obstacle(self) -> str:
        if self.root.exists() and not self.root.is_dir():
            raise StoreError(f"the store {self.root} is a file; choose a folder")
        try:
            (self.root / "runs").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return self._cannot_write(error.strerror)
        places_to_write = [
            self.root,
            self.root / "runs",
            *([self.catalog_path] if self._has_catalog() else []),
        ]
        if not all(os.access(place, os.W_OK) for place in places_to_write):
            return self._cannot_write("no permission")
        return ""

    def _cannot_write(self, why: str | None) -> str:
        return (
            f"the store {self.root} cannot be written ({why}), so runs can be looked at but not started; "
            "check its permissions or choose another RESNET_LAB_STORE"
        )

    @property
    def catalog_path(self) -> Path:
        return places.catalog_file(self.root)

    def _has_catalog(self) -> bool:
        return self.catalog_path.is_file() and self.catalog_path.stat().st_size > 0

    def require_writable(self) -> None:
        if self.read_only_because:
            raise StoreError(self.read_only_because)

    # races

    def create_race(self, configs: Sequence[RunConfig]) -> list[RunInfo]:
        """Put the arms of a race into the queue. Raises `Refused` with the reason when they would not fit."""
        self.require_writable()
        check_admission(
            configs, self.root, waiting=sum(r.phase is Phase.QUEUED for r in self.catalog.unfinished())
        )
        return [self.run(run.id) for run in self.add_race(configs)]

    def add_race(
        self,
        configs: Sequence[RunConfig],
        phase: Phase = Phase.QUEUED,
        prepare: Callable[[Path], None] = lambda folder: None,
        **more: object,
    ) -> list[RunInfo]:
        """Folders and rows for new runs, without asking whether they fit; see `add`."""
        self.require_writable()
        if not 1 <= len(configs) <= MAX_ARMS:
            raise StoreError(f"a race has 1 to {MAX_ARMS} arms, not {len(configs)}")
        race_id, now = str(ULID()), time.time()
        infos = [
            RunInfo(str(ULID()), race_id, arm, config, phase, created=now, **more)  # type: ignore[arg-type]
            for arm, config in enumerate(configs)
        ]
        self.add(infos, prepare)
        return infos

    def add(self, infos: Sequence[RunInfo], prepare: Callable[[Path], None] = lambda folder: None) -> None:
        """Enter runs as they are, folders first: a run in the catalog always has its settings on disk.

        `prepare` puts into each folder what else the run begins with.
        """
        self.require_writable()
        for info in infos:
            folder = self.folder(info.id)
            if self.catalog.has(info.id):
                raise StoreError(f"run {info.id} is in the store {self.root} already")
            try:
                folder.mkdir(parents=True, exist_ok=True)
                write_whole(folder / "config.json", info.config.to_json().encode())
                prepare(folder)
            except OSError as error:
                raise StoreError(f"the run folder {folder} cannot be written: {error.strerror}") from error
        self.catalog.insert(infos)

    def adopt(self, info: RunInfo, folder: Path) -> RunInfo:
        """Enter a run that was made elsewhere; `folder`, on the disk of the store, becomes its folder."""
        self.require_writable()
        final = self.folder(info.id)
        if final.exists() or self.catalog.has(info.id):
            raise StoreError(f"there is already a run {info.id} in {self.root}; delete it first")
        try:
            folder.rename(final)
            sync_folder(final.parent)
        except OSError as error:
            raise StoreError(f"the run folder {final} cannot be made: {error.strerror}") from error
        try:
            self.catalog.insert([info])
        except StoreError:
            shutil.rmtree(final, ignore_errors=True)
            raise
        return self.run(info.id)

    def run(self, run_id: str) -> RunInfo:
        self.folder(run_id)
        self._require_catalog(run_id)
        return self._placed([self.catalog.get(run_id)])[0]

    def race(self, race_id: str) -> list[RunInfo]:
        return self._placed(self.catalog.of_race(race_id)) if self._has_catalog() else []

    def runs(self) -> list[RunInfo]:
        """Newest race first, its arms in order."""
        return self._placed(self.catalog.all()) if self._has_catalog() else []

    def _require_catalog(self, run_id: str) -> None:
        if not self._has_catalog():
            raise StoreError(f"there is no run {run_id} in {self.root}")

    def _placed(self, infos: list[RunInfo]) -> list[RunInfo]:
        """With the places of those that wait: 1 is the next race."""
        if not any(info.phase is Phase.QUEUED for info in infos):
            return infos
        position = {race_id: place for place, race_id in enumerate(self.catalog.queue(), 1)}
        return [
            replace(i, queue_position=position.get(i.race_id)) if i.phase is Phase.QUEUED else i
            for i in infos
        ]

    def delete(self, run_id: str) -> None:
        """Remove a run that has ended, numbers and weights and all."""
        self.require_writable()
        info = self.run(run_id)
        if not info.phase.has_ended:
            raise StoreError(f"run {run_id} is {info.phase}; stop it before deleting it")
        try:
            shutil.rmtree(self.folder(run_id), ignore_errors=False)
        except FileNotFoundError:
            pass  # a deletion that was interrupted is finished now
        except OSError as error:
            raise StoreError(
                f"run {run_id} cannot be deleted: {error.strerror} ({error.filename})"
            ) from error
        self.catalog.remove(run_id)
        self._layouts.pop(run_id, None)

    # orders

    def hold(self, run_ids: Iterable[str], until: int | None) -> None:
        """Let runs wait before step `until`: 0 is now, None is never."""
        self.require_writable()
        self.catalog.hold(run_ids, until)

    def request_stop(self, run_ids: Iterable[str]) -> None:
        """A run in the queue ends at once, a live one after the step it is at."""
        self.require_writable()
        self.catalog.request_stop(run_ids)

    # numbers

    def folder(self, run_id: str) -> Path:
        """Where a run lies. The id is checked, so that it may come from a URL."""
        try:
            return places.run_folder(self.root, run_id)
        except ValueError as error:
            raise StoreError(str(error)) from None

    def layout(self, run_id: str) -> Layout | None:
        """What the arrays are indexed by; None before the worker has built the model."""
        if run_id not in self._layouts:
            found = self._ask(run_id, metrics.read_layout, None)
            if found is None:
                return None
            self._layouts[run_id] = found
        return self._layouts[run_id]

    def raw_steps(
        self, run_id: str, since: int = -1, stride: int = 1, limit: int | None = None
    ) -> list[tuple[int, int, bytes]]:
        """(step, present, numbers) of steps above `since` that `stride` divides or that were evaluated."""
        return self._ask(run_id, lambda path: metrics.read_raw(path, since, stride, limit), [])

    def steps(self, run_id: str, since: int = -1, stride: int = 1) -> list[StepRecord]:
        layout = self.layout(run_id)
        if layout is None:
            return []
        return [decode_step(*row, layout) for row in self.raw_steps(run_id, since, stride)]

    def pictures(self, run_id: str, since: int = -1) -> list[tuple[int, Pictures]]:
        return self._ask(run_id, lambda path: metrics.read_pictures(path, since), [])

    def checkpoints(self, run_id: str) -> list[int]:
        """The steps whose weights are kept, in order."""
        return complete_steps(places.checkpoints_folder(self.folder(run_id)))

    def weights_file(self, run_id: str, step: int | None = None) -> Path:
        """The safetensors file of a checkpoint, the newest when `step` is None; its sum has been checked."""
        run = self.run(run_id)
        folder, steps = places.checkpoints_folder(self.folder(run.id)), self.checkpoints(run.id)
        if not steps:
            raise StoreError(f"run {run.id} has no weights yet")
        if step is not None and step not in steps:
            there = ", ".join(map(str, steps))
            raise StoreError(f"step: run {run.id} has no weights of step {step}; it has those of {there}")
        chosen = steps[-1] if step is None else step
        if not is_whole(folder, chosen):
            raise StoreError(f"the weights of run {run.id} at step {chosen} are damaged; choose another step")
        return folder / str(chosen) / MODEL

    def machine(self) -> dict:
        """What the last torch process said of the device and its speed; {} if none has yet."""
        try:
            found = json.loads(places.machine_file(self.root).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _ask(self, run_id: str, question: Callable[[Path], Answer], otherwise: Answer) -> Answer:
        path = places.metrics_file(self.folder(run_id))
        if not path.is_file() or path.stat().st_size == 0:
            return otherwise
        try:
            return question(path)
        except sqlite3.DatabaseError as error:
            if "no such table" in str(error):
                return otherwise  # the worker is just making it
            raise StoreError(
                f"the numbers of run {run_id} cannot be read ({error}); is {path} damaged?"
            ) from error


def write_machine(root: Path, facts: dict) -> None:
    write_whole(places.machine_file(root), json.dumps(facts, indent=2).encode())
