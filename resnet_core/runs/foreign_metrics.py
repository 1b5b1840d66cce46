"""A metrics.db from elsewhere: believed only when it is sound, has just our tables, and fits its run.

It is opened read-only with an untrusted schema, and no row is looked at before the schema is known to be
ours.
"""

import json
import math
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from resnet_core.config import RunConfig
from resnet_core.records import QUANTITIES, SCALARS, Layout, StepRecord, decode_step
from resnet_core.runs import metrics
from resnet_core.runs.foreign_zip import ArchiveError

MAX_LAYERS = 5_000
MAX_PICTURES = 64
SECONDS_TO_CHECK = 120
_PLAIN_FILE = b"SQLite format 3\0"
_MODULE_NAME = re.compile(r"[A-Za-z_][\w.]{0,63}", re.ASCII)
_INSTRUCTIONS_PER_LOOK = 100_000


class Contents(NamedTuple):
    """What the numbers say of the run, whatever else is said of it."""

    steps_done: int
    test_accuracy: float | None


def check_metrics(path: Path, config: RunConfig) -> Contents:
    """Raises `ArchiveError` unless every row of `path` is one that a run of `config` can have."""
    with open(path, "rb") as file:
        head = file.read(20)
    if head[:16] != _PLAIN_FILE or head[18:] != b"\1\1":
        raise ArchiveError("metrics.db in the zip is not a plain SQLite file")
    try:
        with _opened(path) as connection:
            _check_tables(connection)
            if (found := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
                raise ArchiveError(f"metrics.db in the zip is damaged ({found})")
            layout = _layout(connection, config)
            _check_pictures(connection, config)
            return _check_steps(connection, layout, config)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise ArchiveError(f"metrics.db in the zip is damaged ({error})") from error


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        give_up = time.monotonic() + SECONDS_TO_CHECK
        connection.set_progress_handler(lambda: int(time.monotonic() > give_up), _INSTRUCTIONS_PER_LOOK)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 64 * 2**20)
        for setting in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON", "mmap_size = 0"):
            connection.execute(f"PRAGMA {setting}")
        yield connection


def _check_tables(connection: sqlite3.Connection) -> None:
    found, ours = _schema(connection), _our_schema()
    if foreign := sorted(found.keys() - ours.keys()):
        raise ArchiveError(f"metrics.db in the zip has a table {foreign[0][:60]!r}, which no run has")
    if found != ours:
        raise ArchiveError("metrics.db in the zip does not have the tables of a run")


def _schema(connection: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    rows = connection.execute("SELECT name, type, coalesce(sql, '') FROM sqlite_schema LIMIT 100").fetchall()
    return {str(name): (str(kind), " ".join(str(sql).split())) for name, kind, sql in rows}


def _our_schema() -> dict[str, tuple[str, str]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(metrics.SCHEMA)
        return _schema(connection)


def _layout(connection: sqlite3.Connection, config: RunConfig) -> Layout | None:
    rows = dict(connection.execute("SELECT key, value FROM meta LIMIT 3").fetchall())
    if not set(rows) <= {"layout", "secured"} or not all(isinstance(value, str) for value in rows.values()):
        raise ArchiveError("metrics.db in the zip has facts that no run has")
    if "layout" not in rows:
        return None
    try:
        layout = metrics.decode_layout(rows["layout"])
        is_possible = _is_possible(layout, config)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        is_possible = False
    if not is_possible:
        raise ArchiveError("metrics.db in the zip does not say in an understandable way what its layers are")
    return layout


def _is_possible(layout: Layout, config: RunConfig) -> bool:
    depths = [layer.depth for layer in layout.layers]
    names = [*layout.blocks, *(text for layer in layout.layers for text in (layer.name, layer.kind))]
    return (
        0 < len(depths) <= MAX_LAYERS
        and len(layout.blocks) <= len(depths)
        and all(type(depth) is int and 1 <= depth <= config.model.depth for depth in depths)
        and all(isinstance(name, str) and _MODULE_NAME.fullmatch(name) for name in names)
    )


def _check_steps(connection: sqlite3.Connection, layout: Layout | None, config: RunConfig) -> Contents:
    last, accuracy = -1, None
    for row in connection.execute("SELECT step, present, numbers FROM steps ORDER BY step"):
        record = _record(row, layout, config)
        last = record.step
        if record.evaluation is not None:
            accuracy = record.evaluation.accuracy
    return Contents(last + 1, None if accuracy is None else round(accuracy, 6))  # float32 on disk


def _record(row: tuple[Any, ...], layout: Layout | None, config: RunConfig) -> StepRecord:
    step, present, numbers = row
    plain = [type(value) for value in row] == [int, int, bytes]
    if not plain or not 0 <= step < config.training.steps or not 0 <= present < 1 << len(QUANTITIES):
        raise ArchiveError(f"metrics.db in the zip has a step {str(step)[:20]!r} that its run cannot have")
    if layout is None or len(numbers) % 4 or len(numbers) < 4 * len(SCALARS):
        raise ArchiveError(f"step {step} in metrics.db has numbers that do not fit its layers")
    try:
        record = decode_step(step, present, numbers, layout)
    except (ValueError, OverflowError) as error:
        raise ArchiveError(f"step {step} in metrics.db has numbers that do not fit its layers") from error
    tested = record.evaluation
    if tested is not None and not (0 <= tested.accuracy <= 1 and tested.images > 0):
        raise ArchiveError(f"step {step} in metrics.db has a test accuracy that cannot be")
    return record


def _check_pictures(connection: sqlite3.Connection, config: RunConfig) -> None:
    classes = len(config.data.info.classes)
    for row in connection.execute("SELECT step, shape, images, labels, predictions FROM pictures"):
        try:
            is_sound = _are_pictures(row, config, classes)
        except (ValueError, TypeError, RecursionError):
            is_sound = False
        if not is_sound:
            raise ArchiveError(f"the pictures of step {str(row[0])[:20]!r} in metrics.db are damaged")


def _are_pictures(row: tuple[Any, ...], config: RunConfig, classes: int) -> bool:
    step, shape, images, labels, predictions = row
    if [type(value) for value in row] != [int, str, bytes, bytes, bytes]:
        return False
    count, *sizes = json.loads(shape)
    indices = np.frombuffer(labels + predictions, "<i4")
    return (
        type(count) is int
        and 0 <= count <= MAX_PICTURES
        and sizes == [config.data.side, config.data.side, config.data.info.channels]
        and len(images) == math.prod([count, *sizes])
        and len(labels) == len(predictions) == 4 * count
        and bool(((indices >= 0) & (indices < classes)).all())
        and 0 <= step < config.training.steps
    )
