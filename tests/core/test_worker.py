"""The worker, in this process: every way a run can go and end, and what it leaves behind."""

import os
import signal
import sqlite3
import threading
import time

import pytest
import torch
from filelock import FileLock

from resnet_core.config import from_flat
from resnet_core.data.sets import DataUnavailable
from resnet_core.records import Phase
from resnet_core.runs import checkpoint_files, durable, live_run, places, worker
from resnet_core.runs.store import Refused
from resnet_core.runs.worker import run_worker, train_in_foreground
from tests.core.finished_runs import set_starting

TINY = {
    "depth": 8,
    "width": 2,
    "batch": 8,
    "steps": 12,
    "eval_every": 5,
    "eval_images": 50,
    "checkpoint_every": 5,
}
CONFIG = from_flat(TINY)
LONG = from_flat(TINY | {"steps": 100_000})
pytestmark = pytest.mark.usefixtures("worker_in_this_process")


def queued_and_claimed(store, config=CONFIG):
    run = store.add_race([config])[0]
    return store.catalog.claim([run.id])[0]


def in_background(store, run):
    thread = threading.Thread(target=run_worker, args=(store.root, run.id))
    thread.start()
    return thread


def wait_for(condition, seconds=60):
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def failing(error):
    def raise_it(*args, **kwargs):
        raise error

    return raise_it


def test_a_run_is_trained_to_its_end_and_leaves_everything(store):
    seen = []
    run = train_in_foreground(store, CONFIG, lambda record: seen.append(record.step))
    assert (run.phase, run.steps_done, run.attempt, run.pid) == (Phase.DONE, 12, 1, os.getpid())
    assert seen == list(range(12)) == [record.step for record in store.steps(run.id)]
    assert run.test_accuracy == pytest.approx(store.steps(run.id)[-1].evaluation.accuracy, abs=1e-6)
    assert run.environment["threads"] == "1"
    assert store.checkpoints(run.id) == [0, 5, 10, 12]
    assert sorted(entry.name for entry in store.folder(run.id).iterdir()) == [
        "checkpoints", "config.json", "metrics.db", "worker.lock",
    ]  # fmt: skip


def test_a_worker_takes_a_run_that_was_claimed_for_it(store):
    run = queued_and_claimed(store)
    assert run_worker(store.root, run.id) == 0
    assert store.run(run.id).phase is Phase.DONE


def test_a_worker_leaves_a_run_alone_that_is_not_starting(store):
    run = store.add_race([CONFIG])[0]
    assert run_worker(store.root, run.id) == 0
    assert store.run(run.id).phase is Phase.QUEUED
    assert store.layout(run.id) is None


def test_a_second_worker_does_not_touch_the_run_of_the_first(store, monkeypatch):
    monkeypatch.setattr(worker, "SECONDS_FOR_LOCK", 0.1)
    run = queued_and_claimed(store)
    with FileLock(places.worker_lock(store.folder(run.id))):
        assert run_worker(store.root, run.id) == 0
    assert store.run(run.id) == run


def test_a_diverged_run_is_a_result_with_step_and_layer(store):
    run = train_in_foreground(
        store, from_flat(TINY | {"norm": "none", "learning_rate": 1000, "warmup_steps": 0})
    )
    assert run.phase is Phase.DIVERGED
    assert "stopped being finite at step" in run.reason
    assert any(run.reason.endswith(layer.name) for layer in store.layout(run.id).layers)


def test_a_run_waits_goes_one_step_and_goes_on(store):
    run = queued_and_claimed(store, LONG)
    store.hold([run.id], 0)
    thread = in_background(store, run)
    wait_for(lambda: store.run(run.id).phase is Phase.PAUSED)
    assert store.steps(run.id) == []
    store.hold([run.id], 1)
    wait_for(lambda: store.run(run.id).steps_done == 1)
    wait_for(lambda: store.run(run.id).phase is Phase.PAUSED)
    assert [record.step for record in store.steps(run.id)] == [0]
    store.hold([run.id], None)
    wait_for(lambda: store.run(run.id).steps_done > 1)
    assert store.run(run.id).phase is Phase.RUNNING
    store.request_stop([run.id])
    thread.join(10)
    found = store.run(run.id)
    assert (found.phase, found.steps_done) == (Phase.STOPPED, len(store.steps(run.id)))
    assert store.checkpoints(run.id)[-1] == found.steps_done


def test_pause_and_stop_answer_within_a_second(store):
    run = queued_and_claimed(store, LONG)
    thread = in_background(store, run)
    wait_for(lambda: store.run(run.id).steps_done > 0)
    store.hold([run.id], 0)
    wait_for(lambda: store.run(run.id).phase is Phase.PAUSED, seconds=1)
    assert len(store.steps(run.id)) == store.run(run.id).steps_done
    store.request_stop([run.id])
    wait_for(lambda: store.run(run.id).phase is Phase.STOPPED, seconds=1)
    thread.join(10)


