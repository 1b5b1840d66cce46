"""Questions of a page to the analysts, and what it says while they think."""

from collections.abc import Sequence

import streamlit as st

from app import state
from app.views.text import as_plain
from resnet_core.analyst.pool import Reply
from resnet_core.findings import Finding
from resnet_core.questions import Question

MAX_SENTENCES = 3  # about what went wrong, as when all steps of a run are asked
SECONDS_TO_WAIT = 0.4  # a warm analyst is faster than a second drawing of the page


class Asking:
    """What one drawing of a page asks. `is_waiting`: something is still being computed.

    `about` is what a part says was measured, where that is not the networks of the page.
    """

    def __init__(self) -> None:
        self._replies: dict[str, Reply] = {}
        self.about = ""

    def __call__(self, questions: Sequence[Question]) -> list[Finding | None]:
        """What is known of each; None for what is not known yet, or cannot be."""
        replies = state.analysts().wait(questions, SECONDS_TO_WAIT)
        self._replies |= {asked.key: reply for asked, reply in zip(questions, replies, strict=True)}
        return [reply.finding for reply in replies]

    def alone(self, question: Question) -> Reply:
        """How far one question is, for a part that says itself what goes wrong with it."""
        [reply] = state.analysts().wait([question], SECONDS_TO_WAIT)
        if reply.state != "failed":
            self._replies[question.key] = reply
        return reply

    def problem_of(self, question: Question) -> str:
        """Why it was not answered; empty where it was, or still may be."""
        reply = self._replies.get(question.key)
        return reply.problem if reply is not None and reply.state == "failed" else ""

    def ahead(self, questions: Sequence[Question]) -> None:
        """Has questions answered that may be asked next, once those of now are. What fails is said then."""
        if not self.is_waiting:
            replies = state.analysts().ask(questions)
            both = zip(questions, replies, strict=True)
            self._replies |= {q.key: r for q, r in both if r.state != "failed" or q.key in self._replies}

    @property
    def is_waiting(self) -> bool:
        return any(reply.state in ("waiting", "working") for reply in self._replies.values())

    def say(self, about: str) -> None:
        """How far it is, or `about`, what was measured."""
        if not self.is_waiting:
            st.caption(about)
            return
        replies = self._replies.values()
        done = sum(reply.share if reply.finding is None else 1.0 for reply in replies)
        count = sum(reply.finding is not None for reply in replies)
        st.progress(done / len(replies), f"Measuring: {count} of {len(replies)} done")

    def say_failures(self) -> None:
        """A sentence for each of the first things that went wrong, and a button to ask again."""
        replies = self._replies.values()
        problems = list(dict.fromkeys(f"{reply.problem}." for reply in replies if reply.state == "failed"))
        if problems:
            said, again = st.columns([8, 1.2], vertical_alignment="center")
            more = len(problems) - MAX_SENTENCES
            sentences = problems[:MAX_SENTENCES] + ([f"And {more} more."] if more > 0 else [])
            said.error("  \n".join(map(as_plain, sentences)), icon=":material/error:")
            forget = state.analysts().forget_failures
            again.button("Try again", key="ask again", on_click=forget, width="stretch")
