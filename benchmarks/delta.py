"""What a live delta costs the server while the default race trains beside it.

Thirty pages ask for both arms every half second. The server's processor time in those seconds, less that of
as many seconds without pages, is shared out over the answers.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from benchmarks.live_server import LiveServer, live_server
from benchmarks.table import Row
from benchmarks.turns import middle
from benchmarks.viewer import Viewer

BOUND = 5.0  # milliseconds of processor time
VIEWERS = 30
SECONDS_BETWEEN_ANSWERS = 0.5  # of a page that is in sight
SECONDS_A_WINDOW = 8.0
ROUNDS = 3
STEPS = 20_000  # enough not to end meanwhile


def measure(quick: bool = False) -> list[Row]:
    with live_server(RESNET_LAB_SPARES="0") as server:
        race = server.wait_until_training(server.start_race(steps=STEPS), steps=20)
        seconds = SECONDS_A_WINDOW / 3 if quick else SECONDS_A_WINDOW
        windows = [one_round(server, [r.id for r in race], seconds) for _ in range(1 if quick else ROUNDS)]
    return rows(*zip(*windows, strict=True))


def rows(costs: Sequence[float], latencies: Sequence[Sequence[float]]) -> list[Row]:
    """Of each round: milliseconds of processor time an answer, and the milliseconds every answer took."""
    cost, times = middle(costs), np.concatenate(latencies)
    half, slow = np.quantile(times, (0.5, 0.95))
    note = (
        f"{VIEWERS} viewers, each asking for both arms every {SECONDS_BETWEEN_ANSWERS:g} s while both arms "
        f"train: {len(times):,} answers in {len(costs)} rounds."
    )
    return [
        Row("processor time of the server for a live delta", cost.median, " ms", cost.half, BOUND, note=note),
        Row("time to the answer, median", float(half), " ms"),
        Row("time to the answer, 95th percentile", float(slow), " ms"),
    ]


def one_round(server: LiveServer, run_ids: Sequence[str], seconds: float) -> tuple[float, list[float]]:
    """A window without pages, then one with them."""
    idle = _server_seconds(server, seconds)
    with watched_by(VIEWERS, server.port, run_ids) as latencies:
        time.sleep(2 * SECONDS_BETWEEN_ANSWERS)  # each viewer's first answer is the whole run so far
        seen = len(latencies)
        busy = _server_seconds(server, seconds)
        answers = latencies[seen:]
    if not answers:
        raise RuntimeError(f"the server gave no answer in {seconds:g} s")
    return 1000 * (busy - idle) / len(answers), [1000 * latency for latency in answers]


def _server_seconds(server: LiveServer, seconds: float) -> float:
    """Processor time that the server uses in that many seconds."""
    before = sum(server.process.cpu_times()[:2])
    time.sleep(seconds)
    return sum(server.process.cpu_times()[:2]) - before


@contextmanager
def watched_by(count: int, port: int, run_ids: Sequence[str]) -> Iterator[list[float]]:
    """Viewers in threads of their own; yields the growing list of the seconds each answer took."""
    latencies: list[float] = []
    end = threading.Event()
    threads = [
        threading.Thread(target=_watch, args=(port, run_ids, latencies, end, i / count), daemon=True)
        for i in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        yield latencies
    finally:
        end.set()
        for thread in threads:
            thread.join()


def _watch(
    port: int, run_ids: Sequence[str], latencies: list[float], end: threading.Event, phase: float
) -> None:
    viewer = Viewer(port, run_ids)
    pause = phase * SECONDS_BETWEEN_ANSWERS  # pages are opened at different moments
    while not end.wait(pause):
        spent = [viewer.ask(run_id)[1] for run_id in run_ids]
        latencies.extend(spent)
        pause = max(SECONDS_BETWEEN_ANSWERS - sum(spent), 0.0)
    viewer.close()
