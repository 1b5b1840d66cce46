"""The process of an analyst: reads a question a line, answers into a file, says a line how it went.

One line of JSON each way. To it: the question, the weights it is about, the file for the answer. From it:
{"share": how far it is}, then {"done"} or {"problem": a sentence for people}. The end of stdin ends it.
"""

import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import torch

from resnet_core.analyst.answers import write_answer
from resnet_core.config import DataConfig
from resnet_core.data.sets import ImageSet, load_images
from resnet_core.device import make_deterministic, pick_device
from resnet_core.instruments import answer
from resnet_core.questions import question_from_json

NICENESS = 5  # training comes first


def be_analyst(orders: TextIO = sys.stdin, replies: TextIO = sys.stdout) -> None:
    """Answers until `orders` ends."""
    _step_back()
    make_deterministic(threads=1)
    sets = Sets()
    for line in orders:
        for said in _answered(json.loads(line), sets, replies):
            _say(replies, **said)


class Sets:
    """The picture set that was asked for last: questions about one set come together."""

    def __init__(self) -> None:
        self._data: DataConfig | None = None
        self._images: ImageSet | None = None

    def of(self, data: DataConfig) -> ImageSet:
        wanted = data.model_copy(update={"augment": False})
        if self._images is None or self._data != wanted:
            self._images, self._data = load_images(data, pick_device()), wanted
        return self._images


def _answered(order: dict, sets: Sets, replies: TextIO) -> Iterator[dict]:
    try:
        question = question_from_json(json.dumps(order["question"]))
        weights = Path(order["weights"]) if order["weights"] else None
        images = sets.of(question.config.data)
        finding = answer(question, weights, images, lambda share: _say(replies, share=share))
        write_answer(Path(order["file"]), finding)
    except (ValueError, OSError) as error:  # has a sentence for people
        yield {"problem": str(error)}
    except (RuntimeError, MemoryError, LookupError, ArithmeticError, TypeError, AttributeError) as error:
        traceback.print_exc()
        is_memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
        what = "there was not enough memory" if is_memory else f"{type(error).__name__}: {error}"
        yield {"problem": f"the answer could not be computed: {what}"}
    else:
        yield {"done": True}


def _say(replies: TextIO, **said: object) -> None:
    print(json.dumps(said), file=replies, flush=True)


def _step_back() -> None:
    """Training comes first; and when memory runs out, the kernel should take an analyst before a server."""
    with suppress(OSError, AttributeError):
        os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900")
