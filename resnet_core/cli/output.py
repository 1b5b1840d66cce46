"""Files that a command writes: there whole, or as they were before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from resnet_core.cli.mistakes import Mistake
from resnet_core.runs.durable import written_whole


@contextmanager
def output_file(path: Path) -> Iterator[BinaryIO]:
    """An open file that becomes `path` at the end. Raises `Mistake` when it cannot be written."""
    try:
        with written_whole(path) as file:
            yield file
    except OSError as error:
        raise Mistake(f"{path} cannot be written: {error.strerror or error}") from error
