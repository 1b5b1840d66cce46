"""`kill -9` of a worker at any moment: the run ends as if nothing had happened, and nothing is lost."""

import os
import signal
import time

import pytest

from resnet_core.records import Phase
from tests.faults.scene import result_of, small_run, wait_for

pytestmark = pytest.mark.hurried


def test_a_paused_run_whose_worker_is_killed_is_still_paused_where_it_was(watched):
    run_id = watched.add_race([small_run(steps=200)], go_until=25)[0].id
    wait_for(lambda: watched.run(run_id).phase is Phase.PAUSED)
    os.kill(watched.run(run_id).pid, signal.SIGKILL)
    wait_for(lambda: watched.run(run_id).attempt == 2)
    wait_for(lambda: watched.run(run_id).phase is Phase.PAUSED)
    assert [row[0] for row in watched.raw_steps(run_id)] == list(range(25))
    watched.request_stop([run_id])
    wait_for(lambda: watched.run(run_id).phase is Phase.STOPPED, seconds=2)


def test_a_worker_that_is_asked_to_end_leaves_in_time_and_another_goes_on(watched, undisturbed):
    config = small_run(steps=600)
    run_id = watched.add_race([config])[0].id
    wait_for(lambda: watched.run(run_id).steps_done >= 15)
    first, start = watched.run(run_id), time.monotonic()
    os.kill(first.pid, signal.SIGTERM)
    wait_for(lambda: watched.run(run_id).pid != first.pid, seconds=15)
    assert time.monotonic() - start < 15
    wait_for(lambda: watched.run(run_id).phase.has_ended, seconds=120)
    assert watched.run(run_id).attempt == 2
    assert result_of(watched, run_id) == undisturbed(config)


def test_a_run_stopped_while_its_worker_still_starts_is_stopped_at_once(watched):
    run_id = watched.add_race([small_run(steps=100_000)])[0].id
    wait_for(lambda: watched.run(run_id).pid)
    watched.request_stop([run_id])
    wait_for(lambda: watched.run(run_id).phase is Phase.STOPPED, seconds=5)
    assert watched.run(run_id).attempt == 1


def test_a_worker_that_hangs_is_ended_when_told_to_stop(watched, monkeypatch):
    monkeypatch.setattr("resnet_core.runs.supervisor.SECONDS_TO_OBEY", 1.0)
    monkeypatch.setattr("resnet_core.runs.supervisor.SECONDS_TO_END", 1.0)
    run_id = watched.add_race([small_run(steps=100_000)])[0].id
    wait_for(lambda: watched.run(run_id).steps_done > 0)
    os.kill(watched.run(run_id).pid, signal.SIGSTOP)
    watched.request_stop([run_id])
    wait_for(lambda: watched.run(run_id).phase is Phase.STOPPED, seconds=15)
    assert len(watched.raw_steps(run_id)) > 0
    # The numbers become one plain file after the run is said to have ended.
    wait_for(lambda: not (watched.folder(run_id) / "metrics.db-wal").exists(), seconds=15)
