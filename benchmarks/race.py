"""A two-arm race in two parallel single-thread processes against the same two runs, one after the other.

Each of the successive runs has two threads. Both ways train the default race, probes on, in warm processes.
Turns are a time and not a number of steps: two threads that lose a processor to somebody else wait for each
other at every operation, and a step may take a hundred times as long.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.settings import QUICK, endless_run
from benchmarks.table import Row
from benchmarks.turns import MIN_ROUNDS, middle
from resnet_core.config import RunConfig

BOUND = 1.25
SECONDS = 50
SECONDS_A_TURN = 1.5
ROOT = Path(__file__).resolve().parents[1]
ARMS = tuple(endless_run(skip=skip) for skip in ("none", "identity"))


class ArmProcess:
    """A warm process that trains for as long as it is told to."""

    def __init__(self, config: RunConfig):
        command = [sys.executable, "-m", "benchmarks.arm", config.to_json()]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, bufsize=1)

    def start(self, seconds: float) -> None:
        self.process.stdin.write(f"{seconds}\n")

    def seconds_per_step(self) -> float:
        """Waits for the turn to end."""
        if not (answer := self.process.stdout.readline()):
            raise RuntimeError(f"an arm of the race ended with exit code {self.process.wait()}")
        return float(answer)

    def end(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()
        self.process.wait()


def measure(quick: bool = False) -> list[Row]:
    return [compare(ARMS, SECONDS * QUICK, SECONDS_A_TURN / 2) if quick else compare(ARMS, SECONDS)]


def compare(arms: Sequence[RunConfig], seconds: float, turn: float = SECONDS_A_TURN) -> Row:
    """Samples a second of the race over those of its arms one after the other."""
    gains = []
    with arm_processes(arms, threads=1) as parallel, arm_processes(arms, threads=2) as successive:
        for arm in (*parallel, *successive):
            arm.seconds_per_step()  # the first ones, which warm it up
        end = time.perf_counter() + seconds
        while len(gains) < MIN_ROUNDS or time.perf_counter() < end:
            gains.append(succession(successive, turn) / race(parallel, turn))
    found, first = middle(gains), arms[0]
    return Row(
        "samples/s of the two-arm race / its runs one after the other, two threads each",
        found.median,
        "x",
        found.half,
        BOUND,
        "higher",
        f"depth {first.model.depth}, width {first.model.width}, batch {first.training.batch}, all probes on; "
        f"{len(gains)} rounds of {turn:.1f} s a turn. What else runs slows two threads more.",
    )


def race(arms: Sequence[ArmProcess], turn: float) -> float:
    """Seconds for one step of every arm, side by side: those of the slowest."""
    for arm in arms:
        arm.start(turn)
    return max([arm.seconds_per_step() for arm in arms])


def succession(arms: Sequence[ArmProcess], turn: float) -> float:
    """Seconds for one step of every arm, one after the other."""
    total = 0.0
    for arm in arms:
        arm.start(turn)
        total += arm.seconds_per_step()
    return total


@contextmanager
def arm_processes(arms: Sequence[RunConfig], threads: int) -> Iterator[list[ArmProcess]]:
    """One process for each arm, gone afterwards."""
    with ExitStack() as ends:
        processes = []
        for arm in arms:
            training = arm.training.model_copy(update={"threads": threads})
            processes.append(ArmProcess(arm.model_copy(update={"training": training})))
            ends.callback(processes[-1].end)
        yield processes
