"""What a user got wrong, or the machine cannot give: a sentence on stderr and exit code 2, no traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from resnet_core.config import SettingsError
from resnet_core.runs.durable import DiskFull
from resnet_core.runs.foreign_weights import WeightsError
from resnet_core.runs.foreign_zip import ArchiveError
from resnet_core.runs.store import Refused, StoreError


class Mistake(click.ClickException):
    """One sentence a line."""

    exit_code = 2

    def __init__(self, *sentences: str):
        super().__init__("\n".join(sentences))

    def show(self, file: object = None) -> None:
        for sentence in self.message.splitlines():
            click.echo(f"Error: {sentence}", err=True)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turns the errors that the core has sentences for into a `Mistake`."""
    try:
        yield
    except SettingsError as error:
        raise Mistake(*error.problems) from error
    except (StoreError, Refused, ArchiveError, WeightsError, DiskFull) as error:
        raise Mistake(str(error)) from error
