"""From Train to the first point: the race enters the queue, and every arm's first row comes over the wire."""

import time

from benchmarks.live_server import LiveServer, live_server
from benchmarks.table import Row
from benchmarks.turns import middle
from benchmarks.viewer import Viewer
from resnet_core.runs.admission import count_slots

BOUND = 3.0  # seconds
REPEATS = 3
SECONDS_BETWEEN_LOOKS = 0.02
SPARES = 2


def measure(quick: bool = False) -> list[Row]:
    repeats = 1 if quick else REPEATS
    return [warm(repeats), cold(repeats)]


def warm(repeats: int) -> Row:
    """With spare processes that wait, as a moment after the start of the app."""
    with live_server(RESNET_LAB_SPARES=str(SPARES)) as server:
        times = []
        for _ in range(repeats):
            server.wait_for_spares(SPARES)
            times.append(seconds_to_first_points(server))
            server.stop_races()
    found = middle(times)
    note = f"the default race, until both arms have a row; {repeats} times with {count_slots()} slots."
    return Row("Train to first point, warm spares", found.median, " s", found.half, BOUND, note=note)


def cold(repeats: int) -> Row:
    """Without spares: each worker has torch to import first."""
    with live_server(RESNET_LAB_SPARES="0") as server:
        times = []
        for _ in range(repeats):
            times.append(seconds_to_first_points(server))
            server.stop_races()
    found = middle(times)
    note = "cold means RESNET_LAB_SPARES=0: no process waits, and each arm imports torch first."
    return Row("Train to first point, cold", found.median, " s", found.half, note=note)


def seconds_to_first_points(server: LiveServer) -> float:
    """Starts the race and asks for it until every arm has shown a row."""
    start = time.perf_counter()
    race = server.start_race()
    viewer = Viewer(server.port, [run.id for run in race])
    missing = [run.id for run in race]
    while missing:
        missing = [run_id for run_id in missing if viewer.ask(run_id)[0] == 0]
        time.sleep(SECONDS_BETWEEN_LOOKS if missing else 0)
        if time.perf_counter() - start > 120:
            raise TimeoutError("no first point within 120 s")
    viewer.close()
    return time.perf_counter() - start
