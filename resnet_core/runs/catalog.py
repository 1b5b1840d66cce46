"""The catalog of runs: what was asked, who waits, how far each is. One small SQLite file, several writers.

So it has a rollback journal, and every change is one short `BEGIN IMMEDIATE` transaction. A worker's change
names the attempt it belongs to: what an earlier attempt still says once its successor has started is refused.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from resnet_core.config import RunConfig, SettingsError, parse
from resnet_core.records import Phase, RunInfo

FORMAT = 1
MAX_DEATHS = 3  # of workers that got no further than the one before
BUSY_SECONDS = 10

_SCHEMA = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, race_id TEXT NOT NULL, arm INTEGER NOT NULL, config TEXT NOT NULL,
    phase TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL, started REAL, finished REAL,
    attempt INTEGER NOT NULL DEFAULT 0, pid INTEGER, pid_created REAL,
    steps_done INTEGER NOT NULL DEFAULT 0, go_until INTEGER, stop_requested INTEGER NOT NULL DEFAULT 0,
    test_accuracy REAL, steps_per_second REAL, environment TEXT NOT NULL DEFAULT '{}',
    checkpoint_step INTEGER NOT NULL DEFAULT -1, deaths INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_race ON runs (race_id, arm);
CREATE INDEX runs_by_phase ON runs (phase);
"""
_STORED = [f.name for f in fields(RunInfo) if f.name != "queue_position"]
_SELECT = f"SELECT {', '.join(_STORED)} FROM runs "
_ENDED = ", ".join(f"'{phase}'" for phase in Phase if phase.has_ended)


class StoreError(ValueError):
    """What is wrong with the store or with what was asked of it, in a sentence for people."""


class Orders(NamedTuple):
    """What a worker is told to do."""

    go_until: int | None
    stop_requested: bool


