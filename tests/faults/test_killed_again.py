"""`kill -9` of a worker again and again: the run ends as if nothing had happened, and nothing is lost."""

import os
import random
import signal
import sqlite3
import time

import pytest

from tests.faults.scene import Reader, result_of, small_run, wait_for


@pytest.mark.parametrize(
    "kills", [10, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])]
)
def test_a_run_killed_again_and_again_ends_bit_equal(watched, undisturbed, kills):
    config = small_run(steps=60 * kills)
    expected = undisturbed(config)
    run_id = watched.add_race([config])[0].id
    reader = Reader(watched, run_id)
    reader.start()
    rng = random.Random(0)
    for attempt in range(1, kills + 1):
        wait_for(lambda n=attempt: is_taken(watched.run(run_id), n))
        wait_for_a_moment(rng, reader, attempt)
        os.kill(watched.run(run_id).pid, signal.SIGKILL)
        reader.check()
    wait_for(lambda: watched.run(run_id).phase.has_ended, seconds=300)
    reader.close()
    assert watched.run(run_id).attempt == kills + 1
    assert result_of(watched, run_id) == expected
    assert [step for step, _, _ in expected["numbers"]] == list(range(config.training.steps))
    check_integrity(watched, run_id)


def is_taken(run, attempt):
    """Whether the worker of this attempt has the run."""
    assert not run.phase.has_ended, run.reason
    return run.attempt == attempt and run.pid is not None


def wait_for_a_moment(rng, reader, attempt):
    """Any moment: while the worker starts, or some way into the steps it has not shown before."""
    # Three deaths in a row without a new checkpoint would rightly end the run: every third life gets further.
    target = max(reader.seen, default=0) + rng.randint(12, 40)
    gets_further = attempt % 3 == 0 or rng.random() < 0.4
    until = time.monotonic() + (90 if gets_further else rng.uniform(0, 3))
    wait_for(lambda: max(reader.seen, default=0) >= target or time.monotonic() > until, seconds=100)
    time.sleep(rng.uniform(0, 0.05))


def check_integrity(store, run_id):
    for path in (store.catalog_path, store.folder(run_id) / "metrics.db"):
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
