"""The pool: one computation for equal questions, a sentence for what goes wrong, and nothing left behind."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from resnet_core.analyst import pool as pool_module
from resnet_core.analyst.answers import answer_file, write_answer
from resnet_core.analyst.pool import Analysts, count_analysts
from resnet_core.questions import INSTRUMENTS
from tests.core import pretended_analyst as seeds
from tests.core.analyst_scene import FINDING, LONG, ask_about, is_answered, until


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

        def answer(self, order, report, seconds):
            write_answer(order.files[0], FINDING)
            return order.files[0]

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
    instrument = INSTRUMENTS["gradient-noise"]
    monkeypatch.setitem(INSTRUMENTS, "gradient-noise", instrument._replace(seconds=0.5))
    pool = scene.pool()
    [reply] = pool.wait([ask_about(seeds.HANGS)], LONG)
    assert "took longer than 0.5 s" in reply.problem
    monkeypatch.setitem(INSTRUMENTS, "gradient-noise", instrument)
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


@pytest.mark.parametrize(
    ("chosen", "count"), [("1", 1), ("3", 3), ("0", 1), ("99", 16), ("many", None), ("-2", None), ("", None)]
)
def test_the_number_of_analysts_can_be_chosen(monkeypatch, chosen, count):
    monkeypatch.setenv("RESNET_LAB_ANALYSTS", chosen)
    assert count_analysts() == (min(os.cpu_count() or 1, 2) if count is None else count)
