"""Checkpoints as files: checkpoints/STEP/ has {model,optimizer}.safetensors and meta.json. No torch.

A folder is written under another name and renamed into place, so it is there whole or not at all; meta.json
has the sums. The weights of every checkpoint stay, for questions about the run; only the newest two keep what
it takes to go on from them.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from resnet_core.runs.durable import sha256, sync_file, sync_folder, write_whole

MODEL, OPTIMIZER, META = "model.safetensors", "optimizer.safetensors", "meta.json"
KEPT_OPTIMIZERS = 2
FORMAT = 1


def write_checkpoint(
    folder: Path, step: int, facts: Mapping[str, Any], writers: Mapping[str, Callable[[Path], None]]
) -> None:
    """Let each writer make its file, add the sums, put the folder into place, drop old optimizer files."""
    final, partial = folder / str(step), folder / f".partial-{step}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, write in writers.items():
        write(partial / name)
        sync_file(partial / name)
    sums = {
        name: {"sha256": sha256(partial / name), "bytes": (partial / name).stat().st_size} for name in writers
    }
    meta = {"format": FORMAT, "step": step, **facts, "files": sums}
    write_whole(partial / META, json.dumps(meta, indent=2).encode())
    if final.exists():  # a damaged one, or this step's from before the run was taken back
        shutil.rmtree(final)
    partial.rename(final)
    sync_folder(folder)
    _let_go_of_optimizers(folder)


def complete_steps(folder: Path) -> list[int]:
    """The steps whose weights are there in full length, in order."""
    return [step for step in _steps(folder) if _has(folder, step, [MODEL], check_sums=False)]


def resumable_steps(folder: Path) -> list[int]:
    """The steps a run can go on from, in order; their sums have been checked."""
    return [step for step in _steps(folder) if is_resumable(folder, step)]


def is_resumable(folder: Path, step: int) -> bool:
    return _has(folder, step, [MODEL, OPTIMIZER], check_sums=True)


def is_whole(folder: Path, step: int) -> bool:
    """Whether the weights of a step are there, with the sum they were kept with."""
    return _has(folder, step, [MODEL], check_sums=True)


def weights_sum(folder: Path, step: int) -> str | None:
    """The sum of a step's weights, as its meta.json has it."""
    return read_meta(folder, step).get("files", {}).get(MODEL, {}).get("sha256")


def read_meta(folder: Path, step: int) -> dict[str, Any]:
    """What a checkpoint says of itself; {} when it cannot be read."""
    try:
        found = json.loads((folder / str(step) / META).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("format") == FORMAT else {}


def remove_partial(folder: Path) -> None:
    """Clear away what a killed worker was writing."""
    for partial in folder.glob(".partial-*"):
        shutil.rmtree(partial, ignore_errors=True)


def _steps(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return sorted(int(entry.name) for entry in folder.iterdir() if entry.name.isdecimal())


def _has(folder: Path, step: int, names: Iterable[str], check_sums: bool) -> bool:
    sums = read_meta(folder, step).get("files", {})
    return all(_is_whole(folder / str(step) / name, sums.get(name), check_sums) for name in names)


def _is_whole(path: Path, expected: Mapping[str, Any] | None, check_sum: bool) -> bool:
    if expected is None or not path.is_file() or path.stat().st_size != expected["bytes"]:
        return False
    return not check_sum or sha256(path) == expected["sha256"]


def _let_go_of_optimizers(folder: Path) -> None:
    for step in _steps(folder)[:-KEPT_OPTIMIZERS]:
        (folder / str(step) / OPTIMIZER).unlink(missing_ok=True)
