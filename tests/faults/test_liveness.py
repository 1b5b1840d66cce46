"""Who is alive: not a zombie, not a later process of the same number; but who holds the lock is."""

import os
import subprocess
import sys
import time

import psutil
import pytest
from filelock import FileLock

from resnet_core.records import Phase
from resnet_core.runs import executor as executor_module
from resnet_core.runs import places
from resnet_core.runs.executor import LocalExecutor
from resnet_core.runs.supervisor import Supervisor
from tests.faults.scene import small_run, wait_for


@pytest.fixture
def executor(store):
    made = LocalExecutor(store)
    yield made
    made.close()


def running(store, pid, created):
    run = store.add_race([small_run(steps=20)])[0]
    store.catalog.claim([run.id])
    store.catalog.update(run.id, 1, phase=Phase.RUNNING, pid=pid, pid_created=created)
    return store.run(run.id)


def see(executor, run):
    return executor.poll([run])[run.id]


def test_this_process_is_alive(store, executor):
    run = running(store, os.getpid(), psutil.Process().create_time())
    assert see(executor, run).is_alive
    assert executor.recover([run]) == {run.id: "reattach"}


def test_a_zombie_is_dead(store, executor):
    child = subprocess.Popen([sys.executable, "-c", ""])
    created = psutil.Process(child.pid).create_time()
    wait_for(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)
    run = running(store, child.pid, created)
    assert not see(executor, run).is_alive
    assert executor.recover([run]) == {run.id: "restart"}
    child.wait()


def test_a_later_process_of_the_same_number_is_not_the_worker(store, executor):
    run = running(store, os.getpid(), psutil.Process().create_time() - 3600)
    assert not see(executor, run).is_alive


def test_after_a_jump_of_the_clock_the_lock_tells(store, executor):
    run = running(store, os.getpid(), psutil.Process().create_time() - 3600)
    with FileLock(places.worker_lock(store.folder(run.id))):
        assert see(executor, run).is_alive
    assert not see(executor, run).is_alive


def test_a_run_without_a_process_has_some_time_to_register(store, executor, monkeypatch):
    run = running(store, None, None)
    assert see(executor, run).is_alive
    monkeypatch.setattr(executor_module, "SECONDS_TO_REGISTER", 0)
    assert not see(executor, run).is_alive


def test_a_worker_that_cannot_even_start_fails_with_its_last_words(store):
    crash = (sys.executable, "-c", "import sys; sys.exit('no module named torch')")
    supervisor = Supervisor(store, LocalExecutor(store, crash))
    run_id = store.add_race([small_run(steps=20)])[0].id

    def has_ended():
        supervisor.tick()
        return store.run(run_id).phase.has_ended

    wait_for(has_ended, seconds=30)
    run = store.run(run_id)
    assert (run.phase, run.attempt) == (Phase.FAILED, 3)
    assert "ended with exit code 1" in run.reason
    assert run.reason.endswith("its last words: no module named torch")
    supervisor.close()


def test_asking_a_worker_that_is_gone_to_end_says_nothing(store, executor):
    child = subprocess.Popen([sys.executable, "-c", ""])
    created = psutil.Process(child.pid).create_time()
    child.wait()
    run = running(store, child.pid, created)
    executor.stop(run)
    executor.stop(run, force=True)
    assert executor.log_tail(run.id) == ""


@pytest.mark.hurried
def test_a_warm_spare_becomes_the_worker_and_a_dead_server_takes_only_the_others(store, monkeypatch):
    monkeypatch.setenv("RESNET_LAB_SPARES", "2")
    executor = LocalExecutor(store)
    supervisor = Supervisor(store, executor)
    supervisor.tick()
    wait_for(lambda: executor.spares.ready == 2)
    assert store.machine()["seconds_per_layer"] > 0
    run_id = store.add_race([small_run(steps=100_000)])[0].id
    start = time.monotonic()
    supervisor.tick()
    wait_for(lambda: store.raw_steps(run_id), seconds=10)
    print(f"first point after {time.monotonic() - start:.2f} s")
    assert len(executor.spares) == 1
    supervisor.close()
    steps = store.run(run_id).steps_done
    wait_for(lambda: store.run(run_id).steps_done > steps)
    assert places.worker_log(store.folder(run_id)).exists()
