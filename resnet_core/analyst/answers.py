"""Answers on disk: one npz file each, named by the key of its question. No torch, no pickle.

They belong to this machine: no export of a run contains them, and no import takes them.
"""

import os
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import get_type_hints

import numpy as np

from resnet_core.findings import Finding
from resnet_core.questions import INSTRUMENTS, Question
from resnet_core.runs.durable import written_whole
from resnet_core.runs.store import RunStore

FOLDER = "answers"
KEPT, KEPT_BYTES = 2000, 128 * 2**20  # of a run, and of all networks that no run trained
_DAMAGED = (
    OSError, ValueError, TypeError, LookupError, EOFError, RuntimeError, MemoryError,
    zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip


def answer_file(store: RunStore, question: Question) -> Path:
    """Where the answer lies: with its run, or with the store where it is about initial values."""
    home = store.folder(question.run_id) if question.run_id else store.root
    return home / FOLDER / f"{question.key}.npz"


def has_answer(store: RunStore, question: Question) -> bool:
    """Whether the store keeps an answer to this question."""
    return answer_file(store, question).is_file()


def write_answer(path: Path, finding: Finding) -> None:
    """Writes a finding, whole or not at all. Makes the folder, but not the run's: that may be deleted."""
    arrays = _packed(finding)
    assert not any(array.dtype.hasobject for array in arrays.values()), "a finding is plain numbers"
    path.parent.mkdir(exist_ok=True)
    with written_whole(path) as file:
        np.savez_compressed(file, **arrays)


def read_answer(path: Path, question: Question) -> Finding | None:
    """The finding that a file holds, not to be written to; None when there is none that can be read."""
    kind = INSTRUMENTS[question.instrument].finding
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            return _unpacked(kind, {name: file[name] for name in file.files})
    except _DAMAGED:
        return None


def drop_oldest(folder: Path, keep: int = KEPT, room: int = KEPT_BYTES) -> None:
    """Removes what was written first, until at most `keep` files of `room` bytes are left.

    The newest stays, however large. What a killed process left half written goes the same way.
    """
    newest_first = sorted(_files(folder), reverse=True)
    for place, (_, size, name) in enumerate(newest_first):
        room -= size
        if place > 0 and (place >= keep or room < 0):
            (folder / name).unlink(missing_ok=True)


def _files(folder: Path) -> list[tuple[int, int, str]]:
    found = []
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):  # another process has just put it into place
            facts = entry.stat()
            found.append((facts.st_mtime_ns, facts.st_size, entry.name))
    return found


def _packed(finding: Finding) -> dict[str, np.ndarray]:
    packed: dict[str, np.ndarray] = {}
    for name, value in finding._asdict().items():
        if isinstance(value, tuple):
            packed |= {f"{name}.{i}": np.asarray(part) for i, part in enumerate(value)}
        else:
            packed[name] = np.asarray(value)
    return packed


def _unpacked(kind: type, arrays: dict[str, np.ndarray]) -> Finding:
    for array in arrays.values():
        array.flags.writeable = False  # every session of a server sees the same one
    hints = get_type_hints(kind)
    return kind(**{name: arrays[name] if hint is np.ndarray else _parts(name, arrays)
                   for name, hint in hints.items()})  # fmt: skip


def _parts(name: str, arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    count = sum(key.startswith(f"{name}.") for key in arrays)
    return tuple(arrays[f"{name}.{i}"] for i in range(count))
