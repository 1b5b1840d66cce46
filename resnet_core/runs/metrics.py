"""The numbers of one run: one SQLite row a step, its float32 numbers a BLOB, as NaN and infinity are content.

One writer, the run's worker, with a write-ahead log so that readers never wait; a finished run is one plain
file. Readers open read-only for a moment and never touch the log. Arrays are little endian.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from resnet_core.records import QUANTITIES, Layer, Layout, Pictures, StepRecord, encode_step

SECONDS_PER_COMMIT = 0.25
ROWS_PER_COMMIT = 32
_EVALUATION_BIT = 1 << list(QUANTITIES).index("evaluation")

SCHEMA = """
CREATE TABLE IF NOT EXISTS steps (step INTEGER PRIMARY KEY, present INTEGER NOT NULL, numbers BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS pictures (step INTEGER PRIMARY KEY, shape TEXT NOT NULL,
    images BLOB NOT NULL, labels BLOB NOT NULL, predictions BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class MetricsWriter:
    """The one writer of a run's numbers. Whoever makes one holds the run's lock."""

    def __init__(self, path: Path):
        self._connection = sqlite3.connect(path, timeout=10, isolation_level=None)
        self._connection.execute("PRAGMA page_size = 8192")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(SCHEMA)
        self._steps: list[tuple[int, int, bytes]] = []
        self._pictures: list[tuple[Any, ...]] = []
        self._committed = 0.0

    @classmethod
    def anew(cls, path: Path) -> "MetricsWriter":
        """For a run that begins at step 0; a file that cannot be read is put aside as metrics.db.damaged."""
        if path.exists() and not _is_sound(path):
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            path.replace(path.with_name(path.name + ".damaged"))
        return cls(path)

    def set_layout(self, layout: Layout) -> None:
        self._write_meta("layout", json.dumps({"layers": layout.layers, "blocks": layout.blocks}))

    def append(self, record: StepRecord) -> None:
        """Keep a step. All kept ones are committed 250 ms after the last time, or when there are 32."""
        self._steps.append((record.step, *encode_step(record)))
        if record.pictures is not None:
            self._pictures.append((record.step, *_encode_pictures(record.pictures)))
        is_due = time.monotonic() - self._committed >= SECONDS_PER_COMMIT
        if is_due or len(self._steps) >= ROWS_PER_COMMIT:
            self.flush()

    def flush(self) -> None:
        """Commit what is waiting, so that every reader sees it."""
        if self._steps:
            with _transaction(self._connection):
                self._connection.executemany("INSERT OR REPLACE INTO steps VALUES (?, ?, ?)", self._steps)
                self._connection.executemany(
                    "INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?, ?)", self._pictures
                )
            self._steps, self._pictures = [], []
        self._committed = time.monotonic()

    def secure(self, step: int) -> None:
        """Make all steps before `step` survive a power cut; to be called before a checkpoint says so."""
        self.flush()
        self._connection.execute("PRAGMA synchronous = FULL")
        self._write_meta("secured", str(step))
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """Commit, and leave one plain file behind."""
        self.flush()
        _leave_plain(self._connection)
        self._connection.close()

    def abandon(self) -> None:
        """Let go of the file and of what was not committed."""
        self._connection.close()

    def _write_meta(self, key: str, value: str) -> None:
        with _transaction(self._connection):
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def make_plain(path: Path) -> None:
    """Fold the log that a killed writer left into its file. The caller holds the run's lock."""
    if path.exists():
        with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
            _leave_plain(connection)


def is_complete_until(path: Path, step: int) -> bool:
    """Whether every step before `step` is there, in a file without damage."""
    if step == 0:
        return True
    if not _is_sound(path):
        return False
    with _reading(path) as connection:
        return connection.execute("SELECT count(*) FROM steps WHERE step < ?", (step,)).fetchone()[0] == step


def _is_sound(path: Path) -> bool:
    try:
        with _reading(path) as connection:
            return connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    except sqlite3.DatabaseError:
        return False


def read_layout(path: Path) -> Layout | None:
    with _reading(path) as connection:
        row = connection.execute("SELECT value FROM meta WHERE key = 'layout'").fetchone()
    return None if row is None else decode_layout(row[0])


def decode_layout(text: str) -> Layout:
    """The inverse of `set_layout`. Text from elsewhere may raise anything a lookup can raise."""
    found = json.loads(text)
    return Layout(tuple(Layer(*layer) for layer in found["layers"]), tuple(found["blocks"]))


def copy_whole(path: Path, target: Path) -> None:
    """A consistent copy as one plain file, of a live run too; `target` must not exist."""
    with _reading(path) as source, closing(sqlite3.connect(target, isolation_level=None)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE").fetchone()


def read_raw(path: Path, since: int, stride: int, limit: int | None) -> list[tuple[int, int, bytes]]:
    # Test accuracies are rare and taken before a round number of steps: a stride would miss them all.
    with _reading(path) as connection:
        return connection.execute(
            "SELECT step, present, numbers FROM steps WHERE step > ? AND (step % ? = 0 OR present & ?) "
            "ORDER BY step LIMIT ?",
            (since, stride, _EVALUATION_BIT, -1 if limit is None else limit),
        ).fetchall()


def read_pictures(path: Path, since: int) -> list[tuple[int, Pictures]]:
    with _reading(path) as connection:
        rows = connection.execute("SELECT * FROM pictures WHERE step > ? ORDER BY step", (since,)).fetchall()
    return [(step, _decode_pictures(*rest)) for step, *rest in rows]


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(_open_to_read(path)) as connection:
        connection.execute("PRAGMA query_only = 1")
        yield connection


def _open_to_read(path: Path) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=10, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        # A log needs a shared index beside it, which a folder that cannot be written cannot have.
        if "unable to open" not in str(error) or path.with_name(path.name + "-wal").exists():
            raise
        connection = sqlite3.connect(address + "&immutable=1", uri=True, isolation_level=None)
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _leave_plain(connection: sqlite3.Connection, seconds: float = 5.0) -> None:
    # Leaving WAL needs the file for oneself, and SQLite does not wait for readers here.
    give_up = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            if time.monotonic() > give_up:
                return  # still readable; only not one plain file
            time.sleep(0.02)
        else:
            return


def _encode_pictures(pictures: Pictures) -> tuple[str, bytes, bytes, bytes]:
    images = np.ascontiguousarray(pictures.images, np.uint8)
    labels, predictions = (
        np.asarray(a).astype("<i4").tobytes() for a in (pictures.labels, pictures.predictions)
    )
    return json.dumps(images.shape), images.tobytes(), labels, predictions


def _decode_pictures(shape: str, images: bytes, labels: bytes, predictions: bytes) -> Pictures:
    return Pictures(
        np.frombuffer(images, np.uint8).reshape(json.loads(shape)),
        np.frombuffer(labels, "<i4"),
        np.frombuffer(predictions, "<i4"),
    )
