"""The pool of analysts: hands questions out, keeps equal ones to one computation, and says how far they are.

Never waits unless told to, and never raises for what an analyst does: a page asks again in half a second.
A question that no page asks about any more is dropped. No torch.
"""

import os
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from resnet_core.analyst.analyst import Analyst, AnalystEnded
from resnet_core.analyst.answers import FOLDER, answer_file, drop_oldest, is_writable, read_answer
from resnet_core.findings import Finding
from resnet_core.questions import Question
from resnet_core.runs.store import RunStore, StoreError

MAX_WAITING = 256
MAX_REMEMBERED = 512  # answers in memory, and failures
SECONDS_OF_INTEREST = 5.0  # a page asks every half second; who stops asking has left
SECONDS_OF_IDLENESS = 900.0  # then an analyst gives its memory back
SECONDS_TO_ANSWER = 120.0


class Reply(NamedTuple):
    """How far a question is. `place` 1 is the next in the queue; `share` of the work that is done."""

    state: Literal["answered", "working", "waiting", "failed"]
    finding: Finding | None = None
    place: int = 0
    share: float = 0.0
    problem: str = ""


@dataclass
class _Job:
    question: Question
    file: Path
    store: RunStore
    wanted: float = field(default_factory=time.monotonic)
    share: float = 0.0
    is_running: bool = False


class Analysts:
    """Answers about the runs of `stores`, the first of which takes the answers about initial values."""

    def __init__(self, stores: Sequence[RunStore], count: int | None = None):
        self._stores, self._count = tuple(stores), count_analysts() if count is None else count
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._found: OrderedDict[str, Finding] = OrderedDict()
        self._failed: OrderedDict[str, str] = OrderedDict()
        self._change = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._analysts: set[Analyst] = set()
        self._is_closed = False
        self._scratch: tempfile.TemporaryDirectory | None = None

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """How far each question is; new ones begin to be worked on."""
        return [self._ask(question) for question in questions]

    def wait(self, questions: Sequence[Question], seconds: float) -> list[Reply]:
        """The same, after at most `seconds` in which answers may come."""
        end = time.monotonic() + seconds
        replies = self.ask(questions)
        while any(reply.state in ("waiting", "working") for reply in replies):
            with self._change:
                if not self._change.wait(max(end - time.monotonic(), 0)):
                    return self.ask(questions)
            replies = self.ask(questions)
        return replies

    def forget_failures(self) -> None:
        """What failed may be tried again."""
        with self._change:
            self._failed.clear()

    def close(self) -> None:
        """Ends all analysts."""
        with self._change:
            self._is_closed = True
            self._change.notify_all()
        for analyst in list(self._analysts):
            analyst.end()
        if self._scratch is not None:
            self._scratch.cleanup()

    # asking

    def _ask(self, question: Question) -> Reply:
        key = question.key
        with self._change:
            known = self._known(key)
        if known is not None:
            return known
        try:
            store = self._store_of(question)
            file = self._file(store, question)
        except StoreError as error:
            return Reply("failed", problem=str(error))
        finding = read_answer(file, question)
        with self._change:
            if finding is not None:
                _remember(self._found, key, finding)
                return Reply("answered", finding)
            return self._known(key) or self._queue(key, _Job(question, file, store))

    def _known(self, key: str) -> Reply | None:
        if key in self._found:
            self._found.move_to_end(key)
            return Reply("answered", self._found[key])
        if key in self._failed:
            return Reply("failed", problem=self._failed[key])
        if key not in self._jobs:
            return None
        job = self._jobs[key]
        job.wanted = time.monotonic()
        if job.is_running:
            return Reply("working", share=job.share)
        waiting = [other for other, its_job in self._jobs.items() if not its_job.is_running]
        return Reply("waiting", place=waiting.index(key) + 1)

    def _queue(self, key: str, job: _Job) -> Reply:
        if len(self._jobs) >= MAX_WAITING:
            return Reply("failed", problem=f"{MAX_WAITING} questions are waiting already; ask again later")
        self._jobs[key] = job
        if len(self._threads) < min(self._count, len(self._jobs)):
            thread = threading.Thread(target=self._serve, name="analyst", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._change.notify_all()
        return self._known(key)

    def _store_of(self, question: Question) -> RunStore:
        if not question.run_id:
            return self._stores[0]
        for store in self._stores:
            if store.folder(question.run_id).is_dir():
                return store
        raise StoreError(f"there is no run {question.run_id} in the store of this machine")

    def _file(self, store: RunStore, question: Question) -> Path:
        """Where the answer is kept: in the store, or while the server lives where that cannot be written."""
        file = answer_file(store, question)
        if file.exists() or is_writable(file):
            return file
        with self._change:
            self._scratch = self._scratch or tempfile.TemporaryDirectory(prefix="resnet-lab-")
        return Path(self._scratch.name) / file.name

    # answering

    def _serve(self) -> None:
        """The life of one thread: an analyst, job after job, until nothing is asked for long."""
        analyst = Analyst(self._stores[0].root)
        self._analysts.add(analyst)
        try:
            while (key := self._next_job()) is not None:
                problem = self._work(analyst, self._jobs[key])
                with self._change:
                    job = self._jobs.pop(key)
                    finding = None if problem else read_answer(job.file, job.question)
                    if finding is not None:
                        _remember(self._found, key, finding)
                    else:
                        _remember(self._failed, key, problem or f"its answer {job.file} cannot be read")
                    self._change.notify_all()
        finally:
            with self._change:
                self._threads.remove(threading.current_thread())
                self._analysts.discard(analyst)
            analyst.end()

    def _next_job(self) -> str | None:
        end = time.monotonic() + SECONDS_OF_IDLENESS
        with self._change:
            while not self._is_closed and time.monotonic() < end:
                self._drop_unwanted()
                for key, job in self._jobs.items():
                    if not job.is_running:
                        job.is_running = True
                        return key
                self._change.wait(end - time.monotonic())
        return None

    def _drop_unwanted(self) -> None:
        since = time.monotonic() - SECONDS_OF_INTEREST
        for key in [k for k, job in self._jobs.items() if not job.is_running and job.wanted < since]:
            del self._jobs[key]

    def _work(self, analyst: Analyst, job: _Job) -> str:
        """Has a job done; returns what went wrong, in a sentence."""

        def report(share: float) -> None:
            job.share = share

        question = job.question
        try:
            weights = job.store.weights_file(question.run_id, question.step) if question.run_id else None
            problem = analyst.answer(question, weights, job.file, report, SECONDS_TO_ANSWER)
            if job.file.parent == job.store.root / FOLDER:
                drop_oldest(job.file.parent)
        except (AnalystEnded, StoreError, OSError) as error:
            return str(error)
        return problem


def _remember(where: OrderedDict, key: str, value: object) -> None:
    where[key] = value
    while len(where) > MAX_REMEMBERED:
        where.popitem(last=False)


def count_analysts() -> int:
    """`RESNET_LAB_ANALYSTS`, or one a core up to two."""
    chosen = os.environ.get("RESNET_LAB_ANALYSTS", "")
    return min(max(int(chosen), 1), 16) if chosen.isdecimal() else min(os.cpu_count() or 1, 2)
