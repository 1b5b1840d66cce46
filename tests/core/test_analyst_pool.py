"""The pool: one computation for equal questions, a sentence for what goes wrong, and nothing left behind."""

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from resnet_core.analyst import pool as pool_module
from resnet_core.analyst.answers import answer_file, write_answer
from resnet_core.analyst.pool import Analysts, count_analysts
from resnet_core.config import from_flat
from resnet_core.findings import GradientNoise
from resnet_core.questions import Question, question
from resnet_core.runs.store import RunStore
from tests.core import pretended_analyst as seeds
from tests.core.finished_runs import CONFIG, add_checkpoint, add_finished_run

FINDING = GradientNoise(*(np.arange(3.0) for _ in GradientNoise._fields))
LONG = 60.0


def ask_about(seed: int = 0, **more: object) -> Question:
    return question("gradient-noise", from_flat({"depth": 8, "width": 2, "seed": seed}), **more)


class Scene:
    """A store and pools over it, all of which end with the test."""

    def __init__(self, folder: Path):
        self.folder, self.store, self.pools = folder, RunStore(folder / "store"), []
        write_answer(folder / "answer.npz", FINDING)

    def pool(self, *stores: RunStore, count: int = 1) -> Analysts:
        command = [sys.executable, "-S", seeds.__file__, str(self.folder)]
        self.pools.append(Analysts(stores or [self.store], count, command))
        return self.pools[-1]

    def asked(self) -> list[int]:
        """The seeds that processes were asked about."""
        noted = self.folder / "asked"
        return [int(line) for line in noted.read_text().split()] if noted.exists() else []

    def started(self) -> list[int]:
        return [int(file.suffix[1:]) for file in self.folder.glob("started.*")]


@pytest.fixture
def scene(tmp_path):
    scene = Scene(tmp_path)
    yield scene
    for pool in scene.pools:
        pool.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "analyst"]
    assert not psutil.Process().children(recursive=True)


def until(condition, seconds: float = LONG):
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "waited too long"
        time.sleep(0.01)


def is_answered(reply) -> bool:
    return reply.state == "answered" and np.array_equal(reply.finding.layers, FINDING.layers)


# answers


def test_nothing_is_started_before_there_is_a_question(scene):
    scene.pool().ask([])
    assert not [thread for thread in threading.enumerate() if thread.name == "analyst"]


def test_an_answer_comes_and_is_kept(scene):
    pool = scene.pool()
    [first] = pool.ask([ask_about()])
    assert first.state in ("waiting", "working")
    [reply] = pool.wait([ask_about()], LONG)
    assert is_answered(reply)
    assert answer_file(scene.store, ask_about()).is_file()
    assert is_answered(scene.pool().ask([ask_about()])[0])  # another server reads it
    assert scene.asked() == [0]


def test_no_questions_have_no_replies(scene):
    assert scene.pool().wait([], LONG) == []


def test_waiting_for_no_time_is_asking(scene):
    [reply] = scene.pool().wait([ask_about(seeds.HANGS)], 0)
    assert reply.state in ("waiting", "working")


def test_equal_questions_at_once_are_computed_once(scene):
    pool = scene.pool(count=2)
    with ThreadPoolExecutor(30) as people:
        asked = [people.submit(pool.wait, [ask_about(i % 3) for i in range(10)], LONG) for _ in range(30)]
        replies = [reply for one in asked for reply in one.result()]
    assert len(replies) == 300
    assert all(map(is_answered, replies))
    assert sorted(scene.asked()) == [0, 1, 2]
    assert len(scene.started()) <= 2


def test_a_page_sees_how_far_it_is_and_who_is_next(scene):
    pool = scene.pool()
    long, after, last = ask_about(seeds.REPORTS), ask_about(1), ask_about(2)
    until(lambda: pool.ask([long])[0].share == 0.25)
    assert pool.ask([long])[0].state == "working"
    assert [(reply.state, reply.place) for reply in pool.ask([after, last])] == [
        ("waiting", 1),
        ("waiting", 2),
    ]
    (scene.folder / "go").touch()
    assert all(map(is_answered, pool.wait([long, after, last], LONG)))
    assert scene.asked() == [seeds.REPORTS, 1, 2]


def test_the_first_question_finds_a_process_that_was_prepared(scene):
    pool = scene.pool(count=2)
    for _ in range(3):
        pool.prepare()
    until(scene.started)
    assert is_answered(pool.wait([ask_about()], LONG)[0])
    assert len(scene.started()) == 1


# interest


def test_a_question_that_nobody_asks_about_any_more_is_dropped_and_can_be_asked_again(scene, monkeypatch):
    monkeypatch.setattr(pool_module, "SECONDS_OF_INTEREST", 0.2)
    pool = scene.pool()
    until(lambda: pool.ask([ask_about(seeds.REPORTS)])[0].state == "working")
    assert pool.ask([ask_about(1)])[0].state == "waiting"
    time.sleep(0.3)
    assert pool.ask([ask_about(2)])[0].place == 1
    (scene.folder / "go").touch()
    assert is_answered(pool.wait([ask_about(seeds.REPORTS)], LONG)[0])
    monkeypatch.setattr(pool_module, "SECONDS_OF_INTEREST", LONG)
    assert is_answered(pool.wait([ask_about(1)], LONG)[0])
    assert scene.asked().count(1) == 1


