"""Memory of each kind of process: the server with a page open, a worker at work, a spare that waits."""

import psutil

from benchmarks.live_server import LiveServer, live_server
from benchmarks.page import open_page
from benchmarks.table import Row

MEGABYTE = 1e6
STEPS_TO_SETTLE = 20
SPARES = 2


def measure(quick: bool = False) -> list[Row]:
    with live_server(RESNET_LAB_SPARES=str(SPARES)) as server:
        spare = resident(server.wait_for_spares(SPARES)[0])
        with open_page(server.port):
            worker = working_memory(server, STEPS_TO_SETTLE // (4 if quick else 1))
            web = resident(server.process)
    note = (
        "resident memory; in parentheses what the process shares with no other. The analyst's place is held "
        "by the spare: a torch process with the bundled set loaded, which is what an analyst would be."
    )
    return [
        row("web process, a page open, a race going on", web, note),
        row("worker training an arm of the default race", worker, note),
        row("spare process that waits", spare, note),
    ]


def working_memory(server: LiveServer, steps: int) -> tuple[float, float]:
    """The larger of the two arms' workers, after some steps."""
    race = server.wait_until_training(server.start_race(), steps)
    return max(resident(psutil.Process(run.pid)) for run in race)


def resident(process: psutil.Process) -> tuple[float, float]:
    """Megabytes in memory, and those that no other process shares."""
    found = process.memory_full_info()
    return found.rss / MEGABYTE, found.uss / MEGABYTE


def row(what: str, megabytes: tuple[float, float], note: str) -> Row:
    return Row(f"{what} (own {megabytes[1]:.0f} MB)", megabytes[0], " MB", note=note)
