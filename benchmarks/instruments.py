"""What the instruments take, as a page asks them: seconds of the library's functions and of the analysts."""

import tempfile
import time
from collections.abc import Callable

import numpy as np

from benchmarks.table import Row
from resnet_core.analyst.pool import Analysts
from resnet_core.config import RunConfig, from_flat
from resnet_core.data.sets import load_images
from resnet_core.device import make_deterministic, pick_device
from resnet_core.instruments import answer
from resnet_core.questions import Question, question
from resnet_core.runs.store import RunStore

DEPTHS = (8, 14, 20, 32, 44, 56, 80, 110)
CELLS = tuple({"skip": skip, "norm": norm} for skip in ("none", "identity") for norm in ("batch", "none"))
FULL_WIDTH = {"width": 16}
REPEATS = 3
PROFILES_BOUND, PATHS_BOUND, SHATTERED_BOUND = 20.0, 20.0, 5.0


def measure(quick: bool = False) -> list[Row]:
    make_deterministic(threads=1)
    repeats = 1 if quick else REPEATS
    return [
        profiles(),
        path_lengths("default width 8", from_flat({"depth": 56}), repeats, PATHS_BOUND),
        path_lengths("width 16", from_flat({"depth": 56, **FULL_WIDTH}), 1),
        shattered(repeats),
    ]


def profiles() -> Row:
    """Untrained networks of every depth in the four cells, from the first question to the last answer."""
    configs = [from_flat({"depth": depth, **cell}) for depth in DEPTHS for cell in CELLS]
    questions = [question("profile", config) for config in configs]
    with tempfile.TemporaryDirectory(prefix="resnet-lab-") as folder:
        analysts = Analysts([RunStore(folder)])
        try:
            cold = _seconds(lambda: _all_answered(analysts, questions))
            again = [question("profile", c.model_copy(update={"seed": 1})) for c in configs]
            warm = _seconds(lambda: _all_answered(analysts, again))
            one = [question("profile", from_flat({"depth": 56, "seed": 2}))]
            single = _seconds(lambda: _all_answered(analysts, one))
        finally:
            analysts.close()
    what = f"profiles at initialisation, {len(DEPTHS)} depths x {len(CELLS)} cells, analysts cold"
    note = f"with warm analysts {warm:.1f} s, and one of depth 56 alone {1000 * single:.0f} ms"
    return Row(what, cold, " s", bound=PROFILES_BOUND, note=f"{note}; width 8, 16 pixels, batch 32.")


def path_lengths(size: str, config: RunConfig, repeats: int, bound: float | None = None) -> Row:
    """The exact spectrum and the sampled paths of ResNet-56's 27 blocks."""
    seconds, found = _timed(question("path-lengths", config), repeats)
    blocks, error = int(found.blocks), float(found.error)
    note = f"{size}: one thread, 16 pixels, batch 32; the sum is off by {error:.1e} of the whole (float32)."
    return Row(f"exact path spectrum of {blocks} blocks, {size}", seconds, " s", bound=bound, note=note)


def shattered(repeats: int) -> Row:
    """All that the page shows of shattered gradients: one network's line, the scalar networks, the laws."""
    config = from_flat({"depth": 56})
    parts = {name: _timed(question(name, config), repeats)[0]
             for name in ("shattered", "scalar-nets", "correlation-laws")}  # fmt: skip
    note = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts.items())
    return Row("shattered gradients, all three panels", sum(parts.values()), " s",
               bound=SHATTERED_BOUND, note=f"{note}; one thread.")  # fmt: skip


def _timed(asked: Question, repeats: int):
    """The median seconds of an answer, and the last one."""
    images = load_images(asked.config.data, pick_device())
    answers = []
    seconds = [_seconds(lambda: answers.append(answer(asked, images=images))) for _ in range(repeats)]
    return float(np.median(seconds)), answers[-1]


def _all_answered(analysts: Analysts, questions: list[Question]) -> None:
    while any(reply.state != "answered" for reply in analysts.wait(questions, 1.0)):
        pass


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
