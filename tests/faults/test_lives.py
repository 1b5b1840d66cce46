"""Any order of events, as Hypothesis finds them: no run has two workers, and an end is an end."""

import tempfile

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from resnet_core.config import RunConfig
from resnet_core.records import Phase
from resnet_core.runs.executor import Sighting, Started
from resnet_core.runs.store import RunStore
from resnet_core.runs.supervisor import LIVE, Supervisor

SLOTS = 2
CONFIG = RunConfig()


class Workers:
    """The executor, and the workers it thinks are there: (run id, attempt) -> alive."""

    name = "pretended"

    def __init__(self):
        self.alive: dict[tuple[str, int], bool] = {}

    def check(self):
        return SLOTS

    def submit(self, run):
        assert not any(lives for (run_id, _), lives in self.alive.items() if run_id == run.id), "two workers"
        assert (run.id, run.attempt) not in self.alive, "an attempt started twice"
        self.alive[run.id, run.attempt] = True
        return Started(len(self.alive), 1.0)

    def poll(self, runs):
        return {run.id: Sighting(self.alive.get((run.id, run.attempt), False), "gone") for run in runs}

    def stop(self, run, force=False):
        self.alive[run.id, run.attempt] = False

    def recover(self, runs):
        return {}

    def log_tail(self, run_id, characters=4000):
        return ""

    def prepare(self, live):
        pass

    def close(self):
        pass


class Lives(RuleBasedStateMachine):
    """People, workers, servers and mishaps in any order."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store, self.workers = RunStore(self.folder.name), Workers()
        self.supervisor = Supervisor(self.store, self.workers)
        self.ends: dict[str, tuple] = {}
        self.attempts: dict[str, int] = {}

    def teardown(self):
        self.supervisor.close()
        self.folder.cleanup()

    def living(self):
        """Runs with the attempt whose worker is there and owns them."""
        runs = [run for run in self.store.runs() if run.phase in LIVE]
        return [run for run in runs if self.workers.alive.get((run.id, run.attempt))]

    @rule(arms=st.integers(1, 3))
    @precondition(lambda self: len(self.store.runs()) < 8)
    def submit(self, arms):
        self.store.add_race([CONFIG] * arms)

    @rule()
    def tick(self):
        self.supervisor.tick()

    @rule()
    def the_server_is_replaced(self):
        self.supervisor.close()
        self.supervisor = Supervisor(RunStore(self.folder.name), self.workers)

    @rule(data=st.data(), phase=st.sampled_from([Phase.RUNNING, Phase.PAUSED]))
    @precondition(lambda self: self.living())
    def a_worker_gets_further(self, data, phase):
        run = data.draw(st.sampled_from(self.living()))
        assert self.store.catalog.update(run.id, run.attempt, phase=phase, steps_done=run.steps_done + 10)
        assert self.store.catalog.note_checkpoint(run.id, run.attempt, run.steps_done + 10)

    @rule(
        data=st.data(),
        phase=st.sampled_from([Phase.DONE, Phase.DIVERGED, Phase.FAILED]),
        has_gone=st.booleans(),
    )
    @precondition(lambda self: self.living())
    def a_worker_ends_its_run(self, data, phase, has_gone):
        run = data.draw(st.sampled_from(self.living()))
        assert self.store.catalog.finish(run.id, run.attempt, phase)
        self.workers.alive[run.id, run.attempt] = not has_gone

    @rule(data=st.data())
    @precondition(lambda self: self.living())
    def a_worker_leaves(self, data):
        run = data.draw(st.sampled_from(self.living()))
        assert self.store.catalog.update(run.id, run.attempt, phase=Phase.QUEUED, pid=None, pid_created=None)
        self.workers.alive[run.id, run.attempt] = False

    @rule(data=st.data())
    @precondition(lambda self: any(self.workers.alive.values()))
    def a_worker_dies(self, data):
        there = [key for key, lives in self.workers.alive.items() if lives]
        self.workers.alive[data.draw(st.sampled_from(there))] = False

    @rule(data=st.data())
    @precondition(lambda self: self.workers.alive)
    def a_dead_worker_still_speaks(self, data):
        run_id, attempt = data.draw(st.sampled_from(list(self.workers.alive)))
        now = self.store.run(run_id)
        heard = self.store.catalog.update(run_id, attempt, steps_done=now.steps_done)
        assert heard == (attempt == now.attempt and not now.phase.has_ended)

    @rule(data=st.data())
    @precondition(lambda self: self.store.runs())
    def someone_stops_a_run(self, data):
        run = data.draw(st.sampled_from(self.store.runs()))
        self.store.request_stop([run.id])
        if run.phase is Phase.QUEUED:
            assert self.store.run(run.id).phase is Phase.STOPPED

    @invariant()
    def an_end_is_an_end(self):
        for run in self.store.runs():
            if run.phase.has_ended:
                assert run.finished is not None
                assert self.ends.setdefault(run.id, (run.phase, run.reason)) == (run.phase, run.reason)
            assert run.attempt >= self.attempts.get(run.id, 0)
            self.attempts[run.id] = run.attempt

    @invariant()
    def only_one_race_may_take_more_than_there_is(self):
        busy = [run for run in self.store.runs() if run.phase in (Phase.STARTING, Phase.RUNNING)]
        held_back = any(run.phase is Phase.PAUSED or run.attempt > 1 for run in self.store.runs())
        assert len(busy) <= SLOTS or len({run.race_id for run in busy}) == 1 or held_back


Lives.TestCase.settings = settings(
    max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
test_lives = Lives.TestCase
