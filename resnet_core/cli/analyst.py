"""`analyst`: a process that answers the pages' questions, started by the server and not by people."""

import click


@click.command(hidden=True)
def analyst() -> None:
    """Answer questions from stdin until it ends."""
    from resnet_core.analyst.process import be_analyst

    be_analyst()
