"""What leaves the lab as a table: compared with literals, NaN and infinity included."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from resnet_core.config import from_flat
from resnet_core.records import StepRecord
from resnet_core.runs import export
from resnet_core.runs.store import RunStore
from tests.core.finished_runs import CONFIG, INF, NAN, RECORDS, add_finished_run

ABSENT = None  # nothing was measured, which is not the same as a measured NaN
STEPS = {
    "step": [0, 1, 2],
    "loss": [2.5, NAN, INF],
    "accuracy": [0.125, 0.25, 0.0],
    "learning_rate": [np.float32(0.1)] * 3,
    "seconds": [0.5, 1.0, 1.5],
    "test_accuracy": [ABSENT, 0.5, ABSENT],
    "test_loss": [ABSENT, NAN, ABSENT],
    "test_images": [ABSENT, 500, ABSENT],
}
LAYERS = {
    "step": [0, 0, 0, 1],
    "quantity": ["gradient_norm"] * 3 + ["branch_ratio"],
    "index": [0, 1, 2, 0],
    "name": ["conv1", "layer1.0.conv1", "layer1.0.conv2", "layer1.0"],
    "depth": [1, 2, 3, 3],
    "value": [1.5, NAN, INF, -INF],
}
STEPS_CSV = b""""step","loss","accuracy","learning_rate","seconds","test_accuracy","test_loss","test_images"
0,2.5,0.125,0.1,0.5,,,
1,nan,0.25,0.1,1,0.5,nan,500
2,inf,0,0.1,1.5,,,
"""
LAYERS_CSV = b""""step","quantity","index","name","depth","value"
0,"gradient_norm",0,"conv1",1,1.5
0,"gradient_norm",1,"layer1.0.conv1",2,nan
0,"gradient_norm",2,"layer1.0.conv2",3,inf
1,"branch_ratio",0,"layer1.0",3,-inf
"""


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "store")


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def from_parquet(content: bytes) -> pa.Table:
    # One thread: pyarrow's can outlive the interpreter and abort it.
    file = pyarrow.parquet.ParquetFile(pa.BufferReader(content), pre_buffer=False)
    return file.read(use_threads=False)


def assert_same(found: dict[str, list], expected: dict[str, list]):
    assert list(found) == list(expected)
    for name, values in expected.items():
        # NaN is not equal to itself; its spelling is, and 0.1 differs from it by its last bits
        assert [repr(value) for value in found[name]] == [
            repr(float(value) if isinstance(value, np.floating) else value) for value in values
        ], name


def test_a_run_that_has_not_begun_is_two_empty_tables(store):
    run = store.create_race([CONFIG])[0]
    assert list(export.steps_frame(store, run.id)) == list(STEPS)
    assert list(export.layers_frame(store, run.id)) == list(LAYERS)
    assert len(export.steps_frame(store, run.id)) == len(export.layers_frame(store, run.id)) == 0
    assert unzipped(export.to_csv(store, run.id))["steps.csv"] == STEPS_CSV.splitlines(keepends=True)[0]
    assert from_parquet(unzipped(export.to_parquet(store, run.id))["layers.parquet"]).num_rows == 0


def test_the_tables_as_csv(store):
    files = unzipped(export.to_csv(store, add_finished_run(store).id))
    assert set(files) == {"README.txt", "run.json", "steps.csv", "layers.csv"}
    assert files["steps.csv"] == STEPS_CSV
    assert files["layers.csv"] == LAYERS_CSV


def test_the_tables_as_parquet(store):
    files = unzipped(export.to_parquet(store, add_finished_run(store).id))
    assert set(files) == {"README.txt", "run.json", "steps.parquet", "layers.parquet"}
    assert_same(from_parquet(files["steps.parquet"]).to_pydict(), STEPS)
    assert_same(from_parquet(files["layers.parquet"]).to_pydict(), LAYERS)


def test_nan_and_infinity_survive_the_way_through_pandas(store):
    run = add_finished_run(store)
    steps = pd.read_csv(io.BytesIO(unzipped(export.to_csv(store, run.id))["steps.csv"]))
    layers = pd.read_csv(io.BytesIO(unzipped(export.to_csv(store, run.id))["layers.csv"]))
    np.testing.assert_array_equal(steps["loss"], STEPS["loss"])
    np.testing.assert_array_equal(layers["value"], LAYERS["value"])
    np.testing.assert_array_equal(export.steps_frame(store, run.id)["loss"], STEPS["loss"])
    np.testing.assert_array_equal(export.layers_frame(store, run.id)["value"], LAYERS["value"])
    assert export.steps_frame(store, run.id)["test_images"].isna().tolist() == [True, False, True]


def test_every_float32_comes_back_from_csv(store):
    bits = np.random.default_rng(0).integers(0, 2**32, 2000, dtype=np.uint64).astype(np.uint32)
    losses = bits.view(np.float32)
    config = from_flat({"depth": 8, "steps": 2000})
    records = [StepRecord(i, loss, 0.5, 0.1, 1.0) for i, loss in enumerate(losses)]
    run = add_finished_run(store, config, records, checkpoints=())
    found = pd.read_csv(io.BytesIO(unzipped(export.to_csv(store, run.id))["steps.csv"]))
    np.testing.assert_array_equal(found["loss"].to_numpy(np.float32), losses)


def test_a_run_of_many_pieces_is_whole(store):
    count = 2 * export.STEPS_AT_ONCE + 3
    records = [replace(RECORDS[i % 3], step=i, pictures=None) for i in range(count)]
    run = add_finished_run(store, from_flat({"depth": 8, "steps": count}), records, checkpoints=())
    assert export.steps_frame(store, run.id)["step"].tolist() == list(range(count))
    files = unzipped(export.to_parquet(store, run.id))
    assert from_parquet(files["layers.parquet"]).num_rows == len(export.layers_frame(store, run.id))
    assert files["steps.parquet"].count(b"PAR1") == 2


def test_the_settings_travel_with_the_numbers(store):
    run = add_finished_run(store)
    files = unzipped(export.to_parquet(store, run.id))
    told = json.loads(files["run.json"])
    assert told["settings"]["depth"] == 8
    assert told["phase"] == "DIVERGED"
    metadata = from_parquet(files["steps.parquet"]).schema.metadata
    assert json.loads(metadata[b"resnet_lab_run"]) == told


def test_one_table_alone(store):
    run, target = add_finished_run(store), io.BytesIO()
    export.write_table(store, run.id, "layers", "csv", target)
    assert target.getvalue() == LAYERS_CSV
