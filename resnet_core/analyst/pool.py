"""The pool of analysts: hands questions out, keeps equal ones to one computation, and says how far they are.

Never waits unless told to, and never raises for what an analyst does: a page asks again in half a second.
A question that no page asks about any more is dropped. For any number of threads. No torch.
"""

import logging
import os
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Literal, NamedTuple

from resnet_core.analyst.analyst import COMMAND, Analyst, Unanswered
from resnet_core.analyst.answers import FOLDER, answer_file, read_answer
from resnet_core.analyst.remembered import Remembered
from resnet_core.findings import Finding
from resnet_core.questions import Question
from resnet_core.runs.store import RunStore, StoreError

LOG = "analyst.log"  # in the store: what analysts print, and tracebacks
MAX_WAITING = 256
MAX_FAILURES = 512
SECONDS_OF_INTEREST = 5.0  # a page asks every half second; who stops asking has left
SECONDS_BETWEEN_LOOKS = 1.0  # of who waits, so that it stays interested
SECONDS_OF_A_LACK = 5.0  # weights that are not there may be there later
SECONDS_OF_IDLENESS = 900.0  # then an analyst gives its memory back
SECONDS_TO_ANSWER = 120.0
SECONDS_TO_END = 5.0
log = logging.getLogger(__name__)


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
    store: RunStore
    wanted: float = field(default_factory=time.monotonic)
    share: float = 0.0
    is_running: bool = False

    def report(self, share: float) -> None:
        self.share = share


class _Failure(NamedTuple):
    problem: str
    until: float = inf


