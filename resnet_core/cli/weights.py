"""`weights`: take the weights of a run out as a safetensors file. No torch.

`train --weights FILE` begins a run with such a file.
"""

import shutil
from pathlib import Path

import click

from resnet_core.cli.output import output_file
from resnet_core.cli.store_option import existing_store, store_option


@click.group()
def weights() -> None:
    """Take the weights of a run to other programs, or to another run."""


@weights.command("export")
@click.argument("run_id", metavar="RUN")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--step", type=click.IntRange(min=0), help="of this checkpoint  [default: the newest]")
@store_option
def export_weights(run_id: str, path: Path, step: int | None, root: Path) -> None:
    """Write weights and buffers to a safetensors file, under torchvision's module names."""
    source = existing_store(root).weights_file(run_id, step)
    with open(source, "rb") as found, output_file(path) as file:
        shutil.copyfileobj(found, file)
    click.echo(f"Wrote {path}: step {source.parent.name} ({path.stat().st_size / 1e6:.1f} MB).")
