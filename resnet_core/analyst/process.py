"""The process of an analyst: reads a question a line, answers into a file, says a line how it went.

One line of JSON each way. To it: the question, the weights or the visitor's picture that it is about, and the
files one of which is to take the answer. From it: {"ready": true} when it has started, and to each question
{"share": how far it is}, then {"file": which one} or {"problem": a sentence for people}.

It computes as a run with these settings does, with as many CPU threads, so that numbers that both have are
equal bit for bit where both have the same device.
"""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import psutil
import torch

from resnet_core.analyst.answers import drop_oldest, write_answer
from resnet_core.analyst.pipes import trim_log
from resnet_core.config import DataConfig, RunConfig
from resnet_core.cost import PROCESS_BYTES, memory_bytes
from resnet_core.data.sets import ImageSet, load_images
from resnet_core.device import make_deterministic, pick_device
from resnet_core.findings import Finding
from resnet_core.instruments import answer
from resnet_core.questions import INSTRUMENTS, Question, question, question_from_json
from resnet_core.runs.durable import check_free_space

SMALLEST_REPORT = 0.01  # share of the work
log = logging.getLogger(__name__)


def be_analyst(orders: Iterable[bytes], replies: TextIO) -> None:
    """Answers until `orders` ends."""
    sets = Sets()
    _rehearse(sets)
    _say(replies, ready=True)
    for line in orders:
        _say(replies, **_outcome(json.loads(line), sets, _Reporter(replies)))
        trim_log()


class Sets:
    """The picture set that was asked for last: questions about one set come together."""

    def __init__(self) -> None:
        self._data: DataConfig | None = None
        self._images: ImageSet | None = None

    def of(self, data: DataConfig) -> ImageSet:
        wanted = data.model_copy(update={"augment": False})
        if self._images is None or self._data != wanted:
            self._images = self._data = None  # before the next one is there: large ones are 600 MB
            self._images, self._data = load_images(data, pick_device()), wanted
        return self._images


class _Reporter:
    """Passes on how far an answer is, a hundred times at most."""

    def __init__(self, replies: TextIO):
        self._replies, self._said = replies, 0.0

    def __call__(self, share: float) -> None:
        if share >= self._said + SMALLEST_REPORT:
            self._said = share
            _say(self._replies, share=share)


def _rehearse(sets: Sets) -> None:
    """What takes long the first time is done before anyone asks."""
    asked = question("profile", RunConfig.model_validate({"model": {"depth": 8}}))
    try:
        _finding(asked, sets, lambda share: None)
    except Exception:  # the first question will say so
        log.exception("the rehearsal went wrong")


def _outcome(order: dict, sets: Sets, report: Callable[[float], None]) -> dict[str, str]:
    try:
        asked = question_from_json(order["question"])
        weights, file = (Path(order[name]) if order[name] else None for name in ("weights", "file"))
        finding = _finding(asked, sets, report, weights=weights, file=file)
        return {"file": str(_kept(finding, [Path(file) for file in order["files"]]))}
    except ValueError as error:  # has a sentence for people
        return {"problem": str(error)}
    except Exception as error:
        log.exception("a question could not be answered: %s", order)
        is_memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
        what = "there was not enough memory" if is_memory else f"{type(error).__name__}: {error}"
        return {"problem": f"the answer could not be computed: {what}"}


def _finding(
    asked: Question,
    sets: Sets,
    report: Callable[[float], None],
    *,
    weights: Path | None = None,
    file: Path | None = None,
) -> Finding:
    make_deterministic(asked.config.training.threads)
    images = None
    if INSTRUMENTS[asked.instrument].needs_network:
        _check_memory(asked.config)
        images = sets.of(asked.config.data)
    return answer(asked, weights, images, report, file)


def _check_memory(config: RunConfig) -> None:
    needed = memory_bytes(config) - PROCESS_BYTES  # which is there already
    there = psutil.virtual_memory().available
    if needed > there:
        raise ValueError(
            f"this would need about {needed / 1e9:.1f} GB of memory and {there / 1e9:.1f} GB is free; "
            "choose a smaller batch, depth, width or image side"
        )


def _kept(finding: Finding, files: Sequence[Path]) -> Path:
    """Writes to the first file that can be written; the last one need not leave the reserve of the disk."""
    for file in files[:-1]:
        with suppress(OSError):
            check_free_space(file.parent.parent)
            return _written(finding, file)
    try:
        return _written(finding, files[-1])
    except OSError as error:
        raise ValueError(f"the answer cannot be kept: {error.strerror or error}") from error


def _written(finding: Finding, file: Path) -> Path:
    write_answer(file, finding)
    with suppress(OSError):
        drop_oldest(file.parent)
    return file


def _say(replies: TextIO, **said: object) -> None:
    print(json.dumps(said), file=replies, flush=True)
