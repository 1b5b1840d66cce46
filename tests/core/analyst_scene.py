"""A store with pools of analysts over it, whose processes compute nothing and answer all the same."""

import sys
import time
from pathlib import Path

import numpy as np

from resnet_core.analyst.answers import write_answer
from resnet_core.analyst.pool import Analysts
from resnet_core.config import from_flat
from resnet_core.findings import GradientNoise
from resnet_core.questions import Question, question
from resnet_core.runs.store import RunStore
from resnet_core.saliency_findings import Upload
from tests.core import pretended_analyst as seeds

FINDING = GradientNoise(*(np.arange(3.0) for _ in GradientNoise._fields))
PICTURE = Upload(np.full((2, 3, 3), 7, np.uint8), np.array("PNG"), np.array([3, 2]))
LONG = 60.0


def ask_about(seed: int = 0, **more: object) -> Question:
    return question("gradient-noise", from_flat({"depth": 8, "width": 2, "seed": seed}), **more)


class Scene:
    """A store and pools over it, all of which end with the test."""

    def __init__(self, folder: Path):
        self.folder, self.store, self.pools = folder, RunStore(folder / "store"), []
        write_answer(folder / "answer.npz", FINDING)
        write_answer(folder / "picture.npz", PICTURE)

    def pool(self, *stores: RunStore, count: int = 1) -> Analysts:
        command = [sys.executable, "-S", seeds.__file__, str(self.folder)]
        self.pools.append(Analysts(stores or [self.store], count, command))
        return self.pools[-1]

    def asked(self) -> list[int]:
        """The seeds that processes were asked about."""
        noted = self.folder / "asked"
        return [int(line) for line in noted.read_text().split()] if noted.exists() else []

    def given(self) -> list[str]:
        """The visitors' files that processes were given with each question, or nothing."""
        return (self.folder / "given").read_text().splitlines()

    def started(self) -> list[int]:
        return [int(file.suffix[1:]) for file in self.folder.glob("started.*")]


def until(condition, seconds: float = LONG):
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "waited too long"
        time.sleep(0.01)


def is_answered(reply) -> bool:
    return reply.state == "answered" and np.array_equal(reply.finding.layers, FINDING.layers)


# answers
