"""`kill -9` of an analyst, and of the server it answers: a sentence for the page, and no process left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from resnet_core.analyst.pool import LOG, Analysts
from resnet_core.config import from_flat
from resnet_core.questions import question
from resnet_core.runs.store import RunStore
from tests.faults.scene import wait_for

ROOT = Path(__file__).resolve().parents[2]
SHORT = question("profile", from_flat({"depth": 8, "width": 2, "batch": 4}))
LONG = question("profile", from_flat({"depth": 1202, "width": 16, "batch": 64}))  # many seconds
SERVER = """
import sys, time
from resnet_core.analyst.pool import Analysts
from resnet_core.questions import question_from_json
from resnet_core.runs.store import RunStore
pool = Analysts([RunStore(sys.argv[1])], 1)
while True:
    [reply] = pool.ask([question_from_json(sys.argv[2])])
    print(reply.state, flush=True)
    time.sleep(0.1)
"""


@pytest.fixture
def pool(tmp_path):
    pool = Analysts([RunStore(tmp_path / "store")], 1)
    yield pool
    pool.close()
    assert not psutil.Process().children()


def analyst_of(pid: int) -> psutil.Process | None:
    found = [child for child in psutil.Process(pid).children() if "analyst" in child.cmdline()]
    return found[0] if found else None


def test_an_analyst_killed_at_work_fails_in_a_sentence_and_another_one_answers(pool, tmp_path):
    [reply] = pool.wait([SHORT], 120)  # so that the next one is computing, not starting
    assert reply.state == "answered", reply.problem
    me = os.getpid()
    first = analyst_of(me)
    assert first.nice() > psutil.Process().nice()
    wait_for(lambda: pool.ask([LONG])[0].state == "working")
    first.send_signal(signal.SIGKILL)
    [reply] = pool.wait([LONG], 60)
    assert (reply.state, reply.finding) == ("failed", None)
    assert (
        reply.problem == "the process that was computing this was killed by signal 9; it can be tried again"
    )
    pool.forget_failures()
    wait_for(lambda: pool.ask([LONG])[0].state == "working" and analyst_of(me) not in (None, first))
    pool.close()  # while torch is being imported
    assert not psutil.Process().children()
    assert (tmp_path / "store" / LOG).read_bytes() == b""


def test_the_end_of_a_killed_server_is_the_end_of_an_analyst_at_work(tmp_path):
    command = [sys.executable, "-c", SERVER, str(tmp_path), LONG.to_json()]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        wait_for(lambda: b"working" in server.stdout.readline())
        wait_for(lambda: analyst_of(server.pid))
        analyst = analyst_of(server.pid)
        wait_for(lambda: analyst.memory_info().rss > 400e6)  # torch is there, and so is a network
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    wait_for(lambda: not analyst.is_running() or analyst.status() == psutil.STATUS_ZOMBIE, seconds=20)
    assert not list(tmp_path.glob("answers/*.npz"))
