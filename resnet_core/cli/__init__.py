"""The command line: train a run, be a worker, look after the runs of this machine."""

import click

from resnet_core.cli.analyst import analyst
from resnet_core.cli.analyze import analyze
from resnet_core.cli.mistakes import told_plainly
from resnet_core.cli.runs import runs
from resnet_core.cli.train import train
from resnet_core.cli.weights import weights
from resnet_core.cli.worker import worker

__all__ = ["main"]


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        with told_plainly():
            return super().invoke(ctx)


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
def main() -> None:
    """Plain and residual networks: train one, and look after what was trained."""


for _command in (train, analyze, worker, analyst, runs, weights):
    main.add_command(_command)