class Catalog:
    """The table of runs. Safe to use from several threads and processes: each call is its own connection."""

    def __init__(self, path: Path, writable: bool = True):
        self.path, self._mode = path, "rw" if writable else "ro"

    def create(self) -> None:
        """Make the file, unless another process was faster."""
        with (
            _plain_errors(self.path),
            closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as connection,
        ):
            connection.isolation_level = None
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.execute("COMMIT")

    def check_format(self) -> None:
        """Raises `StoreError` for a file of a newer version."""
        with self._reading() as connection:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > FORMAT:
            raise StoreError(
                f"the store {self.path.parent} was written by a newer version of ResNet Lab "
                f"(format {found}; this one reads up to {FORMAT}); update ResNet Lab or choose another store"
            )

    # reading

    def get(self, run_id: str) -> RunInfo:
        found = self._select("WHERE id = ?", run_id)
        if not found:
            raise StoreError(f"there is no run {run_id} in {self.path.parent}")
        return found[0]

    def has(self, run_id: str) -> bool:
        with self._reading() as connection:
            return connection.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone() is not None

    def of_race(self, race_id: str) -> list[RunInfo]:
        return self._select("WHERE race_id = ? ORDER BY arm", race_id)

    def all(self) -> list[RunInfo]:
        """Newest first; the arms of a race in order."""
        return self._select("ORDER BY created DESC, race_id DESC, arm")

    def unfinished(self) -> list[RunInfo]:
        """Oldest first: the order in which races start."""
        return self._select(f"WHERE phase NOT IN ({_ENDED}) ORDER BY created, race_id, arm")

    def queue(self) -> list[str]:
        """The races that wait, the next one first."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT race_id FROM runs WHERE phase = 'QUEUED' GROUP BY race_id "
                "ORDER BY min(created), race_id"
            ).fetchall()
        return [race_id for (race_id,) in rows]

    def orders(self, run_id: str, attempt: int, line: sqlite3.Connection | None = None) -> Orders | None:
        """None: this attempt has been superseded, or the run has ended. An open `line` makes it 0.03 ms."""
        with self._reading(line) as connection:
            row = connection.execute(
                "SELECT go_until, stop_requested FROM runs WHERE id = ? AND attempt = ? AND finished IS NULL",
                (run_id, attempt),
            ).fetchone()
        return row and Orders(row[0], bool(row[1]))

    # orders of people

    def insert(self, infos: Sequence[RunInfo]) -> None:
        """Add runs as they are, all or none: new ones to the queue, imported ones with their end."""
        marks = ", ".join("?" * len(_STORED))
        with self._writing() as connection:
            connection.executemany(
                f"INSERT INTO runs ({', '.join(_STORED)}) VALUES ({marks})", [_row(info) for info in infos]
            )

    def hold(self, run_ids: Iterable[str], until: int | None) -> None:
        with self._writing() as connection:
            connection.executemany("UPDATE runs SET go_until = ? WHERE id = ?", [(until, i) for i in run_ids])

    def request_stop(self, run_ids: Iterable[str]) -> None:
        """A waiting run ends at once; a live one is told."""
        with self._writing() as connection:
            for run_id in run_ids:
                connection.execute(
                    "UPDATE runs SET phase = 'STOPPED', reason = 'stopped while it waited', finished = ? "
                    "WHERE id = ? AND phase = 'QUEUED'",
                    (time.time(), run_id),
                )
                connection.execute(
                    "UPDATE runs SET stop_requested = 1 WHERE id = ? AND finished IS NULL", (run_id,)
                )

    def remove(self, run_id: str) -> None:
        with self._writing() as connection:
            connection.execute("DELETE FROM runs WHERE id = ? AND finished IS NOT NULL", (run_id,))

    # the life of a run

    def claim(self, run_ids: Sequence[str]) -> list[RunInfo]:
        """QUEUED -> STARTING for those still waiting, as their next attempt; these are returned."""
        with self._writing() as connection:
            claimed = [run_id for run_id in run_ids if connection.execute(
                "UPDATE runs SET phase = 'STARTING', attempt = attempt + 1, pid = NULL, pid_created = NULL, "
                "started = coalesce(started, ?), reason = '' WHERE id = ? AND phase = 'QUEUED'",
                (time.time(), run_id),
            ).rowcount]  # fmt: skip
        return [self.get(run_id) for run_id in claimed]

    def restart(self, run: RunInfo) -> RunInfo | None:
        """The next attempt of a run whose worker died; None when too many died without getting further."""
        with self._writing() as connection:
            changed = connection.execute(
                "UPDATE runs SET phase = 'STARTING', attempt = attempt + 1, pid = NULL, pid_created = NULL, "
                f"deaths = deaths + 1 WHERE id = ? AND attempt = ? AND deaths + 1 < {MAX_DEATHS} "
                "AND finished IS NULL",
                (run.id, run.attempt),
            ).rowcount
        return self.get(run.id) if changed else None

    def register(self, run_id: str, pid: int, pid_created: float) -> int | None:
        """A worker takes its run; the attempt it is, or None when there is nothing to do."""
        with self._writing() as connection:
            row = connection.execute(
                "UPDATE runs SET pid = ?, pid_created = ? WHERE id = ? AND phase = 'STARTING' "
                "RETURNING attempt",
                (pid, pid_created, run_id),
            ).fetchone()
        return row and row[0]

    def note_process(self, run: RunInfo, pid: int | None, pid_created: float | None) -> None:
        """What the executor started; a worker that has registered by itself knows better."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE runs SET pid = ?, pid_created = ? WHERE id = ? AND attempt = ? AND pid IS NULL",
                (pid, pid_created, run.id, run.attempt),
            )

    def update(self, run_id: str, attempt: int, **columns: Any) -> bool:
        """Change columns of a live run; False when this attempt no longer owns it."""
        assert set(columns) <= {*_STORED, "checkpoint_step", "deaths"}
        settings = ", ".join(f"{name} = ?" for name in columns)
        values = [_value(name, value) for name, value in columns.items()]
        with self._writing() as connection:
            return connection.execute(
                f"UPDATE runs SET {settings} WHERE id = ? AND attempt = ? AND finished IS NULL",
                (*values, run_id, attempt),
            ).rowcount == 1  # fmt: skip

    def note_checkpoint(self, run_id: str, attempt: int, step: int) -> bool:
        """A run that gets further has earned new attempts; -1: this worker's own death will not count."""
        with self._writing() as connection:
            return connection.execute(
                "UPDATE runs SET deaths = CASE WHEN checkpoint_step < ?1 THEN -1 ELSE deaths END, "
                "checkpoint_step = max(checkpoint_step, ?1) "
                "WHERE id = ?2 AND attempt = ?3 AND finished IS NULL",
                (step, run_id, attempt),
            ).rowcount == 1  # fmt: skip

    def finish(self, run_id: str, attempt: int, phase: Phase, reason: str = "") -> bool:
        return self.update(run_id, attempt, phase=phase, reason=reason, finished=time.time())

    # connections

    def _select(self, clause: str, *values: Any) -> list[RunInfo]:
        with self._reading() as connection:
            rows = connection.execute(_SELECT + clause, values).fetchall()
        return [info for row in rows if (info := _info(row)) is not None]

    @contextmanager
    def _reading(self, line: sqlite3.Connection | None = None) -> Iterator[sqlite3.Connection]:
        # Not mode=ro in a writable store: whoever comes next must roll back the journal of a killed writer.
        with _plain_errors(self.path), nullcontext(line) if line else closing(self.connect()) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with _plain_errors(self.path), closing(self.connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection  # closing without a commit rolls back
            connection.execute("COMMIT")

    def connect(self) -> sqlite3.Connection:
        """A connection of one's own, without a transaction; the caller closes it."""
        address = f"{self.path.resolve().as_uri()}?mode={self._mode}"
        return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise StoreError(f"this run is in the store {path.parent} already") from error
    except sqlite3.DatabaseError as error:
        raise StoreError(_explain(error, path)) from error


def _explain(error: sqlite3.DatabaseError, path: Path) -> str:
    folder, text = path.parent, str(error)
    if "full" in text:
        return f"the disk of {folder} is full; delete some runs or choose another RESNET_LAB_STORE"
    if "readonly" in text or "unable to open" in text:
        return (
            f"the store {folder} cannot be written; check its permissions or choose another RESNET_LAB_STORE"
        )
    if "locked" in text:
        return f"the store {folder} has been busy for {BUSY_SECONDS} s; try again"
    return f"the file {path} is damaged ({text}); move it away to start with an empty list of runs"


def _row(info: RunInfo) -> list[Any]:
    return [_value(name, getattr(info, name)) for name in _STORED]


def _value(name: str, value: Any) -> Any:
    if name == "config":
        return value.model_dump_json()
    if name == "environment":
        return json.dumps(dict(value))
    return int(value) if isinstance(value, bool) else value


def _info(row: Sequence[Any]) -> RunInfo | None:
    """None for a row whose settings this version cannot read: one such row must not hide the others."""
    values = dict(zip(_STORED, row, strict=True))
    try:
        values["config"] = _config(values["config"])
    except SettingsError:
        return None
    values["environment"] = json.loads(values["environment"])
    values["stop_requested"] = bool(values["stop_requested"])
    values["phase"] = Phase(values["phase"])
    return RunInfo(**values)


@lru_cache(maxsize=4096)
def _config(text: str) -> RunConfig:
    return parse(text)
