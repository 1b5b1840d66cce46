"""Small runs as workers leave them, NaN and infinity included, made without training."""

import sqlite3
from collections.abc import Sequence

import numpy as np
from safetensors.numpy import save_file

from resnet_core.config import RunConfig, from_flat
from resnet_core.records import Evaluation, Layer, Layout, Phase, Pictures, RunInfo, StepRecord
from resnet_core.runs import places
from resnet_core.runs.checkpoint_files import MODEL, OPTIMIZER, write_checkpoint
from resnet_core.runs.metrics import MetricsWriter
from resnet_core.runs.store import RunStore

NAN, INF = float("nan"), float("inf")
CONFIG = from_flat({"depth": 8, "steps": 3, "batch": 4})
LAYOUT = Layout(
    (Layer("conv1", "conv", 1), Layer("layer1.0.conv1", "conv", 2), Layer("layer1.0.conv2", "conv", 3)),
    ("layer1.0",),
)
PICTURES = Pictures(
    np.arange(2 * 16 * 16, dtype=np.uint8).reshape(2, 16, 16, 1), np.int32([3, 9]), np.int32([3, 0])
)
RECORDS = (
    StepRecord(0, 2.5, 0.125, 0.1, 0.5, None, {"gradient_norm": np.float32([1.5, NAN, INF])}, PICTURES),
    StepRecord(1, NAN, 0.25, 0.1, 1.0, Evaluation(0.5, NAN, 500), {"branch_ratio": np.float32([-INF])}),
    StepRecord(2, INF, 0.0, 0.1, 1.5),
)  # fmt: skip


def add_finished_run(
    store: RunStore,
    config: RunConfig = CONFIG,
    records: Sequence[StepRecord] = RECORDS,
    checkpoints: Sequence[int] = (0, 3),
) -> RunInfo:
    """A DIVERGED run with `records` and weights of two tensors at each of `checkpoints`."""
    run = store.add_race([config], phase=Phase.STARTING, attempt=1)[0]
    add_numbers(store, run, records).close()
    for step in checkpoints:
        add_checkpoint(store, run, step)
    changes = {"steps_done": len(records), "test_accuracy": 0.5, "environment": {"device": "cpu"}}
    assert store.catalog.update(run.id, 1, **changes, steps_per_second=20.0, started=run.created)
    assert store.catalog.finish(run.id, 1, Phase.DIVERGED, "the loss stopped being finite at step 1")
    return store.run(run.id)


def add_stopped_run(store: RunStore, config: RunConfig = CONFIG) -> RunInfo:
    """A run that was stopped in the queue: settings, and not a number."""
    run = store.add_race([config])[0]
    store.request_stop([run.id])
    return store.run(run.id)


def set_starting(store: RunStore) -> None:
    """Every run is once more one that a worker may take, whatever is on disk of it."""
    with sqlite3.connect(store.catalog_path) as connection:
        connection.execute("UPDATE runs SET phase = 'STARTING', finished = NULL")
    connection.close()


def add_numbers(store: RunStore, run: RunInfo, records: Sequence[StepRecord]) -> MetricsWriter:
    writer = MetricsWriter(places.metrics_file(store.folder(run.id)))
    writer.set_layout(LAYOUT)
    for record in records:
        writer.append(record)
    writer.flush()
    return writer


def add_checkpoint(store: RunStore, run: RunInfo, step: int) -> None:
    tensors = {"conv1.weight": np.full((8, 9), step, np.float32), "fc.bias": np.zeros(10, np.float32)}
    writers = {name: lambda path: save_file(tensors, path) for name in (MODEL, OPTIMIZER)}
    facts = {"config": run.config.digest(), "seconds": 1.5, "divergence": None}
    write_checkpoint(places.checkpoints_folder(store.folder(run.id)), step, facts, writers)
