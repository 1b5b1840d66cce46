"""Files that are there whole or not at all, whatever is killed when: temporary name, fsync, rename."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

RESERVED_BYTES = 200_000_000  # never filled: what is left must do for the end of every run and its reason


class DiskFull(OSError):
    """A sentence for people: how much is free, where, and what to do."""


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut (Windows has no such call and needs none)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """An open file that replaces `path` in one step at the end; after an error `path` is as it was before."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step, which a power cut afterwards does not undo."""
    with written_whole(path) as file:
        file.write(content)
    sync_folder(path.parent)


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_free_space(folder: Path, needed: int = 0) -> None:
    """Raises `DiskFull` when `needed` bytes would eat into the reserve."""
    free = shutil.disk_usage(folder).free
    if free < needed + RESERVED_BYTES:
        raise DiskFull(
            f"the disk of {folder} is full: {free // 10**6} MB free and "
            f"{(needed + RESERVED_BYTES) // 10**6} MB needed (200 MB stay free); "
            "delete some runs or choose another RESNET_LAB_STORE"
        )
