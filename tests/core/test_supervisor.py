"""The supervisor with workers that are only pretended: who starts when, and what becomes of the dead."""

import pytest

from resnet_core.config import RunConfig
from resnet_core.records import Phase
from resnet_core.runs import supervisor as supervisor_module
from resnet_core.runs.executor import Sighting, Started
from resnet_core.runs.store import RunStore
from resnet_core.runs.supervisor import Supervisor

CONFIG = RunConfig.model_validate({"training": {"steps": 300}})


class FakeExecutor:
    """Workers are entries in a dict: run id -> whether they live."""

    name = "fake"

    def __init__(self, slots=2):
        self.slots, self.alive, self.submitted, self.stopped = slots, {}, [], []
        self.can_start = True

    def check(self):
        return self.slots

    def submit(self, run):
        if not self.can_start:
            raise OSError(12, "Cannot allocate memory")
        self.submitted.append((run.id, run.attempt))
        self.alive[run.id] = True
        return Started(1000 + len(self.submitted), 1.0)

    def poll(self, runs):
        return {run.id: Sighting(self.alive.get(run.id, False), "killed by signal 9") for run in runs}

    def stop(self, run, force=False):
        self.stopped.append((run.id, force))
        if force:
            self.alive[run.id] = False

    def recover(self, runs):
        return {run.id: "reattach" if self.alive.get(run.id) else "restart" for run in runs}

    def log_tail(self, run_id, characters=4000):
        return "Traceback ...\nImportError: no torch here\n"

    def prepare(self, live):
        pass

    def close(self):
        pass


class Scene:
    """A store, its supervisor and a fake executor, with workers acted out by hand."""

    def __init__(self, root, slots=2):
        self.store, self.executor = RunStore(root), FakeExecutor(slots)
        self.supervisor = Supervisor(self.store, self.executor)
        self.tick = self.supervisor.tick

    def race(self, arms=1):
        return [run.id for run in self.store.add_race([CONFIG] * arms)]

    def phases(self, run_ids):
        return [self.store.run(run_id).phase.value for run_id in run_ids]

    def runs_on(self, run_ids, **columns):
        for run_id in run_ids:
            now = self.store.run(run_id)
            self.store.catalog.update(run_id, now.attempt, phase=Phase.RUNNING, **columns)

    def ends(self, run_ids, phase=Phase.DONE):
        for run_id in run_ids:
            self.store.catalog.finish(run_id, self.store.run(run_id).attempt, phase)
            self.executor.alive[run_id] = False

    def dies(self, run_id):
        self.executor.alive[run_id] = False


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    made.supervisor.close()


def test_the_arms_of_a_race_start_together_and_the_next_race_waits(scene):
    first, second = scene.race(2), scene.race(2)
    scene.tick()
    assert scene.phases(first + second) == ["STARTING", "STARTING", "QUEUED", "QUEUED"]
    scene.ends(first[:1])
    scene.tick()
    assert scene.phases(second) == ["QUEUED", "QUEUED"]
    scene.ends(first[1:])
    scene.tick()
    assert scene.phases(second) == ["STARTING", "STARTING"]


def test_races_run_side_by_side_as_slots_allow(scene):
    scene.executor.slots = 4
    first, second, third = scene.race(2), scene.race(2), scene.race(1)
    scene.tick()
    assert scene.phases(first + second + third) == ["STARTING"] * 4 + ["QUEUED"]


def test_a_race_larger_than_the_machine_runs_when_nothing_else_does(scene):
    small, large = scene.race(1), scene.race(4)
    scene.tick()
    assert scene.phases(large) == ["QUEUED"] * 4
    scene.ends(small)
    scene.tick()
    assert scene.phases(large) == ["STARTING"] * 4


def test_a_later_race_that_would_fit_does_not_overtake(scene):
    scene.executor.slots = 3
    scene.race(2)
    large, small = scene.race(2), scene.race(1)
    scene.tick()
    assert scene.phases(large + small) == ["QUEUED"] * 3


def test_a_paused_run_leaves_its_slot(scene):
    first, second = scene.race(2), scene.race(2)
    scene.tick()
    for run_id in first:
        scene.store.catalog.update(run_id, 1, phase=Phase.PAUSED)
    scene.tick()
    assert scene.phases(first + second) == ["PAUSED", "PAUSED", "STARTING", "STARTING"]


def test_a_started_run_knows_its_process(scene):
    [run_id] = scene.race()
    scene.tick()
    run = scene.store.run(run_id)
    assert (run.pid, run.pid_created, run.attempt) == (1001, 1.0, 1)
    assert run.started is not None


def test_a_worker_that_registered_by_itself_knows_better(scene):
    [run_id] = scene.race()
    [run] = scene.store.catalog.claim([run_id])
    assert scene.store.catalog.register(run_id, 77, 7.0) == 1
    scene.store.catalog.note_process(run, 1001, 1.0)
    assert scene.store.run(run_id).pid == 77


def test_a_dead_worker_is_followed_by_another(scene):
    [run_id] = scene.race()
    scene.tick()
    scene.runs_on([run_id])
    scene.dies(run_id)
    scene.tick()
    assert scene.executor.submitted == [(run_id, 1), (run_id, 2)]
    assert scene.phases([run_id]) == ["STARTING"]