class Analysts:
    """Answers about the runs of `stores`, the first of which takes the answers about initial values."""

    def __init__(
        self, stores: Sequence[RunStore], count: int | None = None, command: Sequence[str] = COMMAND
    ):
        self._stores, self._count = tuple(stores), count_analysts() if count is None else count
        self._command = command
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._found, self._failed = Remembered(), OrderedDict[str, _Failure]()
        self._analysts: dict[threading.Thread, Analyst] = {}
        self._change, self._ended_jobs = threading.Condition(), 0
        self._is_closed = False
        self._scratch: tempfile.TemporaryDirectory | None = None

    def prepare(self) -> None:
        """Lets one analyst start if there is none: the first answer then comes seconds sooner."""
        with self._change:
            if not self._analysts and not self._is_closed:
                self._hire()

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """How far each question is; new ones begin to be worked on."""
        return [self._ask(question) for question in questions]

    def wait(self, questions: Sequence[Question], seconds: float) -> list[Reply]:
        """The same, after at most `seconds` in which answers may come."""
        end = time.monotonic() + seconds
        while True:
            ended = self._ended_jobs  # before asking: what ends between asking and waiting counts
            replies = self.ask(questions)
            left = end - time.monotonic()
            if left <= 0 or not any(reply.state in ("waiting", "working") for reply in replies):
                return replies
            with self._change:
                pause = min(left, SECONDS_BETWEEN_LOOKS)
                self._change.wait_for(lambda ended=ended: self._ended_jobs != ended, pause)

    def forget_failures(self) -> None:
        """What failed may be tried again."""
        with self._change:
            self._failed.clear()

    def close(self) -> None:
        """Ends all analysts, whatever they are doing. What is asked afterwards fails, unless it is known."""
        with self._change:
            self._is_closed = True
            self._jobs.clear()
            analysts = dict(self._analysts)
            self._note_end()
        for analyst in analysts.values():
            analyst.kill()
        for thread in analysts:
            thread.join(SECONDS_TO_END)
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
            finding = self._kept(store, question)
        except StoreError as error:
            return Reply("failed", problem=str(error))
        with self._change:
            if finding is not None:
                self._found.put(key, finding)
            return self._known(key) or self._queue(key, _Job(question, store))

    def _known(self, key: str) -> Reply | None:
        finding, failure, job = self._found.get(key), self._failed.get(key), self._jobs.get(key)
        if finding is not None:
            return Reply("answered", finding)
        if failure is not None and time.monotonic() < failure.until:
            return Reply("failed", problem=failure.problem)
        if job is None:
            return None
        job.wanted = time.monotonic()
        if job.is_running:
            return Reply("working", share=job.share)
        waiting = [other for other, its_job in self._jobs.items() if not its_job.is_running]
        return Reply("waiting", place=waiting.index(key) + 1)

    def _queue(self, key: str, job: _Job) -> Reply | None:
        if self._is_closed:
            return Reply("failed", problem="the server is ending")
        self._drop_unwanted()
        if len(self._jobs) >= MAX_WAITING:
            return Reply("failed", problem=f"{MAX_WAITING} questions are waiting already; ask again later")
        if len(self._analysts) < min(self._count, len(self._jobs) + 1):
            self._hire()
        self._jobs[key] = job
        self._change.notify_all()
        return self._known(key)

    def _store_of(self, question: Question) -> RunStore:
        if not question.run_id:
            return self._stores[0]
        for store in self._stores:
            if store.folder(question.run_id).is_dir():
                return store
        raise StoreError(f"there is no run {question.run_id} in the store of this machine")

    def _kept(self, store: RunStore, question: Question) -> Finding | None:
        """What lies in the scratch folder is newer: it was put there when the store could not take it."""
        stores = [store] if question.run_id else self._stores
        files = [answer_file(place, question) for place in stores]
        if self._scratch is not None:
            files.insert(0, Path(self._scratch.name) / FOLDER / files[0].name)
        findings = (read_answer(file, question) for file in files)
        return next((finding for finding in findings if finding is not None), None)

    def _drop_unwanted(self) -> None:
        since = time.monotonic() - SECONDS_OF_INTEREST
        for key in [k for k, job in self._jobs.items() if not job.is_running and job.wanted < since]:
            del self._jobs[key]

    # answering

    def _hire(self) -> None:
        store = self._stores[0]
        analyst = Analyst(self._command, None if store.read_only_because else store.root / LOG)
        thread = threading.Thread(target=self._serve, args=(analyst,), name="analyst", daemon=True)
        thread.start()
        self._analysts[thread] = analyst

    def _serve(self, analyst: Analyst) -> None:
        """The life of one thread: an analyst, job after job, until nothing is asked for long."""
        try:
            with suppress(Unanswered):  # the first question will say so
                analyst.start()
            while (taken := self._next_job()) is not None:
                self._keep(taken[0], self._outcome(analyst, taken[1]))
        finally:
            analyst.end()

    def _next_job(self) -> tuple[str, _Job] | None:
        """A question that waits; None when this thread has left the pool: nothing was asked for long."""
        end = time.monotonic() + SECONDS_OF_IDLENESS
        with self._change:
            while not self._is_closed:
                self._drop_unwanted()
                for key, job in self._jobs.items():
                    if not job.is_running:
                        job.is_running = True
                        return key, job
                if time.monotonic() >= end:
                    break
                self._change.wait(max(end - time.monotonic(), 0))
            # Under the same lock as the last look: who asks from now on sees that this thread is gone.
            del self._analysts[threading.current_thread()]
        return None

    def _outcome(self, analyst: Analyst, job: _Job) -> Finding | _Failure:
        question = job.question
        try:
            weights = _weights(job.store, question) if question.run_id else None
            file = analyst.answer(question, weights, self._files(job), job.report, SECONDS_TO_ANSWER)
            finding = read_answer(file, question)
            return _Failure(f"the answer {file} cannot be read") if finding is None else finding
        except StoreError as error:
            return _Failure(str(error), time.monotonic() + SECONDS_OF_A_LACK)
        except Unanswered as error:
            return _Failure(str(error))
        except Exception as error:
            log.exception("a question was not answered: %s", question.to_json())
            return _Failure(f"the answer could not be computed: {type(error).__name__}: {error}")

    def _keep(self, key: str, outcome: Finding | _Failure) -> None:
        with self._change:
            if isinstance(outcome, _Failure):
                self._failed[key] = outcome
                while len(self._failed) > MAX_FAILURES:
                    self._failed.popitem(last=False)
            else:
                self._found.put(key, outcome)
            self._jobs.pop(key, None)
            self._note_end()

    def _note_end(self) -> None:
        self._ended_jobs += 1
        self._change.notify_all()

    def _files(self, job: _Job) -> list[Path]:
        """Where the answer may go, best first: an answer that the store cannot take still is one."""
        file = answer_file(job.store, job.question)
        with self._change, suppress(OSError):
            self._scratch = self._scratch or tempfile.TemporaryDirectory(prefix="resnet-lab-")
        spare = [Path(self._scratch.name) / FOLDER / file.name] if self._scratch else []
        return spare if job.store.read_only_because else [file, *spare]


def _weights(store: RunStore, question: Question) -> Path:
    if store.run(question.run_id).config.model != question.config.model:
        raise StoreError(f"run {question.run_id} has trained a network of other settings")
    if store.read_only_because and not store.checkpoints(question.run_id):
        raise StoreError(
            f"the recording {question.run_id} comes without its weights; only what was measured before that "
            "can be shown"
        )
    try:
        return store.weights_file(question.run_id, question.step)
    except OSError as error:  # deleted at this moment
        raise StoreError(f"the weights of run {question.run_id} cannot be read: {error.strerror}") from error


def count_analysts() -> int:
    """`RESNET_LAB_ANALYSTS`, or one a core up to two."""
    chosen = os.environ.get("RESNET_LAB_ANALYSTS", "")
    return min(max(int(chosen), 1), 16) if chosen.isdecimal() else min(os.cpu_count() or 1, 2)