def test_who_waits_stays_interested(scene, monkeypatch):
    monkeypatch.setattr(pool_module, "SECONDS_OF_INTEREST", 0.5)
    monkeypatch.setattr(pool_module, "SECONDS_BETWEEN_LOOKS", 0.05)
    pool = scene.pool()
    threading.Timer(1.0, (scene.folder / "go").touch).start()
    assert all(map(is_answered, pool.wait([ask_about(seeds.REPORTS), ask_about(1)], LONG)))


def test_there_is_an_end_to_what_may_wait(scene, monkeypatch):
    monkeypatch.setattr(pool_module, "MAX_WAITING", 2)
    pool = scene.pool()
    replies = pool.ask([ask_about(seeds.HANGS), ask_about(1), ask_about(2)])
    assert (replies[2].state, replies[2].problem) == (
        "failed",
        "2 questions are waiting already; ask again later",
    )
    assert pool.ask([ask_about(1)])[0].state == "waiting"


def test_an_idle_pool_gives_its_memory_back_and_answers_again(scene, monkeypatch):
    monkeypatch.setattr(pool_module, "SECONDS_OF_IDLENESS", 0.1)
    pool = scene.pool()
    assert is_answered(pool.wait([ask_about(1)], LONG)[0])
    until(lambda: not psutil.Process().children())
    assert is_answered(pool.wait([ask_about(2)], LONG)[0])


def test_no_question_is_lost_at_the_moment_an_analyst_leaves(scene, monkeypatch):
    # A process that is started for nothing costs time, so here an analyst is none.
    class Instant:
        def __init__(self, *_):
            self.start = self.kill = self.end = lambda: None

        def answer(self, asked, weights, files, report, seconds):
            write_answer(files[0], FINDING)
            return files[0]

    monkeypatch.setattr(pool_module, "Analyst", Instant)
    monkeypatch.setattr(pool_module, "SECONDS_OF_IDLENESS", 0.003)
    pool = scene.pool()
    for seed in range(100):
        assert is_answered(pool.wait([ask_about(seed)], 10)[0]), seed
        time.sleep(0.0025 + seed * 1e-5)  # about as long as an analyst waits


