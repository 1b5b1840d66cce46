"""The one way to say where the runs are, and to open what is there."""

from pathlib import Path

import click

from resnet_core.cli.mistakes import Mistake
from resnet_core.runs.places import catalog_file, default_store
from resnet_core.runs.store import RunStore

store_option = click.option(
    "--store",
    "root",
    type=click.Path(path_type=Path, readable=False),
    default=default_store,
    metavar="FOLDER",
    help="where the runs are  [default: RESNET_LAB_STORE, or the user's data folder]",
)


def existing_store(root: Path) -> RunStore:
    """A store that has runs already; none is made."""
    if not catalog_file(root).exists():
        raise Mistake(f"there is no store in {root}; --store or RESNET_LAB_STORE names one")
    return RunStore(root)
