"""Files that a command writes: there whole, or as they were before."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from resnet_core.cli.mistakes import Mistake


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """An open file that becomes `path` at the end. Raises `Mistake` when it cannot be written."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(partial, "wb") as file:
            yield file
        os.replace(partial, path)
    except OSError as error:
        raise Mistake(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
