"""`kill -9` of the server: runs go on without it, a new one finds them again, and none is started twice."""

import random
import time

import psutil
import pytest

from resnet_core.records import Phase
from tests.faults.scene import Server, is_alive, result_of, small_run, wait_for

KILLS = [5, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])]


@pytest.mark.hurried
@pytest.mark.parametrize("kills", KILLS)
def test_runs_outlive_the_servers_and_end_bit_equal(store, undisturbed, kills):
    config = small_run(steps=600 if kills < 10 else 6000)
    rng = random.Random(0)
    arms = [run.id for run in store.add_race([config, config])]
    for _ in range(kills):
        server = Server(store.root, spares=1)
        time.sleep(rng.uniform(0.3, 2.0))
        before = [store.run(run_id) for run_id in arms]
        spares = server.spares()
        server.kill()
        check_that_runs_live_and_spares_die(store, before, spares)
    server = Server(store.root)
    wait_for(lambda: all(store.run(run_id).phase.has_ended for run_id in arms), seconds=300)
    assert server.end() < 2
    # 2 only where a server was killed in the instant between taking a run from the queue and starting it.
    assert all(store.run(run_id).attempt <= 2 for run_id in arms)
    assert [result_of(store, run_id) for run_id in arms] == [undisturbed(config)] * 2


def check_that_runs_live_and_spares_die(store, before, spares):
    for run in before:
        if run.phase in (Phase.RUNNING, Phase.PAUSED):
            now = store.run(run.id)
            assert now.phase.has_ended or is_alive(run)
            assert (now.pid, now.attempt) == (run.pid, run.attempt)
    _, alive = psutil.wait_procs([s for s in spares if s.pid not in {run.pid for run in before}], timeout=30)
    assert alive == []


@pytest.mark.hurried
def test_a_server_that_is_asked_to_end_does_so_in_two_seconds_and_its_runs_go_on(store):
    run_id = store.add_race([small_run(steps=100_000)])[0].id
    server = Server(store.root, spares=1)
    wait_for(lambda: store.run(run_id).phase is Phase.RUNNING)
    wait_for(server.spares)
    spares = server.spares()
    assert server.end() < 2
    assert psutil.wait_procs(spares, timeout=1)[1] == []
    run = store.run(run_id)
    assert is_alive(run)
    wait_for(lambda: store.run(run_id).steps_done > run.steps_done)


def test_the_second_server_of_a_store_waits_until_the_first_is_gone(store):
    first, second = Server(store.root), Server(store.root)
    time.sleep(2)
    run_id = store.add_race([small_run(steps=100_000)])[0].id
    wait_for(lambda: store.run(run_id).phase is Phase.RUNNING)
    run = store.run(run_id)
    [owner] = [
        s for s in (first, second) if run.pid in {c.pid for c in psutil.Process(s.process.pid).children()}
    ]
    other = second if owner is first else first
    owner.kill()
    time.sleep(2)
    later = store.add_race([small_run(steps=100_000)])[0].id
    wait_for(lambda: store.run(later).phase is Phase.RUNNING)
    assert (store.run(run_id).pid, store.run(run_id).attempt) == (run.pid, 1)
    other.end()
