"""Where things lie on this machine: the store, the image sets and, inside a store, each run."""

import os
import re
from pathlib import Path

import platformdirs

RUN_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")  # a ULID: sorts by the moment it was made


def default_store() -> Path:
    """`RESNET_LAB_STORE`, or the user's data folder."""
    chosen = os.environ.get("RESNET_LAB_STORE")
    return Path(chosen) if chosen else platformdirs.user_data_path("resnet-lab") / "store"


def data_folder() -> Path:
    """Where torchvision's image sets are looked for and downloaded to."""
    chosen = os.environ.get("RESNET_LAB_DATA")
    return Path(chosen) if chosen else platformdirs.user_cache_path("resnet-lab") / "data"


def catalog_file(root: Path) -> Path:
    return root / "catalog.db"


def machine_file(root: Path) -> Path:
    return root / "machine.json"


def supervisor_lock(root: Path) -> Path:
    return root / "supervisor.lock"


def run_folder(root: Path, run_id: str) -> Path:
    """The folder of a run. Raises ValueError for anything that is not a run id, or leads out of the store."""
    if not RUN_ID.fullmatch(run_id):
        raise ValueError(f"{run_id[:60]!r} is not a run id (26 capital letters and digits)")
    folder = root / "runs" / run_id
    if folder.is_symlink():
        raise ValueError(f"the folder of run {run_id} is a link that leads out of the store")
    return folder


def metrics_file(folder: Path) -> Path:
    return folder / "metrics.db"


def checkpoints_folder(folder: Path) -> Path:
    return folder / "checkpoints"


def worker_lock(folder: Path) -> Path:
    return folder / "worker.lock"


def worker_log(folder: Path) -> Path:
    return folder / "worker.log"
