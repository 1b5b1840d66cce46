"""The pipes of an analyst: nothing but replies goes through, and their end is the end of the process."""

import os
import signal
import subprocess
import sys

from resnet_core.analyst import pipes
from tests.core.command_line import ROOT

ECHO = """
import os, sys, time
from resnet_core.analyst.pipes import take_pipes, trim_log
orders, replies = take_pipes()
print("a library says hello")
os.system("echo so does its child")
print("ready", file=replies, flush=True)
for line in orders:
    if line == b"work":
        print("working", file=replies, flush=True)
        time.sleep(600)
    if line == b"trim":
        trim_log()
    print(line.decode(), file=replies, flush=True)
"""


def echo(tmp_path) -> subprocess.Popen:
    pipe = subprocess.PIPE
    with open(tmp_path / "log", "ab") as log:
        started = subprocess.Popen(
            [sys.executable, "-c", ECHO], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=log, bufsize=0
        )
    assert started.stdout.readline() == b"ready\n"
    return started


def test_only_replies_go_through_and_what_is_printed_goes_to_the_log(tmp_path):
    with echo(tmp_path) as process:
        process.send_signal(signal.SIGINT)  # Ctrl-C on the terminal is for the server
        for part in (b"one\ntwo", b" and a half\n", b"x" * 200_000 + b"\n"):
            process.stdin.write(part)
        said = [process.stdout.readline() for _ in range(2)]
        assert said == [b"one\n", b"two and a half\n"]
        long = b""
        while not long.endswith(b"\n"):
            long += process.stdout.read(65536)
        assert long == b"x" * 200_000 + b"\n"
        process.stdin.close()
        assert process.wait(30) == 0
    assert sorted((tmp_path / "log").read_text().splitlines()) == [
        "a library says hello",
        "so does its child",
    ]


def test_the_end_of_the_server_ends_a_process_at_work(tmp_path):
    with echo(tmp_path) as process:
        process.stdin.write(b"work\n")
        assert process.stdout.readline() == b"working\n"
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_log_that_has_become_long_begins_anew(tmp_path):
    with open(tmp_path / "log", "wb") as log:
        log.write(bytes(pipes.MAX_LOG_BYTES))
    with echo(tmp_path) as process:
        process.stdin.write(b"trim\n")
        assert process.stdout.readline() == b"trim\n"
        assert os.path.getsize(tmp_path / "log") == 0
        process.stdin.close()
