"""`analyst`: a process that answers the pages' questions, started by the server and not by people."""

import click


@click.command(hidden=True)
def analyst() -> None:
    """Answer questions from stdin until it ends."""
    from resnet_core.analyst.pipes import step_back, take_pipes

    orders, replies = take_pipes()
    step_back()
    from resnet_core.analyst.process import be_analyst

    be_analyst(orders, replies)