# mishaps


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        (seeds.DIES, "was killed by signal 9; it can be tried again"),
        (seeds.LEAVES, "ended with exit code 3"),
        (seeds.BABBLES, "said what is not understood"),
        (seeds.REFUSES, "there is no such layer"),
        (seeds.SPOILS, "cannot be read"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_the_next_question_is_answered(scene, monkeypatch, seed, words):
    monkeypatch.setattr("resnet_core.analyst.analyst.SECONDS_TO_END", 0.1)
    pool = scene.pool()
    [reply] = pool.wait([ask_about(seed)], LONG)
    assert reply.state == "failed"
    assert words in reply.problem
    assert pool.ask([ask_about(seed)])[0].problem == reply.problem  # not tried again unasked
    assert is_answered(pool.wait([ask_about(1)], LONG)[0])
    pool.forget_failures()
    assert pool.ask([ask_about(seed)])[0].state in ("waiting", "working")


def test_a_process_that_takes_too_long_is_ended(scene, monkeypatch):
    monkeypatch.setattr(pool_module, "SECONDS_TO_ANSWER", 0.5)
    pool = scene.pool()
    [reply] = pool.wait([ask_about(seeds.HANGS)], LONG)
    assert "took longer than 0.5 s" in reply.problem
    monkeypatch.setattr(pool_module, "SECONDS_TO_ANSWER", LONG)
    assert is_answered(pool.wait([ask_about(1)], LONG)[0])
    assert len(scene.started()) == 2


def test_a_process_that_cannot_be_started_is_a_sentence(scene):
    pool = Analysts([scene.store], 1, [str(scene.folder / "nothing")])
    scene.pools.append(pool)
    [reply] = pool.wait([ask_about()], LONG)
    assert reply.problem == "no process could be started: No such file or directory"


def test_a_surprise_is_a_sentence_and_the_thread_goes_on(scene, monkeypatch, caplog):
    monkeypatch.setattr(pool_module, "read_answer", lambda path, asked: None)
    monkeypatch.setattr(pool_module.Analyst, "answer", lambda *_: 1 // 0)
    pool = scene.pool()
    [reply] = pool.wait([ask_about()], LONG)
    assert "ZeroDivisionError" in reply.problem
    assert "a question was not answered" in caplog.text
    monkeypatch.undo()
    assert is_answered(pool.wait([ask_about(1)], LONG)[0])


@pytest.mark.parametrize("seed", [seeds.HANGS, seeds.REPORTS])
def test_the_end_of_the_server_is_the_end_of_all_analysts(scene, seed):
    pool = scene.pool(count=2)
    until(lambda: all(r.state == "working" for r in pool.ask([ask_about(seed), ask_about(seeds.HANGS)])))
    start = time.monotonic()
    pool.close()
    pool.close()
    assert time.monotonic() - start < pool_module.SECONDS_TO_END
    assert not psutil.Process().children()
    assert pool.wait([ask_about(1)], LONG)[0].problem == "the server is ending"
    pool.prepare()
    assert not psutil.Process().children()


# runs and stores


def test_a_question_about_a_run_is_given_its_weights(scene):
    run = add_finished_run(scene.store)
    asked = question("gradient-noise", run.config, run_id=run.id, step=3)
    assert is_answered(scene.pool().wait([asked], LONG)[0])
    assert answer_file(scene.store, asked).parent.parent == scene.store.folder(run.id)


def test_what_a_run_has_not_is_said(scene):
    run = add_finished_run(scene.store)
    weights = scene.store.weights_file(run.id, 3)
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    other = from_flat({"depth": 8, "skip": "none"})
    asked = [
        question("gradient-noise", config, run_id=run_id, step=step)
        for config, run_id, step in [
            (CONFIG, run.id, 2), (CONFIG, run.id, 3), (other, run.id, 0),
            (CONFIG, run.id[:-1] + "0", 0), (CONFIG, "../../../etc", 0),
        ]
    ]  # fmt: skip
    said = [reply.problem for reply in scene.pool().wait(asked, LONG)]
    words = [
        "has no weights of step 2; it has those of 0, 3", "at step 3 are damaged",
        "has trained a network of other settings", "there is no run", "is not a run id",
    ]  # fmt: skip
    assert all(word in problem for word, problem in zip(words, said, strict=True)), said


def test_weights_that_come_later_are_found(scene, monkeypatch):
    monkeypatch.setattr(pool_module, "SECONDS_OF_A_LACK", 0.05)
    run, pool = add_finished_run(scene.store, checkpoints=(0,)), scene.pool()
    asked = question("gradient-noise", run.config, run_id=run.id, step=3)
    assert "no weights of step 3" in pool.wait([asked], LONG)[0].problem
    add_checkpoint(scene.store, run, 3)
    until(lambda: is_answered(pool.wait([asked], LONG)[0]))


def test_a_run_deleted_while_its_question_is_computed_does_not_come_back(scene):
    pool, config = scene.pool(), from_flat({"depth": 8, "steps": 3, "batch": 4, "seed": seeds.REPORTS})
    run = add_finished_run(scene.store, config)
    asked = question("gradient-noise", config, run_id=run.id)
    until(lambda: pool.ask([asked])[0].share)
    scene.store.delete(run.id)
    (scene.folder / "go").touch()
    pool.wait([asked], LONG)
    assert not scene.store.folder(run.id).exists()


def test_a_store_that_is_only_read_stays_as_it_is(scene):
    run = add_finished_run(scene.store)
    bundled = RunStore(scene.store.root, writable=False)
    asked = [ask_about(), question("gradient-noise", run.config, run_id=run.id)]
    before = sorted(bundled.root.rglob("*"))
    pool = scene.pool(bundled)
    assert all(map(is_answered, pool.wait(asked, LONG)))
    assert sorted(bundled.root.rglob("*")) == before
    scratch = Path(pool._scratch.name)
    pool.close()
    assert not scratch.exists()


def test_answers_that_come_with_a_store_are_used_and_damaged_ones_are_computed(scene):
    run = add_finished_run(scene.store)
    main, bundled = RunStore(scene.folder / "main"), RunStore(scene.store.root, writable=False)
    of_run = question("gradient-noise", run.config, run_id=run.id)
    for asked in (of_run, ask_about(5)):
        write_answer(answer_file(bundled, asked), FINDING)
    pool = scene.pool(main, bundled)
    assert all(map(is_answered, pool.ask([of_run, ask_about(5)])))
    assert scene.asked() == []
    answer_file(bundled, of_run).write_bytes(b"damaged")
    pool = scene.pool(main, bundled)
    assert is_answered(pool.wait([of_run], LONG)[0])
    pool._found.__init__()  # what was computed lies in the scratch folder, which comes first
    assert is_answered(pool.ask([of_run])[0])
    assert answer_file(bundled, of_run).read_bytes() == b"damaged"
    assert len(scene.asked()) == 1


def test_a_damaged_answer_is_computed_again(scene):
    write_answer(answer_file(scene.store, ask_about()), FINDING)
    answer_file(scene.store, ask_about()).write_bytes(b"damaged")
    assert is_answered(scene.pool().wait([ask_about()], LONG)[0])
    assert is_answered(scene.pool().ask([ask_about()])[0])
    assert scene.asked() == [0]


@pytest.mark.parametrize(
    ("chosen", "count"), [("1", 1), ("3", 3), ("0", 1), ("99", 16), ("many", None), ("-2", None), ("", None)]
)
def test_the_number_of_analysts_can_be_chosen(monkeypatch, chosen, count):
    monkeypatch.setenv("RESNET_LAB_ANALYSTS", chosen)
    assert count_analysts() == (min(os.cpu_count() or 1, 2) if count is None else count)
