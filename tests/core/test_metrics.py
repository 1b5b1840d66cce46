"""Numbers of a run on disk: NaN and infinity survive, readers see what was committed, damage is noticed."""

import sqlite3
import struct

import numpy as np
import pytest

from resnet_core.records import Evaluation, Layer, Layout, Pictures, StepRecord, decode_step
from resnet_core.runs import metrics
from resnet_core.runs.metrics import MetricsWriter

LAYOUT = Layout((Layer("conv1", "conv", 1), Layer("fc", "linear", 2)), ("layer1.0",))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.db"


def record(step, loss=1.0, **more):
    return StepRecord(step, loss, 0.5, 0.1, step / 10, **more)


def write(path, records):
    writer = MetricsWriter(path)
    writer.set_layout(LAYOUT)
    for one in records:
        writer.append(one)
    writer.close()


def test_what_is_not_finite_survives_bit_for_bit(path):
    odd_nan = np.frombuffer(struct.pack("<I", 0x7FC12345), "<f4")[0]  # a NaN with a payload
    numbers = np.array([odd_nan, np.inf], np.float32)
    write(
        path,
        [record(0, -np.inf, quantities={"gradient_norm": numbers}, evaluation=Evaluation(0.5, np.nan, 7))],
    )
    found = decode_step(*metrics.read_raw(path, -1, 1, None)[0], metrics.read_layout(path))
    assert found.quantities["gradient_norm"].tobytes() == numbers.tobytes()
    assert found.loss == -np.inf
    assert np.isnan(found.evaluation.loss)
    assert found.evaluation.images == 7


def test_rows_are_those_above_since_that_the_stride_divides(path):
    write(path, map(record, range(20)))
    assert [row[0] for row in metrics.read_raw(path, 4, 5, None)] == [5, 10, 15]
    assert [row[0] for row in metrics.read_raw(path, -1, 1, 3)] == [0, 1, 2]
    assert metrics.read_raw(path, 19, 1, None) == []


def test_pictures_come_back_as_they_were(path):
    images = np.arange(2 * 3 * 3 * 1, dtype=np.uint8).reshape(2, 3, 3, 1)
    write(path, [record(0, pictures=Pictures(images, np.array([3, 1]), np.array([1, 1])))])
    [(step, found)] = metrics.read_pictures(path, -1)
    assert (step, found.labels.tolist(), found.predictions.tolist()) == (0, [3, 1], [1, 1])
    assert np.array_equal(found.images, images)
    assert metrics.read_pictures(path, 0) == []


def test_a_step_done_again_replaces_its_row(path):
    write(path, [record(0), record(1)])
    write(path, [record(1, loss=2.0)])
    rows = metrics.read_raw(path, -1, 1, None)
    assert [decode_step(*row, LAYOUT).loss for row in rows] == [1.0, 2.0]


def test_the_first_step_is_seen_at_once_and_a_flush_shows_the_rest(path):
    writer = MetricsWriter(path)
    writer.append(record(0))
    assert len(metrics.read_raw(path, -1, 1, None)) == 1
    for step in range(1, 4):
        writer.append(record(step))
    writer.flush()
    assert len(metrics.read_raw(path, -1, 1, None)) == 4
    writer.close()


def test_at_most_32_steps_wait(path, monkeypatch):
    monkeypatch.setattr(metrics, "SECONDS_PER_COMMIT", 1e9)
    writer = MetricsWriter(path)
    writer._committed = 1e12  # far from due
    for step in range(40):
        writer.append(record(step))
    assert len(metrics.read_raw(path, -1, 1, None)) == 32
    writer.close()


def test_a_finished_run_is_one_plain_file(path):
    write(path, map(record, range(5)))
    assert [entry.name for entry in path.parent.iterdir()] == ["metrics.db"]
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


def test_what_a_killed_writer_left_can_be_made_plain(path):
    writer = MetricsWriter(path)
    writer.append(record(0))
    writer.abandon()
    metrics.make_plain(path)
    assert [entry.name for entry in path.parent.iterdir()] == ["metrics.db"]
    assert len(metrics.read_raw(path, -1, 1, None)) == 1


def test_a_missing_step_is_noticed(path):
    write(path, [record(0), record(2)])
    assert metrics.is_complete_until(path, 1)
    assert not metrics.is_complete_until(path, 3)
    assert metrics.is_complete_until(path, 0)


def test_a_damaged_file_is_put_aside(path):
    path.write_bytes(b"not a database at all" * 100)
    assert not metrics.is_complete_until(path, 1)
    MetricsWriter.anew(path).close()
    assert path.with_name("metrics.db.damaged").exists()
    assert metrics.read_raw(path, -1, 1, None) == []
