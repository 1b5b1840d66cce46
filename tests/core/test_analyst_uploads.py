"""A visitor's file on its way to the analyst: never in the store, and gone when it is decoded or not."""

import errno
import hashlib
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from resnet_core.analyst import places as places_module
from resnet_core.analyst import pool as pool_module
from resnet_core.analyst.answers import answer_file
from resnet_core.config import RunConfig, from_flat
from resnet_core.questions import INSTRUMENTS, Question, question
from resnet_core.runs.store import RunStore
from resnet_core.uploads import GONE, MAX_BYTES
from tests.core import pretended_analyst as seeds
from tests.core.analyst_scene import LONG, PICTURE, ask_about, until


def bytes_of(seed: int, more: str = "") -> bytes:
    return f"{seed:03d} is what a photograph says of its place{more}".encode()


def pending(pool) -> list:
    return [file for file in pool._places.scratch().iterdir() if file.is_file()]


def is_decoded(reply) -> bool:
    return reply.state == "answered" and np.array_equal(reply.finding.pixels, PICTURE.pixels)


def about(upload: Question, **more: object) -> Question:
    return question(
        "block-maps", from_flat({"depth": 8}), options={"picture": upload.options.picture}, **more
    )


def test_a_file_is_decoded_and_what_it_was_stays_nowhere(scene):
    pool, data = scene.pool(), bytes_of(1)
    asked = pool.take_file(data)
    assert asked.options.picture == f"file:{hashlib.sha256(data).hexdigest()}"
    assert is_decoded(pool.wait([asked], LONG)[0])
    assert pending(pool) == []
    assert answer_file(scene.store, asked).is_file()
    kept = [file for file in scene.folder.rglob("*") if file.is_file()]
    assert not any(data in file.read_bytes() for file in kept)


def test_a_file_that_waits_is_for_this_user_alone_and_not_in_the_store(scene):
    pool = scene.pool()
    asked = pool.take_file(bytes_of(seeds.REPORTS))
    until(lambda: pool.ask([asked])[0].share == 0.25)
    [file] = pending(pool)
    assert file.read_bytes() == bytes_of(seeds.REPORTS)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert scene.store.root not in file.parents
    (scene.folder / "go").touch()
    assert is_decoded(pool.wait([asked], LONG)[0])
    assert not file.exists()


def test_a_store_that_is_only_read_stays_as_it_is(scene):
    bundled = RunStore(scene.store.root, writable=False)
    pool = scene.pool(bundled)
    asked = pool.take_file(bytes_of(1))
    assert is_decoded(pool.wait([asked], LONG)[0])
    assert not answer_file(bundled, asked).exists()
    pool.wait([about(asked)], LONG)
    assert scene.given()[1].startswith(str(pool._places.scratch()))


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "the file is empty"), (bytes(MAX_BYTES + 1), "has 8.00 MiB and at most 8 are read")],
)
def test_what_is_too_much_or_nothing_is_refused_before_it_is_written(scene, data, words):
    pool = scene.pool()
    with pytest.raises(ValueError, match=words):
        pool.take_file(data)
    assert pending(pool) == []


# once


def test_equal_files_at_once_are_decoded_once(scene):
    pool = scene.pool(count=2)

    def give(seed: int) -> bool:
        return is_decoded(pool.wait([pool.take_file(bytes_of(seed))], LONG)[0])

    with ThreadPoolExecutor(30) as people:
        assert all(people.map(give, [i % 3 for i in range(300)]))
    assert sorted(scene.asked()) == [0, 1, 2]
    assert pending(pool) == []


def test_a_file_that_is_known_is_not_written(scene, monkeypatch):
    asked = scene.pool().take_file(bytes_of(1))
    assert is_decoded(scene.pools[0].wait([asked], LONG)[0])
    monkeypatch.setattr(places_module.tempfile, "mkstemp", lambda **_: pytest.fail("it was written"))
    for pool in (scene.pools[0], scene.pool()):  # another server reads what is kept
        assert pool.take_file(bytes_of(1)) == asked
        assert is_decoded(pool.ask([asked])[0])


