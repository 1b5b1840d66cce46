"""The one way to say where the runs are."""

from pathlib import Path

import click

from resnet_core.runs.places import default_store

store_option = click.option(
    "--store",
    "root",
    type=click.Path(path_type=Path, readable=False),
    default=default_store,
    metavar="FOLDER",
    help="where the runs are  [default: RESNET_LAB_STORE, or the user's data folder]",
)
