"""A disk that fills up, a store that cannot be written: plain words, and everything kept stays readable."""

import os
import shutil
import subprocess
import sys

import pytest

from resnet_core.config import from_flat
from resnet_core.records import Phase
from resnet_core.runs import durable, worker
from resnet_core.runs.store import RunStore, StoreError
from resnet_core.runs.worker import run_worker
from tests.faults.scene import small_run


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 12 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    can_mount = sys.platform == "linux" and os.geteuid() == 0 and shutil.which("mount")
    if not can_mount or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", disk]).returncode:
        pytest.skip("a small file system cannot be mounted here (needs root on Linux)")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_run_on_a_full_disk_ends_with_a_sentence(small_disk, monkeypatch):
    monkeypatch.setattr(worker, "_prefer_to_be_killed", lambda: None)
    monkeypatch.setattr(durable, "RESERVED_BYTES", 0)
    store = RunStore(small_disk / "store")
    often = from_flat(
        {"depth": 20, "width": 8, "batch": 4, "steps": 5000, "checkpoint_every": 1, "eval_images": 10}
    )
    [run] = store.catalog.claim([store.add_race([often])[0].id])
    run_worker(store.root, run.id)
    run = store.run(run.id)
    assert run.phase is Phase.FAILED
    assert "the disk" in run.reason
    assert "full" in run.reason
    assert "delete some runs" in run.reason
    kept = [record.step for record in store.steps(run.id)]
    assert kept == list(range(len(kept)))
    assert len(kept) > 5
    assert store.checkpoints(run.id)[-1] <= len(kept)
    store.delete(run.id)
    assert store.runs() == []


def test_a_worker_keeps_the_last_200_megabytes_free(small_disk):
    store = RunStore(small_disk / "store")
    [run] = store.catalog.claim([store.add_race([small_run(steps=20)])[0].id])
    command = [sys.executable, "-m", "resnet_core", "worker", "--run", run.id, "--store", str(store.root)]
    subprocess.run(command, capture_output=True, timeout=120)
    found = store.run(run.id)
    assert found.phase is Phase.FAILED
    assert "is full" in found.reason
    assert "delete some runs or choose another RESNET_LAB_STORE" in found.reason


def test_a_disk_mounted_read_only_is_read(small_disk):
    store = RunStore(small_disk / "store")
    run = store.add_race([small_run(steps=20)])[0]
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    reader = RunStore(store.root)
    assert reader.runs()[0].id == run.id
    assert "cannot be written" in reader.read_only_because
    for write in (lambda: reader.request_stop([run.id]), lambda: reader.create_race([run.config])):
        with pytest.raises(StoreError, match="cannot be written"):
            write()
    with pytest.raises(StoreError, match="cannot be written"):
        store.request_stop([run.id])  # one that was opened before
