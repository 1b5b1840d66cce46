"""Who may write of a run: one attempt at a time, the newest, and none once the run has ended."""

import threading

from resnet_core.records import Phase
from tests.core.finished_runs import CONFIG


def test_an_earlier_attempt_can_no_longer_write(store):
    run = store.create_race([CONFIG])[0]
    [first] = store.catalog.claim([run.id])
    second = store.catalog.restart(first)
    assert (first.attempt, second.attempt) == (1, 2)
    assert not store.catalog.update(run.id, first.attempt, steps_done=99)
    assert store.catalog.update(run.id, second.attempt, steps_done=5)
    assert store.run(run.id).steps_done == 5
    assert store.catalog.orders(run.id, first.attempt) is None


def test_an_ended_run_stays_as_it_ended(store):
    run = store.create_race([CONFIG])[0]
    [run] = store.catalog.claim([run.id])
    assert store.catalog.finish(run.id, 1, Phase.DONE)
    assert not store.catalog.finish(run.id, 1, Phase.FAILED, "late")
    assert store.catalog.restart(run) is None
    assert store.catalog.register(run.id, 1, 1.0) is None
    assert store.run(run.id).phase is Phase.DONE


def test_two_threads_cannot_both_claim_a_run(store):
    runs = [store.add_race([CONFIG])[0].id for _ in range(20)]
    before = threading.Barrier(4)
    claimed = []

    def claim_all():
        before.wait()
        for run_id in runs:
            claimed.extend(run.id for run in store.catalog.claim([run_id]))

    threads = [threading.Thread(target=claim_all) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(claimed) == sorted(runs)