def test_a_superseded_worker_ends_and_writes_nothing(store):
    run = queued_and_claimed(store, LONG)
    thread = in_background(store, run)
    wait_for(lambda: store.run(run.id).steps_done > 0)
    successor = store.catalog.restart(store.run(run.id))
    thread.join(10)
    found = store.run(run.id)
    assert (found.attempt, found.phase, found.finished) == (successor.attempt, Phase.STARTING, None)


def test_sigterm_leaves_a_run_that_can_go_on(store):
    at_seven = lambda record: record.step == 7 and signal.raise_signal(signal.SIGTERM)  # noqa: E731
    run = train_in_foreground(store, CONFIG, at_seven)
    assert (run.phase, run.steps_done, run.pid, run.finished) == (Phase.QUEUED, 8, None, None)
    assert checkpoint_files.resumable_steps(store.folder(run.id) / "checkpoints")[-1] == 8
    store.catalog.claim([run.id])
    run_worker(store.root, run.id)
    assert store.run(run.id).phase is Phase.DONE
    assert len(store.steps(run.id)) == 12


def test_ctrl_c_stops_a_run_in_the_foreground(store):
    at_seven = lambda record: record.step == 7 and signal.raise_signal(signal.SIGINT)  # noqa: E731
    run = train_in_foreground(store, CONFIG, at_seven)
    assert (run.phase, run.reason) == (Phase.STOPPED, "stopped after 8 of 12 steps")


def test_a_run_in_the_foreground_is_refused_like_any_other(store, monkeypatch):
    monkeypatch.setattr(durable, "RESERVED_BYTES", 10**18)
    with pytest.raises(Refused, match="does not fit on the disk"):
        train_in_foreground(store, CONFIG)
    assert store.runs() == []


def test_ctrl_c_before_the_first_step_ends_the_run_too(store, monkeypatch):
    monkeypatch.setattr(live_run, "initial_state", failing(KeyboardInterrupt()))
    run = train_in_foreground(store, CONFIG)
    assert (run.phase, run.reason) == (Phase.STOPPED, "stopped before its first step")


def test_a_worker_killed_after_the_last_checkpoint_only_had_to_say_so(store, monkeypatch):
    run = train_in_foreground(store, CONFIG)
    with sqlite3.connect(store.catalog_path) as connection:
        connection.execute("UPDATE runs SET phase = 'STARTING', finished = NULL, test_accuracy = NULL")
    connection.close()
    run_worker(store.root, run.id)
    found = store.run(run.id)
    assert (found.phase, found.steps_done, found.test_accuracy) == (Phase.DONE, 12, run.test_accuracy)


def test_progress_shown_before_a_death_is_not_taken_back(store):
    run = queued_and_claimed(store)
    store.catalog.update(run.id, 1, steps_done=9)
    seen = []
    monitored = live_run.LiveRun(store, store.run(run.id), live_run.Wishes(),
                                 lambda record: seen.append(monitored.steps_done))  # fmt: skip
    monitored.train()
    monitored.close()
    assert seen == [9] * 9 + [10, 11, 12]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DataUnavailable("cifar10 is not in /data"), "cifar10 is not in /data"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"), "at step 0 with batches of 8"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "choose a smaller batch"),
        (MemoryError(), "memory ran out"),
        (OSError(28, "No space left on device"), "the disk was full at step 0; delete some runs"),
        (sqlite3.OperationalError("database or disk is full"), "the disk was full at step 0"),
        (KeyError("a mistake of ours"), "an error at step 0: KeyError: 'a mistake of ours'"),
    ],
)  # fmt: skip
def test_what_goes_wrong_ends_a_run_with_a_sentence(store, monkeypatch, capsys, error, reason):
    monkeypatch.setattr(live_run, "train", failing(error))
    run = train_in_foreground(store, CONFIG)
    assert run.phase is Phase.FAILED
    assert reason in run.reason
    assert "Traceback" not in run.reason
    assert ("Traceback" in capsys.readouterr().err) == isinstance(error, KeyError)


def test_a_disk_that_is_nearly_full_ends_a_run_before_it_is(store, monkeypatch):
    run = queued_and_claimed(store)
    monkeypatch.setattr(durable, "RESERVED_BYTES", 10**18)
    run_worker(store.root, run.id)
    run = store.run(run.id)
    assert run.phase is Phase.FAILED
    assert "is full" in run.reason
    assert "delete some runs" in run.reason


def test_damaged_numbers_are_done_again_from_the_start(store):
    run = queued_and_claimed(store)
    places.metrics_file(store.folder(run.id)).write_bytes(b"garbage" * 2000)
    run_worker(store.root, run.id)
    assert store.run(run.id).phase is Phase.DONE
    assert len(store.steps(run.id)) == 12


def test_a_checkpoint_before_which_a_step_is_missing_is_passed_over(store):
    run = train_in_foreground(store, CONFIG)
    with sqlite3.connect(places.metrics_file(store.folder(run.id))) as connection:
        connection.execute("DELETE FROM steps WHERE step = 11")
    connection.close()
    set_starting(store)
    run_worker(store.root, run.id)
    assert [record.step for record in store.steps(run.id)] == list(range(12))
