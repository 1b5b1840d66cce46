"""A run keeps the weights it was given through every death: it goes on or starts over with them, or ends."""

import signal
import time

import pytest

from resnet_core.config import from_flat
from resnet_core.records import Phase
from resnet_core.runs import checkpoint_files, places, worker
from resnet_core.runs.origin import NOTE
from resnet_core.runs.store import RunStore
from resnet_core.runs.worker import run_worker, train_in_foreground
from tests.core.command_line import start
from tests.core.finished_runs import set_starting
from tests.core.given_weights import CONFIG, OPTIONS, TINY, numbers, weights_at

pytestmark = pytest.mark.usefixtures("worker_in_this_process")


@pytest.mark.parametrize("step", [0, 4, 11])
def test_a_run_that_is_interrupted_goes_on_bit_for_bit(tmp_path, net_file, step):
    whole, broken = RunStore(tmp_path / "whole"), RunStore(tmp_path / "broken")
    at_step = lambda record: record.step == step and signal.raise_signal(signal.SIGTERM)  # noqa: E731
    expected = train_in_foreground(whole, CONFIG, weights=net_file)
    run = train_in_foreground(broken, CONFIG, at_step, weights=net_file)
    assert run.phase is Phase.QUEUED
    broken.catalog.claim([run.id])
    run_worker(broken.root, run.id)
    assert broken.run(run.id).phase is Phase.DONE
    assert numbers(broken, run.id) == numbers(whole, expected.id)
    assert weights_at(broken, run.id, 12) == weights_at(whole, expected.id, 12)


def test_a_run_that_is_killed_goes_on_bit_for_bit(store, net_file):
    config = from_flat(TINY | {"steps": 200, "eval_every": 200})
    expected = train_in_foreground(store, config, weights=net_file)
    more = ["--steps=200", "--eval-every=200", "--weights", str(net_file), "--store", str(store.root)]
    process = start("train", *OPTIONS, *more)
    try:
        while process.poll() is None and (len(store.runs()) < 2 or not store.runs()[0].steps_done):
            time.sleep(0.01)
    finally:
        process.kill()
        told = process.communicate()
    assert process.returncode == -signal.SIGKILL, told
    run = store.runs()[0]
    assert run.phase is Phase.RUNNING
    store.catalog.restart(run)
    run_worker(store.root, run.id)
    assert store.run(run.id).phase is Phase.DONE
    assert numbers(store, run.id) == numbers(store, expected.id)


def test_a_run_that_is_killed_before_its_first_step_begins_with_them_all_the_same(
    store, net_file, monkeypatch
):
    monkeypatch.setattr(worker, "_work", lambda *args: None)  # killed as soon as the catalog has it
    run = train_in_foreground(store, CONFIG, weights=net_file)
    assert run.phase is Phase.STARTING
    monkeypatch.undo()
    monkeypatch.setattr(worker, "_prefer_to_be_killed", lambda: None)
    run_worker(store.root, run.id)
    expected = train_in_foreground(store, CONFIG, weights=net_file)
    assert numbers(store, run.id) == numbers(store, expected.id)


def test_a_run_that_can_only_start_over_starts_over_with_them(store, net_file):
    run = train_in_foreground(store, CONFIG, weights=net_file)
    expected, folder = numbers(store, run.id), places.checkpoints_folder(store.folder(run.id))
    for step in (3, 6, 9, 12):
        (folder / str(step) / "model.safetensors").write_bytes(b"torn")
    assert checkpoint_files.resumable_steps(folder) == []  # the optimizer's file of step 0 is not kept
    set_starting(store)
    run_worker(store.root, run.id)
    assert store.run(run.id).phase is Phase.DONE
    assert numbers(store, run.id) == expected


@pytest.mark.parametrize("damage", ["torn", "exchanged", "gone"])
def test_a_run_whose_first_weights_are_lost_never_begins_with_others(store, net_file, damage):
    run = train_in_foreground(store, CONFIG, weights=net_file)
    folder = places.checkpoints_folder(store.folder(run.id))
    for step in (0, 3, 6, 9, 12):
        path = folder / str(step) / "model.safetensors"
        if damage == "torn":
            path.write_bytes(path.read_bytes()[:-1])
        elif damage == "gone":
            path.unlink()
    if damage == "exchanged":
        for step in (3, 6, 9, 12):
            (folder / str(step) / "meta.json").unlink()
        other = train_in_foreground(store, CONFIG)
        theirs = places.checkpoints_folder(store.folder(other.id)) / "0"
        for name in ("model.safetensors", "meta.json"):
            (folder / "0" / name).write_bytes((theirs / name).read_bytes())
        store.delete(other.id)
    set_starting(store)
    run_worker(store.root, run.id)
    found = store.run(run.id)
    assert found.phase is Phase.FAILED
    assert found.reason == (
        "the weights of net.safetensors that this run began with are damaged or gone; "
        "begin a new run with that file"
    )


def test_damaged_numbers_of_a_run_that_has_only_begun_are_done_again(store, net_file):
    at_first = lambda record: signal.raise_signal(signal.SIGTERM)  # noqa: E731
    expected = train_in_foreground(store, CONFIG, weights=net_file)
    run = train_in_foreground(store, CONFIG, at_first, weights=net_file)
    (places.checkpoints_folder(store.folder(run.id)) / "1" / "model.safetensors").unlink()
    places.metrics_file(store.folder(run.id)).write_bytes(b"garbage" * 2000)
    store.catalog.claim([run.id])
    run_worker(store.root, run.id)
    assert numbers(store, run.id) == numbers(store, expected.id)


def test_a_damaged_note_at_home_ends_the_run_with_a_sentence(store, net_file):
    run = train_in_foreground(store, CONFIG, weights=net_file)
    (store.folder(run.id) / NOTE).write_bytes(b"\0\0")
    folder = places.checkpoints_folder(store.folder(run.id))
    for step in (9, 12):
        (folder / str(step) / "optimizer.safetensors").unlink()
    set_starting(store)
    run_worker(store.root, run.id)
    assert store.run(run.id).phase is Phase.FAILED
    assert "is damaged: it does not name the weights of step 0" in store.run(run.id).reason
