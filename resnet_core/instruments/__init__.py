"""What can be asked of a network: one instrument a file, tensors in and plain numbers out.

Each works on a network of its own and leaves every `.grad` as it was. `answer` finds the instrument that a
question names.
"""

from collections.abc import Callable
from pathlib import Path

from resnet_core.data.sets import ImageSet
from resnet_core.findings import Finding
from resnet_core.instruments.profile import profile
from resnet_core.instruments.subject import Subject, subject_of
from resnet_core.questions import Options, Question

__all__ = ["Subject", "answer", "subject_of"]

Report = Callable[[float], None]  # is told the share that is done, 0 to 1

_ANSWERS: dict[str, Callable[[Subject, Options, Report], Finding]] = {
    "profile": lambda subject, options, report: profile(subject.network, *subject.batch),
}


def answer(
    question: Question,
    weights: Path | None = None,
    images: ImageSet | None = None,
    report: Report = lambda share: None,
) -> Finding:
    """The finding of the instrument: `weights` are those of the run and step that the question is about.

    Raises ValueError where the network does not have what is asked for.
    """
    subject = subject_of(question.config, weights, question.step, images)
    return _ANSWERS[question.instrument](subject, question.options, report)