# mishaps


@pytest.mark.parametrize(
    ("seed", "words", "is_tried_again"),
    [
        (seeds.REFUSES, "there is no such layer", False),
        (seeds.SPOILS, "cannot be read", False),
        (seeds.DIES, "was killed by signal 9; it can be tried again", True),
    ],
)
def test_a_file_that_is_not_decoded_goes_too_and_why_is_said(scene, monkeypatch, seed, words, is_tried_again):
    pool = scene.pool()
    asked = pool.take_file(bytes_of(seed))
    assert words in pool.wait([asked], LONG)[0].problem
    assert pending(pool) == []
    assert pool.take_file(bytes_of(seed)) == asked
    assert words in pool.ask([asked])[0].problem
    assert scene.asked() == [seed]
    monkeypatch.setattr(pool_module.time, "monotonic", lambda now=pool_module.time.monotonic: now() + 10)
    assert (pool.ask([asked])[0].problem == GONE) is is_tried_again
    pool.take_file(bytes_of(seed))
    assert (pool.ask([asked])[0].state == "failed") is not is_tried_again


def test_a_decoder_that_hangs_is_ended_at_its_time_limit(scene, monkeypatch):
    assert INSTRUMENTS["upload"].seconds == 10
    monkeypatch.setitem(INSTRUMENTS, "upload", INSTRUMENTS["upload"]._replace(seconds=0.5))
    pool = scene.pool()
    [reply] = pool.wait([pool.take_file(bytes_of(seeds.HANGS))], LONG)
    assert "took longer than 0.5 s" in reply.problem
    assert pending(pool) == []
    assert is_decoded(pool.wait([pool.take_file(bytes_of(1))], LONG)[0])
    assert len(scene.started()) == 2


def test_the_time_limit_begins_when_the_process_has_started(scene, monkeypatch):
    monkeypatch.setitem(INSTRUMENTS, "upload", INSTRUMENTS["upload"]._replace(seconds=0.5))
    program = scene.folder / "slow.py"
    program.write_text(
        f"import time, runpy\ntime.sleep(1.0)\nrunpy.run_path({seeds.__file__!r}, run_name='__main__')"
    )
    pool = scene.pool()
    pool._command[2] = str(program)
    assert is_decoded(pool.wait([pool.take_file(bytes_of(1))], LONG)[0])


def test_a_process_that_never_starts_is_ended(scene, monkeypatch):
    monkeypatch.setattr("resnet_core.analyst.analyst.SECONDS_TO_START", 0.2)
    pool = scene.pool()
    pool._command[1:] = ["-S", "-c", "import time; time.sleep(600)"]
    [reply] = pool.wait([ask_about()], LONG)
    assert "took longer than 0.2 s" in reply.problem


def test_a_full_disk_is_a_sentence(scene, monkeypatch):
    def full(**_):
        raise OSError(errno.ENOSPC, "No space left on device")

    pool = scene.pool()
    monkeypatch.setattr(places_module.tempfile, "mkstemp", full)
    with pytest.raises(ValueError, match="the file cannot be taken: No space left on device"):
        pool.take_file(bytes_of(1))


def test_there_is_an_end_to_the_files_that_may_wait(scene, monkeypatch):
    monkeypatch.setattr(pool_module, "MAX_PENDING", 2)
    pool = scene.pool()
    asked = [pool.take_file(bytes_of(seeds.REPORTS)), pool.take_file(bytes_of(1))]
    with pytest.raises(ValueError, match="2 pictures wait to be decoded; choose the file again later"):
        pool.take_file(bytes_of(2))
    assert len(pending(pool)) == 2
    assert pool.take_file(bytes_of(1)) == asked[1]  # it waits already
    (scene.folder / "go").touch()
    assert all(map(is_decoded, pool.wait(asked, LONG)))
    assert is_decoded(pool.wait([pool.take_file(bytes_of(2))], LONG)[0])


