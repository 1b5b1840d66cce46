"""Memory of each kind of process: the server with a page open, a worker, a spare that waits, an analyst."""

import tempfile

import psutil

from benchmarks.live_server import LiveServer, live_server
from benchmarks.page import open_page
from benchmarks.table import Row
from resnet_core.analyst.pool import Analysts
from resnet_core.config import from_flat
from resnet_core.questions import question
from resnet_core.runs.store import RunStore

MEGABYTE = 1e6
STEPS_TO_SETTLE = 20
SPARES = 2


def measure(quick: bool = False) -> list[Row]:
    with live_server(RESNET_LAB_SPARES=str(SPARES)) as server:
        spare = resident(server.wait_for_spares(SPARES)[0])
        with open_page(server.port):
            worker = working_memory(server, STEPS_TO_SETTLE // (4 if quick else 1))
            web = resident(server.process)
    note = "resident memory; in parentheses what the process shares with no other."
    return [
        row("web process, a page open, a race going on", web, note),
        row("worker training an arm of the default race", worker, note),
        row("spare process that waits", spare, note),
        row("analyst that has answered about a network of depth 56", analyst_memory(), note),
    ]


def analyst_memory() -> tuple[float, float]:
    """Of the process that answers the questions of the pages."""
    before = set(psutil.Process().children())
    with tempfile.TemporaryDirectory(prefix="resnet-lab-") as folder:
        analysts = Analysts([RunStore(folder)], count=1)
        try:
            asked = [question("profile", from_flat({"depth": 56}))]
            while analysts.wait(asked, 1.0)[0].state != "answered":
                pass
            (process,) = set(psutil.Process().children()) - before
            return resident(process)
        finally:
            analysts.close()


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
