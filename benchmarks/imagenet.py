"""What an ImageNet network's maps of all blocks take: seconds of the library, as the page asks for them."""

import tempfile
import time

import numpy as np

from benchmarks.table import Row
from resnet_core.analyst.pool import Analysts
from resnet_core.config import RunConfig
from resnet_core.questions import Question, question
from resnet_core.runs.store import RunStore

NETWORK, BOUND = "resnet50", 3.0
REPEATS = 5


def measure(quick: bool = False) -> list[Row]:
    """The first question makes the network; later ones, about other pictures, find it there."""
    repeats = 1 if quick else REPEATS
    with tempfile.TemporaryDirectory(prefix="resnet-lab-") as folder:
        analysts = Analysts([RunStore(folder)], count=1)
        try:
            _seconds(analysts, question("profile", RunConfig()))  # the analyst has started
            first = _seconds(analysts, _about(0))
            later = float(np.median([_seconds(analysts, _about(i + 1)) for i in range(repeats)]))
            both = _seconds(analysts, _about(repeats + 1, other=1))
        finally:
            analysts.close()
    note = f"median of {repeats} pictures; of two classes {both:.2f} s; random weights, on the CPU."
    what = "maps of all blocks of ResNet-50 at 224 pixels, from asking to finding"
    return [
        Row(f"{what}, another picture", later, " s", bound=BOUND, note=note),
        Row(f"{what}, the first question, which reads torchvision and makes the network", first, " s"),
    ]


def _about(picture: int, **more: int) -> Question:
    options = {"network": NETWORK, "picture": f"shapes:{picture}", **more}
    return question("imagenet-maps", RunConfig(), options=options)


def _seconds(analysts: Analysts, asked: Question) -> float:
    start = time.perf_counter()
    while (reply := analysts.wait([asked], 1.0)[0]).state != "answered":
        assert reply.state != "failed", reply.problem
    return time.perf_counter() - start
