"""The page Signal: every part with answers, without them, and with answers that are not finite."""

import numpy as np
import pytest

from app.views.text import TEXTS, instrument_text
from tests.app.answers import answer_with
from tests.app.pages import drawn, errors, link_of, opened, texts
from tests.app.signal_findings import signal_finding

PARTS = ("variance", "blocks", "feature-maps", "histograms", "read-out", "singular-values")
TWO = {"first": "none-8~width:2@fashion-mnist-16", "second": "identity-8~width:2@fashion-mnist-16"}
SAID = {
    "variance": "ResNet-8: from 1.0 behind stem to 8.0 behind layer3.0. No law is known here.",
    "blocks": "ResNet-8: largest 1.0 (layer1.0), smallest 0.33 (layer3.0), median 0.50.",
    "feature-maps": "One unit, large",
    "histograms": "ResNet-8: 50% of 320 values are exactly 0, 5 of 10 channels are 0 for every picture",
    "read-out": "ResNet-8: 25.0% behind stem, 50.0% behind layer3.0; by its own last layer 75.0%, chance",
    "singular-values": "ResNet-8: the largest is 4.0, the median of the 3 largest 2.0; the root of the mean",
}


def everything(page) -> str:
    return texts(page).replace("**", "") + "\n".join(box.label for box in page.selectbox)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_drawn_before_anything_is_known_and_says_the_numbers_that_are_found(
    part, store, monkeypatch
):
    answer_with(monkeypatch, lambda question: None)
    page = opened("signal", show=part, **TWO)
    assert errors(page) == []
    answer_with(monkeypatch, signal_finding)
    drawn(page)
    assert errors(page) == []
    assert SAID[part] in everything(page)


@pytest.mark.parametrize("part", PARTS)
def test_what_is_not_finite_is_drawn_all_the_same(part, store, monkeypatch):
    answer_with(monkeypatch, lambda question: not_finite(signal_finding(question)))
    assert errors(opened("signal", show=part, **TWO)) == []


def not_finite(found):
    """Every number of it NaN, where it is no count or label."""

    def turned(value):
        if isinstance(value, tuple):
            return tuple(map(turned, value))
        return np.full_like(value, np.nan) if np.asarray(value).dtype.kind == "f" else value

    return type(found)(**{name: turned(value) for name, value in found._asdict().items()})


def test_a_failed_answer_is_said_and_the_other_network_is_drawn(store, monkeypatch):
    def prepare(question):
        return (
            "there is not enough memory" if question.config.model.skip == "none" else signal_finding(question)
        )

    answer_with(monkeypatch, prepare)
    page = opened("signal", show="variance", **TWO)
    assert errors(page) == ["there is not enough memory."]
    assert SAID["variance"] in everything(page)


def test_another_norm_is_asked_of_the_same_networks_untrained(store, monkeypatch):
    analysts = answer_with(monkeypatch, signal_finding)
    page = opened("signal", show="variance", **TWO)
    page.button_group(key="variance norm").set_value("none")
    drawn(page)
    assert {question.config.model.norm for question in analysts.asked[-2:]} == {"none"}
    said = "ResNet-8, no norm: from 1.0 behind stem to 8.0 behind layer3.0, 2.0 times the 4.0 expected at the"
    assert f"{said} start (2^l)." in everything(page)


def test_the_course_of_a_run_is_what_the_run_wrote_down(filled, monkeypatch):
    answer_with(monkeypatch, signal_finding)
    runs = sorted(filled.runs(), key=lambda run: run.arm)
    page = opened("signal", show="blocks", first=runs[-1].id)
    page.button_group(key="blocks quantity").set_value("over time")
    drawn(page)
    assert "the median over 3 blocks goes from" in everything(page)


def test_an_untrained_network_has_no_course_and_says_so(store, monkeypatch):
    answer_with(monkeypatch, signal_finding)
    page = opened("signal", show="blocks", **TWO)
    page.button_group(key="blocks quantity").set_value("over time")
    drawn(page)
    assert "plain-8 has no unit with a skip." in everything(page)
    assert "ResNet-8 is untrained: choose a run above." in everything(page)


def test_the_chosen_picture_is_asked_about_on_all_parts(store, monkeypatch):
    analysts = answer_with(monkeypatch, signal_finding)
    page = opened("signal", show="feature-maps", **TWO)
    page.number_input(key="test picture").set_value(7)
    drawn(page)
    page.button_group(key="signal instrument").set_value("read-out")
    drawn(page)
    assert link_of(page)["show"] == "read-out"
    assert (analysts.asked[-1].instrument, analysts.asked[-1].options.picture) == ("read-out", 7)


def test_the_block_of_the_link_is_the_unit_that_is_looked_at(store, monkeypatch):
    analysts = answer_with(monkeypatch, signal_finding)
    opened("signal", show="singular-values", block="layer2.0", **TWO)
    assert analysts.asked[-1].options.block == "layer2.0"


@pytest.mark.parametrize("part", PARTS)
def test_every_part_says_in_two_sentences_what_it_shows_and_then_what_it_does_not(part):
    assert (TEXTS / "signal.md").is_file()
    brief, more = instrument_text("signal", part)
    assert brief.count(". ") == 1
    assert brief.endswith(".")
    for word in ("Formula", "Source", "What this does not show"):
        assert word in more
