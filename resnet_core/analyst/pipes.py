"""The pipes of an analyst's process, taken before torch is imported: questions in, replies out. No torch."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TextIO

NICENESS = 5
MAX_LOG_BYTES = 2**20
CHUNK_BYTES = 2**16


def take_pipes() -> tuple[Iterator[bytes], TextIO]:
    """The lines of stdin, and a private copy of stdout; what anything prints from now on goes to stderr.

    The end of stdin, which is the end of the server, ends this process at once, whatever it is doing.
    """
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C on the terminal is for the server
    orders: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_read, args=(orders,), daemon=True).start()
    return iter(orders.get, None), replies


def step_back() -> None:
    """Training comes first; and when memory runs out, the kernel should take an analyst before a server."""
    with suppress(OSError, AttributeError):
        os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900")


def trim_log() -> None:
    """Begins the log anew when it has become long, if stderr is one."""
    with suppress(OSError):  # a pipe or a terminal
        if os.fstat(2).st_size > MAX_LOG_BYTES:
            os.ftruncate(2, 0)


def _read(orders: SimpleQueue) -> None:
    begun = b""
    while read := os.read(0, CHUNK_BYTES):  # unbuffered: Python cannot end while a thread reads sys.stdin
        *lines, begun = (begun + read).split(b"\n")
        for line in lines:
            orders.put(line)
    os._exit(0)
