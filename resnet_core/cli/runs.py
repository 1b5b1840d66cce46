"""`runs`: list, show, delete, export and import the runs of a store. No torch."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import click

from resnet_core.cli.mistakes import Mistake
from resnet_core.cli.output import output_file
from resnet_core.cli.store_option import existing_store, store_option
from resnet_core.config import to_flat
from resnet_core.named_members import member_title
from resnet_core.records import RunInfo
from resnet_core.runs.origin import read_origin
from resnet_core.runs.places import catalog_file
from resnet_core.runs.store import RunStore
from resnet_core.runs.summary import summarize

ENDINGS = {"csv": "csv.zip", "parquet": "parquet.zip", "zip": "zip"}


@click.group()
def runs() -> None:
    """Look after the runs of this machine."""


@runs.command("list")
@click.option("--json", "as_json", is_flag=True, help="a JSON list instead of a table")
@store_option
def list_runs(as_json: bool, root: Path) -> None:
    """List all runs, the newest first."""
    found = RunStore(root).runs() if catalog_file(root).exists() else []
    if as_json:
        click.echo(json.dumps([summarize(run) for run in found], indent=2))
    elif not found:
        click.echo(f"No runs in {root} yet.")
    else:
        click.echo(_table(["RUN", "PHASE", "STEPS", "TEST", "NETWORK", "DATASET", "SEED", "CREATED"], found))


@runs.command("show")
@click.argument("run_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
@store_option
def show_run(run_id: str, as_json: bool, root: Path) -> None:
    """Show a run: how it ended, what came out, and every setting."""
    store = existing_store(root)
    run = store.run(run_id)
    last = store.steps(run.id, since=run.steps_done - 2)[-1:]
    if as_json:
        click.echo(json.dumps(summarize(run), indent=2))
        return
    facts = {
        "run": run.id,
        "network": member_title(run.config.model),
        "race": f"{run.race_id}, arm {run.arm + 1}",
        "phase": f"{run.phase}{f': {run.reason}' if run.reason else ''}",
        **_origin(store.folder(run.id)),
        "created": _moment(run.created),
        "steps": f"{run.steps_done} of {run.config.training.steps}",
        "loss": f"{last[0].loss:.4g} at step {last[0].step}" if last else "none yet",
        "test accuracy": _share(run.test_accuracy),
        "checkpoints": ", ".join(map(str, store.checkpoints(run.id))) or "none",
        **run.environment,
    }
    click.echo(_pairs(facts) + "\n\n" + _pairs(to_flat(run.config)))


@runs.command("delete")
@click.argument("run_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="do not ask")
@store_option
def delete_runs(run_ids: Sequence[str], yes: bool, root: Path) -> None:
    """Delete runs that have ended: numbers, weights and settings."""
    store = existing_store(root)
    for run in [store.run(run_id) for run_id in run_ids]:
        what = f"run {run.id} ({member_title(run.config.model)}, {run.steps_done} steps)"
        if yes or click.confirm(f"Delete {what} for good?", err=True):
            store.delete(run.id)
            click.echo(f"Deleted {what}.")
        else:
            click.echo(f"Kept {what}.")


@runs.command("export")
@click.argument("run_id", metavar="ID")
@click.option("--format", "form", type=click.Choice(list(ENDINGS)), default="csv", show_default=True,
              help="csv, parquet: a zip of the tables `steps` and `layers`, the settings and a README; "
              "zip: the run itself, weights included, to be imported elsewhere")  # fmt: skip
@click.option("--table", type=click.Choice(["steps", "layers"]), help="only this table, as a plain file")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="file  [default: here, by its id]"
)
@store_option
def export_run(run_id: str, form: str, table: str | None, output: Path | None, root: Path) -> None:
    """Write a run to a file for other tools, or for another machine."""
    if table and form == "zip":
        raise Mistake("--table goes with --format csv or parquet; a zip has the whole run")
    store = existing_store(root)
    run = store.run(run_id)
    name = f"{run.id}-{table}.{form}" if table else f"{run.id}.{ENDINGS[form]}"
    path = output or Path(name)
    with output_file(path) as file:
        _writer(form, table)(store, run.id, file)
    click.echo(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB).")


@runs.command("import")
@click.argument("file", metavar="ZIP", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@store_option
def import_run(file: Path, root: Path) -> None:
    """Take in a run that `runs export --format zip` wrote here or elsewhere."""
    from resnet_core.runs.archive import unpack_run

    with open(file, "rb") as opened:
        run = unpack_run(RunStore(root), opened)
    click.echo(f"Imported run {run.id}: {run.phase}, {run.steps_done} steps.")


def _origin(folder: Path) -> dict[str, str]:
    origin = read_origin(folder)
    return {} if origin is None else {"began with": f"the weights of {origin.file}"}


def _writer(form: str, table: str | None) -> Callable[[RunStore, str, BinaryIO], None]:
    if form == "zip":
        from resnet_core.runs.archive import write_archive

        return write_archive
    from resnet_core.runs.export import write_table, write_tables

    if table:
        return lambda store, run_id, file: write_table(store, run_id, table, form, file)
    return lambda store, run_id, file: write_tables(store, run_id, form, file)


def _table(head: Sequence[str], found: Sequence[RunInfo]) -> str:
    rows = [head, *map(_row, found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(run: RunInfo) -> list[str]:
    network, data = member_title(run.config.model), run.config.data
    steps = f"{run.steps_done}/{run.config.training.steps}"
    outcome = [run.id, run.phase.value, steps, _share(run.test_accuracy)]
    return [*outcome, network, data.name, str(run.config.seed), _moment(run.created)]


def _pairs(facts: dict[str, object]) -> str:
    width = max(map(len, facts))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in facts.items())


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
