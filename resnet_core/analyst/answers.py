"""Answers on disk: one npz file each, named by the key of its question. No torch, no pickle."""

import os
import zipfile
from pathlib import Path

import numpy as np

from resnet_core.findings import Finding
from resnet_core.questions import INSTRUMENTS, Question
from resnet_core.runs.durable import written_whole
from resnet_core.runs.store import RunStore

KEPT = 2000  # answers about networks that no run trained; the oldest make room
FOLDER = "answers"


def answer_file(store: RunStore, question: Question) -> Path:
    """Where the answer lies: with its run, or with the store where it is about initial values."""
    home = store.folder(question.run_id) if question.run_id else store.root
    return home / FOLDER / f"{question.key}.npz"


def write_answer(path: Path, finding: Finding) -> None:
    """Writes a finding, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        np.savez(file, **_packed(finding))


def read_answer(path: Path, question: Question) -> Finding | None:
    """The finding that a file holds; None when there is none, or none that can be read."""
    kind = INSTRUMENTS[question.instrument].finding
    try:
        with np.load(path, allow_pickle=False) as file:
            return kind(**_unpacked({name: file[name] for name in file.files}))
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def drop_oldest(folder: Path, keep: int = KEPT) -> None:
    """Removes the answers that were written first, until `keep` are left."""
    files = sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime)
    for file in files[: max(len(files) - keep, 0)]:
        file.unlink(missing_ok=True)


def is_writable(path: Path) -> bool:
    """Whether an answer could be put at `path`."""
    there = next(folder for folder in path.parents if folder.exists())
    return os.access(there, os.W_OK)


def _packed(finding: Finding) -> dict[str, np.ndarray]:
    packed: dict[str, np.ndarray] = {}
    for name, value in finding._asdict().items():
        if isinstance(value, tuple):
            packed |= {f"{name}.{i}": np.asarray(part) for i, part in enumerate(value)}
        else:
            packed[name] = np.asarray(value)
    return packed


def _unpacked(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray | tuple[np.ndarray, ...]]:
    whole = {name: array for name, array in arrays.items() if "." not in name}
    names = dict.fromkeys(name.partition(".")[0] for name in arrays if "." in name)
    parts = {name: sum(key.startswith(f"{name}.") for key in arrays) for name in names}
    return whole | {name: tuple(arrays[f"{name}.{i}"] for i in range(count)) for name, count in parts.items()}
