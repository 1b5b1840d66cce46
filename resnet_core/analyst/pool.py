"""The pool of analysts: hands questions out, keeps equal ones to one computation, and says how far they are.

Never waits unless told to, and never raises for what an analyst does: a page asks again in half a second.
A question that no page asks about any more is dropped. For any number of threads. No torch.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from pathlib import Path
from typing import Literal, NamedTuple

from resnet_core.analyst.analyst import COMMAND, Analyst, Died, Order, Unanswered, count_analysts
from resnet_core.analyst.answers import read_answer
from resnet_core.analyst.inputs import UPLOAD, question_about_file, upload_before, weights_of
from resnet_core.analyst.places import Places
from resnet_core.analyst.remembered import Remembered
from resnet_core.findings import Finding
from resnet_core.questions import INSTRUMENTS, Question
from resnet_core.runs.store import RunStore, StoreError
from resnet_core.uploads.bounds import GONE

LOG = "analyst.log"  # in the store: what analysts print, and tracebacks
MAX_WAITING = 256
MAX_FAILURES = 512
MAX_PENDING = 16  # visitors' files on disk that are not decoded yet
SECONDS_OF_INTEREST = 5.0  # a page asks every half second; who stops asking has left
SECONDS_BETWEEN_LOOKS = 1.0  # of who waits, so that it stays interested
SECONDS_OF_A_LACK = 5.0  # weights that are not there may be there later
SECONDS_OF_IDLENESS = 900.0  # then an analyst gives its memory back
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
    pending: Path | None = None  # a visitor's file as it came, which is there no longer than this is

    @cached_property
    def upload(self) -> Question | None:
        return upload_before(self.question)

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
        self._places, self._first_store = Places(stores), stores[0]
        self._count, self._command = count_analysts() if count is None else count, command
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._found, self._failed = Remembered(), OrderedDict[str, _Failure]()
        self._analysts: dict[threading.Thread, Analyst] = {}
        self._change, self._ended_jobs = threading.Condition(), 0
        self._taking = threading.Lock()
        self._is_closed = False

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

    def take_file(self, data: bytes) -> Question:
        """Begins to decode a visitor's picture; returns the question about it, for `ask`.

        The bytes lie in a private folder until that question is answered, has failed or is dropped. Raises
        ValueError, a sentence for people, where there are too many of them, or files that wait.
        """
        asked = question_about_file(data)
        with self._taking:  # one after the other: equal ones are written once
            if self._looked_up(asked) is None:
                self._queue_file(asked, data)
        return asked

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
        self._places.clear()

    # asking

    def _ask(self, question: Question) -> Reply:
        try:
            reply = self._looked_up(question)
            if reply is not None:
                return reply
            store, is_there = self._places.store_of(question), self._has_picture(question)
        except StoreError as error:
            return Reply("failed", problem=str(error))
        with self._change:
            known = self._known(question.key)
            if known is None and not is_there:
                return Reply("failed", problem=GONE)
            return known or self._queue(question.key, _Job(question, store))

    def _looked_up(self, question: Question) -> Reply | None:
        with self._change:
            known = self._known(question.key)
        if known is not None:
            return known
        finding = self._places.kept(question)
        with self._change:
            if finding is not None:
                self._found.put(question.key, finding)
            return self._known(question.key)

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

    def _drop_unwanted(self) -> None:
        since = time.monotonic() - SECONDS_OF_INTEREST
        for key in [k for k, job in self._jobs.items() if not job.is_running and job.wanted < since]:
            self._end_job(key)

    # visitors' files

    def _queue_file(self, asked: Question, data: bytes) -> None:
        with self._change:
            if self._is_closed:
                raise ValueError("the server is ending")
            self._drop_unwanted()
            if sum(job.pending is not None for job in self._jobs.values()) >= MAX_PENDING:
                raise ValueError(f"{MAX_PENDING} pictures wait to be decoded; choose the file again later")
        job = _Job(asked, self._first_store, pending=self._places.write_pending(data))
        with self._change:
            reply = self._queue(asked.key, job)
            if reply.state == "failed":
                job.pending.unlink(missing_ok=True)  # the server may have ended
                raise ValueError(reply.problem)

    def _has_picture(self, question: Question) -> bool:
        """Whether the visitor's picture that a question is about, if any, is here or is being decoded."""
        before = upload_before(question)
        if before is None:
            return question.instrument != UPLOAD
        with self._change:
            is_coming = before.key in self._jobs
        return is_coming or self._places.kept_file(before) is not None

    def _end_job(self, key: str) -> None:
        job = self._jobs.pop(key, None)
        if job is not None and job.pending is not None:
            job.pending.unlink(missing_ok=True)

    # answering

    def _hire(self) -> None:
        log_file = None if self._first_store.read_only_because else self._first_store.root / LOG
        analyst = Analyst(self._command, log_file)
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
                    is_early = job.upload is not None and job.upload.key in self._jobs
                    if not (job.is_running or is_early):
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
            picture = self._places.kept_file(job.upload) if job.upload else job.pending
            if job.upload and picture is None:
                return _Failure(GONE, -inf)
            weights, files = weights_of(job.store, question), self._places.for_answer(job.store, question)
            order = Order(question, weights, picture, files)
            file = analyst.answer(order, job.report, INSTRUMENTS[question.instrument].seconds)
            finding = read_answer(file, question)
            return _Failure(f"the answer {file} cannot be read") if finding is None else finding
        except StoreError as error:
            return _Failure(str(error), time.monotonic() + SECONDS_OF_A_LACK)
        except Unanswered as error:
            can_be_given_again = isinstance(error, Died) and job.pending is not None
            return _Failure(str(error), time.monotonic() + SECONDS_OF_A_LACK if can_be_given_again else inf)
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
            self._end_job(key)
            self._note_end()

    def _note_end(self) -> None:
        self._ended_jobs += 1
        self._change.notify_all()
