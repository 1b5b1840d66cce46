"""Analysts that answer at once from what a test has prepared: no processes, no torch."""

from collections.abc import Callable, Sequence

from resnet_core.analyst.pool import Reply
from resnet_core.findings import Finding
from resnet_core.questions import Question

Prepared = Finding | str | None  # str: a sentence of what went wrong; None: not known yet


class PreparedAnalysts:
    """`asked` has every question, in order."""

    def __init__(self, prepare: Callable[[Question], Prepared]):
        self._prepare = prepare
        self.asked: list[Question] = []

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        self.asked += questions
        return [self._reply(question) for question in questions]

    def wait(self, questions: Sequence[Question], seconds: float) -> list[Reply]:
        return self.ask(questions)

    def prepare(self) -> None:
        pass

    def forget_failures(self) -> None:
        pass

    def _reply(self, question: Question) -> Reply:
        found = self._prepare(question)
        if isinstance(found, str):
            return Reply("failed", problem=found)
        return Reply("working", share=0.5) if found is None else Reply("answered", found)


def answer_with(monkeypatch, prepare: Callable[[Question], Prepared]) -> PreparedAnalysts:
    """Puts them in the place of the analysts of the app."""
    analysts = PreparedAnalysts(prepare)
    monkeypatch.setattr("app.state.analysts", lambda: analysts)
    return analysts