def test_there_is_an_end_to_what_may_wait(scene, monkeypatch):
    monkeypatch.setattr(pool_module, "MAX_WAITING", 1)
    pool = scene.pool()
    pool.ask([ask_about(seeds.HANGS)])
    with pytest.raises(ValueError, match="1 questions are waiting already"):
        pool.take_file(bytes_of(1))
    assert pending(pool) == []


def test_a_file_that_nobody_asks_about_goes(scene, monkeypatch):
    monkeypatch.setattr(pool_module, "SECONDS_OF_INTEREST", 0.2)
    pool = scene.pool()
    until(lambda: pool.ask([ask_about(seeds.REPORTS)])[0].share == 0.25)
    asked = pool.take_file(bytes_of(1))
    [file] = pending(pool)
    threading.Event().wait(0.3)
    pool.ask([ask_about(2)])
    assert not file.exists()
    assert pool.ask([asked])[0].problem == GONE
    monkeypatch.setattr(pool_module, "SECONDS_OF_INTEREST", LONG)
    pool.take_file(bytes_of(1))
    (scene.folder / "go").touch()
    assert is_decoded(pool.wait([asked], LONG)[0])


def test_the_end_of_the_server_is_the_end_of_the_files(scene):
    pool = scene.pool()
    asked = pool.take_file(bytes_of(seeds.HANGS))
    until(lambda: pool.ask([asked])[0].state == "working")
    scratch = pool._places.scratch()
    pool.close()
    assert not scratch.exists()
    with pytest.raises(ValueError, match="the server is ending"):
        pool.take_file(bytes_of(1))


# what is asked about a picture


def test_a_question_about_a_file_is_given_its_pixels(scene):
    pool = scene.pool()
    upload = pool.take_file(bytes_of(1))
    pool.wait([upload], LONG)
    pool.wait([about(upload)], LONG)
    assert scene.given()[1] == str(answer_file(scene.store, upload))


def test_a_question_waits_for_the_picture_that_it_is_about(scene):
    pool = scene.pool(count=2)
    upload = pool.take_file(bytes_of(seeds.REPORTS))
    until(lambda: pool.ask([upload])[0].share == 0.25)
    [early] = pool.ask([about(upload)])
    assert early.state == "waiting"
    pool.wait([ask_about()], LONG)  # the other process has time, and not for this
    assert pool.ask([about(upload)])[0].state == "waiting"
    (scene.folder / "go").touch()
    pool.wait([about(upload)], LONG)
    assert scene.given()[-1] == str(answer_file(scene.store, upload))


def test_a_question_about_a_file_that_is_not_here_says_so_until_it_is(scene):
    pool, name = scene.pool(), "file:" + hashlib.sha256(bytes_of(1)).hexdigest()
    upload = question("upload", RunConfig(), options={"picture": name})
    assert {reply.problem for reply in pool.ask([upload, about(upload)])} == {GONE}
    assert is_decoded(pool.wait([pool.take_file(bytes_of(1))], LONG)[0])
    assert pool.ask([about(upload)])[0].state in ("waiting", "working")


def test_a_picture_that_goes_while_a_question_about_it_waits_is_a_sentence(scene):
    pool = scene.pool()
    upload = pool.take_file(bytes_of(1))
    pool.wait([upload], LONG)
    until(lambda: pool.ask([ask_about(seeds.REPORTS)])[0].share == 0.25)
    assert pool.ask([about(upload)])[0].state == "waiting"
    answer_file(scene.store, upload).write_bytes(b"damaged")
    (scene.folder / "go").touch()
    until(lambda: pool.ask([about(upload)])[0].state == "failed")
    assert pool.ask([about(upload)])[0].problem == GONE
    assert pool.ask([about(question("upload", RunConfig()))])[0].problem == GONE