def test_a_paused_run_whose_worker_died_is_taken_up_too(scene):
    [run_id] = scene.race()
    scene.tick()
    scene.store.catalog.update(run_id, 1, phase=Phase.PAUSED)
    scene.dies(run_id)
    scene.tick()
    assert scene.store.run(run_id).attempt == 2


def test_three_deaths_without_progress_end_a_run_with_its_last_words(scene):
    [run_id] = scene.race()
    for _ in range(3):
        scene.tick()
        scene.dies(run_id)
    scene.tick()
    run = scene.store.run(run_id)
    assert (run.phase, run.attempt) == (Phase.FAILED, 3)
    assert "died 3 times without getting further than step 0" in run.reason
    assert "signal 9, perhaps for lack of memory" in run.reason
    assert run.reason.endswith("its last words: ImportError: no torch here")


def test_a_run_that_gets_further_may_die_as_often_as_it_likes(scene):
    [run_id] = scene.race()
    for life in range(20):
        scene.tick()
        scene.runs_on([run_id])
        scene.store.catalog.note_checkpoint(run_id, scene.store.run(run_id).attempt, 10 * life)
        scene.dies(run_id)
    scene.tick()
    assert (scene.phases([run_id]), scene.store.run(run_id).attempt) == (["STARTING"], 21)


def test_the_same_checkpoint_again_is_no_progress(scene):
    [run_id] = scene.race()
    for _ in range(5):
        scene.tick()
        scene.store.catalog.note_checkpoint(run_id, scene.store.run(run_id).attempt, 10)
        scene.dies(run_id)
    scene.tick()
    # The first attempt got further and does not count; the three after it did not.
    assert (scene.phases([run_id]), scene.store.run(run_id).attempt) == (["FAILED"], 4)


def test_a_worker_that_ended_its_run_before_it_went_is_not_dead(scene):
    [run_id] = scene.race()
    scene.tick()
    scene.ends([run_id], Phase.DIVERGED)
    scene.tick()
    assert scene.phases([run_id]) == ["DIVERGED"]
    assert len(scene.executor.submitted) == 1


def test_last_words_that_come_between_two_looks_count(scene, monkeypatch):
    [run_id] = scene.race()
    scene.tick()
    scene.runs_on([run_id])
    scene.tick()
    scene.ends([run_id])
    monkeypatch.setattr(scene.supervisor, "_unfinished", lambda: scene.supervisor._runs)  # an old look
    scene.tick()
    assert scene.phases([run_id]) == ["DONE"]


def test_a_run_that_was_told_to_stop_is_not_taken_up_again(scene):
    [run_id] = scene.race()
    scene.tick()
    scene.runs_on([run_id], steps_done=12)
    scene.store.request_stop([run_id])
    scene.dies(run_id)
    scene.tick()
    run = scene.store.run(run_id)
    assert (run.phase, run.reason) == (Phase.STOPPED, "stopped after 12 of 300 steps")


def test_a_run_stopped_while_its_worker_left_is_not_started_again(scene):
    [run_id] = scene.race()
    scene.tick()
    scene.store.catalog.update(run_id, 1, stop_requested=True)
    scene.store.catalog.update(run_id, 1, phase=Phase.QUEUED, pid=None, pid_created=None)
    scene.tick()
    assert scene.phases([run_id]) == ["STOPPED"]


def test_a_run_that_is_still_starting_is_stopped_from_outside_at_once(scene):
    [run_id] = scene.race()
    scene.tick()
    scene.store.request_stop([run_id])
    scene.tick()
    assert scene.executor.stopped == [(run_id, False)]


def test_a_worker_that_does_not_obey_is_asked_then_ended(scene, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(supervisor_module.time, "monotonic", lambda: now[0])
    [run_id] = scene.race()
    scene.tick()
    scene.runs_on([run_id])
    scene.store.request_stop([run_id])
    seen = []
    for now[0] in (0, 19, 21, 26, 27):
        scene.tick()
        seen.append(scene.executor.stopped[-1:])
    assert seen == [[], [], [(run_id, False)], [(run_id, True)], [(run_id, True)]]
    assert scene.phases([run_id]) == ["STOPPED"]


def test_a_process_that_cannot_be_started_is_a_failure_with_a_reason(scene):
    scene.executor.can_start = False
    [run_id] = scene.race()
    for _ in range(3):
        scene.tick()
    run = scene.store.run(run_id)
    assert run.phase is Phase.FAILED
    assert "its process could not be started: Cannot allocate memory" in run.reason


def test_a_new_supervisor_goes_on_with_what_it_finds(scene, tmp_path):
    alive, dead = scene.race(2)
    scene.tick()
    scene.runs_on([alive, dead])
    scene.dies(dead)
    successor = Supervisor(RunStore(scene.store.root), scene.executor)
    successor.tick()
    assert [scene.store.run(i).attempt for i in (alive, dead)] == [1, 2]
    successor.close()


def test_a_quiet_store_is_not_read_again(scene, monkeypatch):
    scene.race(2)
    for _ in range(3):
        scene.tick()
    readings = []
    monkeypatch.setattr(scene.store.catalog, "unfinished", lambda: readings.append(1) or [])
    scene.tick()
    assert not readings
