"""A run as two tables for other tools, CSV or Parquet, written piece by piece, however long it is.

`steps` has one row a step. `layers` is long: one row for each step, quantity and layer (or block), since the
quantities are not read at the same steps and a wide table would be mostly empty. In both, *nothing there*
(an empty cell, a null) is not the same as a measured NaN (`nan`, NaN), and infinity stays infinity.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from resnet_core.records import EVALUATION, QUANTITIES, SCALARS, Layout, StepRecord, decode_step
from resnet_core.runs.summary import summarize

if TYPE_CHECKING:
    from resnet_core.runs.store import RunStore

Table = Literal["steps", "layers"]
Form = Literal["csv", "parquet"]

STEPS_AT_ONCE = 256
SCHEMAS: dict[str, pa.Schema] = {
    "steps": pa.schema(
        [("step", pa.int64())]
        + [(name, pa.float32()) for name in SCALARS]
        + [(name, pa.int32() if name == "test_images" else pa.float32()) for name in EVALUATION]
    ),
    "layers": pa.schema(
        [
            ("step", pa.int64()),
            ("quantity", pa.string()),
            ("index", pa.int32()),
            ("name", pa.string()),
            ("depth", pa.int32()),
            ("value", pa.float32()),
        ]
    ),
}
README = """\
One run of ResNet Lab.

run.json   every setting, the device, and how the run ended
steps      one row a step. loss and accuracy: of this step's batch, before its update. seconds: training time
           so far. test_accuracy, test_loss, test_images: of the test pictures seen after this step's update;
           empty where none were.
layers     one row for each step, quantity and layer. index: place in the run's list of layers (or of blocks).
           name: torchvision's module name. depth: weighted layers from the picture, 1 is the first
           convolution; of a block, the depth of its last layer.

An empty cell (Parquet: null) was not measured. nan, inf and -inf were.
"""


def steps_frame(store: "RunStore", run_id: str) -> pd.DataFrame:
    """One row a step: SCALARS, and the test columns where the test pictures were looked at."""
    return _frame(store, run_id, "steps")


def layers_frame(store: "RunStore", run_id: str) -> pd.DataFrame:
    """One row for each step, quantity and layer or block: step, quantity, index, name, depth, value."""
    return _frame(store, run_id, "layers")


def to_csv(store: "RunStore", run_id: str) -> bytes:
    """A zip of steps.csv, layers.csv, run.json and a README."""
    return _zipped(store, run_id, "csv")


def to_parquet(store: "RunStore", run_id: str) -> bytes:
    """A zip of steps.parquet, layers.parquet, run.json and a README."""
    return _zipped(store, run_id, "parquet")


def write_tables(store: "RunStore", run_id: str, form: Form, target: BinaryIO) -> None:
    """Write the zip of `to_csv` or `to_parquet` to an open file."""
    # Parquet is compressed already.
    method = zipfile.ZIP_DEFLATED if form == "csv" else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("README.txt", README)
        archive.writestr("run.json", json.dumps(summarize(store.run(run_id)), indent=2))
        for table in SCHEMAS:
            with archive.open(f"{table}.{form}", "w", force_zip64=True) as file:
                write_table(store, run_id, table, form, file)


def write_table(store: "RunStore", run_id: str, table: Table, form: Form, target: BinaryIO) -> None:
    """Write one table alone to an open file. A Parquet file has the run's summary in its metadata."""
    summary = json.dumps(summarize(store.run(run_id)))
    schema = SCHEMAS[table].with_metadata({"resnet_lab_run": summary})
    with _writer(form, target, schema) as writer:
        for batch in _batches(store, run_id, table):
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))


def _writer(form: Form, target: BinaryIO, schema: pa.Schema) -> pa.csv.CSVWriter | pa.parquet.ParquetWriter:
    if form == "parquet":
        return pa.parquet.ParquetWriter(target, schema)
    return pa.csv.CSVWriter(target, schema, write_options=pa.csv.WriteOptions(quoting_style="needed"))


def _zipped(store: "RunStore", run_id: str, form: Form) -> bytes:
    target = io.BytesIO()
    write_tables(store, run_id, form, target)
    return target.getvalue()


def _frame(store: "RunStore", run_id: str, table: Table) -> pd.DataFrame:
    whole = pa.Table.from_batches(_batches(store, run_id, table), SCHEMAS[table])
    return whole.to_pandas(use_threads=False, types_mapper={pa.int32(): pd.Int32Dtype()}.get)


def _batches(store: "RunStore", run_id: str, table: Table) -> Iterator[pa.RecordBatch]:
    layout = store.layout(run_id)
    if layout is None:
        return
    columns = {"steps": _step_columns, "layers": _layer_columns}[table]
    axes = _axes(layout)
    since = -1
    while rows := store.raw_steps(run_id, since=since, limit=STEPS_AT_ONCE):
        records = [decode_step(*row, layout) for row in rows]
        yield pa.record_batch(columns(records, axes), schema=SCHEMAS[table])
        since = records[-1].step


def _step_columns(records: Sequence[StepRecord], axes: Mapping[str, pa.RecordBatch]) -> list[pa.Array]:
    measured = [record.evaluation or (None, None, None) for record in records]
    columns = [[getattr(record, name) for record in records] for name in ("step", *SCALARS)]
    columns += [[evaluation[position] for evaluation in measured] for position in range(len(EVALUATION))]
    return [pa.array(values, field.type) for values, field in zip(columns, SCHEMAS["steps"], strict=True)]


def _layer_columns(records: Sequence[StepRecord], axes: Mapping[str, pa.RecordBatch]) -> list[pa.Array]:
    readings = [
        (record.step, name, value)
        for record in records
        for name, value in record.quantities.items()
        if len(value)
    ]
    steps = [np.full(len(value), step, np.int64) for step, _, value in readings]
    names = [name for _, name, value in readings for _ in range(len(value))]
    places = pa.Table.from_batches([axes[QUANTITIES[name]] for _, name, _ in readings], axes["layer"].schema)
    values = [value for *_, value in readings]
    return [
        pa.array(np.concatenate([np.empty(0, np.int64), *steps])),
        pa.array(names, pa.string()),
        *(column.combine_chunks() for column in places.columns),
        pa.array(np.concatenate([np.empty(0, np.float32), *values])),
    ]


def _axes(layout: Layout) -> dict[str, pa.RecordBatch]:
    """What a reading is indexed by: index, name and depth of each of its numbers."""
    depths = {block: _depth_of(block, layout) for block in layout.blocks}
    rows = {
        "layer": [(layer.name, layer.depth) for layer in layout.layers],
        "block": list(depths.items()),
    }
    schema = pa.schema([SCHEMAS["layers"].field(name) for name in ("index", "name", "depth")])
    return {
        axis: pa.RecordBatch.from_pylist(
            [{"index": i, "name": name, "depth": depth} for i, (name, depth) in enumerate(labels)], schema
        )
        for axis, labels in rows.items()
    }


def _depth_of(block: str, layout: Layout) -> int | None:
    inside = [layer.depth for layer in layout.layers if layer.name.startswith(f"{block}.")]
    return max(inside, default=None)
