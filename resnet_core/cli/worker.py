"""`worker`: the process of one run, started by the server and not by people."""

from pathlib import Path

import click

from resnet_core.cli.mistakes import Mistake
from resnet_core.cli.store_option import store_option


@click.command(hidden=True)
@click.option("--run", "run_id", metavar="ID", help="train this run")
@click.option("--warm", is_flag=True, help="load everything, then wait for a run id on stdin")
@store_option
def worker(run_id: str | None, warm: bool, root: Path) -> None:
    """Train a run that the server has set to STARTING."""
    if warm == (run_id is not None):
        raise Mistake("a worker needs either --run ID or --warm")
    from resnet_core.runs.worker import run_worker, warm_worker

    click.get_current_context().exit(warm_worker(root) if warm else run_worker(root, run_id))
