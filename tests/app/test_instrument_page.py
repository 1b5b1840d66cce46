"""The frame of the pages of instruments: links, choices, steps, waiting, failing, and every family."""

import re

import pytest

from app.diagram.choice import network_of
from app.views.looks import kept_steps
from resnet_core.analyst.answers import answer_file, write_answer
from resnet_core.analyst.pool import Analysts
from resnet_core.config import from_flat
from resnet_core.data.sets import load_images
from resnet_core.device import pick_device
from resnet_core.instruments import answer
from resnet_core.questions import Question, question
from resnet_core.runs.store import RunStore
from tests.app.answers import answer_with
from tests.app.conftest import SMALL
from tests.app.gradient_findings import prepared, profile
from tests.app.pages import drawn, errors, link_of, opened, press, texts
from tests.core.finished_runs import add_finished_run

TINY = "none-8~width:2@fashion-mnist-16"
SKIPS = "identity-8~width:2@fashion-mnist-16"
NO_RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
FAMILIES = [
    ("vgg-11-nobn~width:2@cifar10-32", "googlenet-22-nobn~width:2@cifar10-32"),
    ("alexnet-8-nobn~width:2@cifar10-32", "dense-7~growth:2@fashion-mnist-16"),
    ("mlp-8~width:4@fashion-mnist-16", "gated-8-nobn~block:single~width:2@fashion-mnist-16"),
]
PARTS = {
    "gradients": ("profile", "two-paths", "slow-motion", "path-lengths", "shattered", "updates"),
    "signal": ("variance", "blocks", "feature-maps", "histograms", "read-out", "singular-values"),
}


@pytest.fixture
def analysts(root, monkeypatch):
    return answer_with(monkeypatch, prepared)


def chosen(page) -> list[str]:
    return [page.selectbox(key=f"look {place}").value for place in ("first", "second")]


def steps_asked(analysts) -> list[tuple[str, int]]:
    return [(asked.run_id, asked.step) for asked in analysts.asked if asked.instrument == "profile"]


# which networks


@pytest.mark.parametrize("view", ["gradients", "signal"])
def test_a_page_begins_with_the_arms_of_the_race_untrained(root, monkeypatch, view):
    answer_with(monkeypatch, lambda question: None)
    page = opened(view)
    assert errors(page) == []
    assert chosen(page) == ["none-56@fashion-mnist-16", "identity-56@fashion-mnist-16"]
    assert link_of(page) == dict(zip(("first", "second"), chosen(page), strict=True))


def test_a_race_that_has_begun_is_what_is_looked_at(filled, analysts):
    race = filled.runs()[0].race_id
    page = opened("gradients", race=race)
    assert chosen(page) == [run.id for run in sorted(filled.race(race), key=lambda run: run.arm)]


@pytest.mark.parametrize(
    ("link", "said", "kept"),
    [
        ({"first": TINY, "second": SKIPS, "seed": "7"}, [], {"first": TINY, "second": SKIPS, "seed": "7"}),
        ({"second": SKIPS}, [], {"first": "none-56@fashion-mnist-16", "second": SKIPS}),
        ({"first": TINY, "second": "resnet152"}, ["second: resnet152 is a form"], {"first": TINY}),
        ({"first": NO_RUN, "second": TINY}, [f"first: there is no run {NO_RUN} in"], {"first": TINY}),
        ({"first": TINY, "second": TINY}, ["second: this is the first network once more"], {"first": TINY}),
        ({"first": "none-8@cifar10-" + 5000 * "9"}, ["side: "], {"first": "none-56@fashion-mnist-16"}),
        ({"first": TINY, "second": "x" * 5000}, ["second: 'xxx"], {"first": TINY}),
        ({"first": TINY, "step": "abc"}, ["step: 'abc' is not there; without"], {"first": TINY}),
        ({"first": TINY, "step": "-1"}, ["step: '-1' is not there"], {"first": TINY}),
        ({"first": TINY, "step": "9" * 5000}, ["step: '999"], {"first": TINY}),
        ({"first": TINY, "seed": "-5"}, ["seed: '-5' is below the smallest"], {"first": TINY}),
        ({"first": TINY, "seed": "99999999999999"}, ["seed: '99999999999999' is above"], {"first": TINY}),
        ({"first": TINY, "show": "nonsense"}, ["show: 'nonsense' is not there; there are profile, families"],
         {"first": TINY}),
        ({"first": TINY, "block": "nonsense"}, ["block: 'nonsense' is not there; there are stem, layer1.0"],
         {"first": TINY}),
        ({"first": TINY, "block": "layer2.0", "show": "families"}, [],
         {"first": TINY, "block": "layer2.0", "show": "families"}),
        ({"first": TINY, "bogus": "1"}, ["bogus: there is no such setting in a link."], {"first": TINY}),
    ],
)  # fmt: skip
def test_what_a_link_asks_for_is_shown_or_refused_in_a_sentence(analysts, link, said, kept):
    page = opened("gradients", **link)
    found = errors(page)
    assert len(found) == len(said)
    assert all(words in sentence for words, sentence in zip(said, found, strict=True))
    assert link_of(page) == kept
    assert errors(drawn(page)) == found, "they stay while the page is drawn again"


def test_what_was_wrong_with_a_link_is_forgotten_when_something_is_chosen(analysts):
    page = opened("gradients", first=TINY, second="garbage")
    page.selectbox(key="look second").set_value("identity-20~width:16@cifar10-32")
    drawn(page)
    assert errors(page) == []
    assert link_of(page) == {"first": TINY, "second": "identity-20~width:16@cifar10-32"}


@pytest.mark.parametrize("second", ["", "identity-20~width:16@cifar10-32"])
def test_a_network_is_chosen_beside_one_that_was_not_chosen(analysts, second):
    page = opened("gradients")
    page.selectbox(key="look second").set_value(second)
    drawn(page)
    assert chosen(page) == ["none-56@fashion-mnist-16", second]


def test_no_two_networks_of_the_lists_have_one_name(analysts):
    page = opened("gradients", first="none-56~width:2@fashion-mnist-16")
    labels = page.selectbox(key="look first").options
    assert len(set(labels)) == len(labels)


def test_the_seed_is_that_of_untrained_networks_and_in_the_address(filled, analysts):
    page = opened("gradients", first=TINY)
    page.number_input(key="look seed").set_value(7)
    drawn(page)
    assert link_of(page) == {"first": TINY, "seed": "7"}
    assert analysts.asked[-1].config.seed == 7
    page.number_input(key="look seed").set_value(-7)
    drawn(page)
    assert errors(page) == ["seed: '-7' is below the smallest possible value, 0. It is 0 here."]
    page.selectbox(key="look first").set_value(filled.runs()[0].id)
    drawn(page)
    assert not [box for box in page.number_input if box.label == "Seed"]


# which step


def test_the_last_kept_step_is_shown_until_the_link_names_another(filled, analysts):
    run = filled.runs()[0]
    opened("gradients", first=run.id)
    assert steps_asked(analysts)[0] == (run.id, 4)
    page = opened("gradients", first=run.id, step="2")
    assert link_of(page)["step"] == "2"
    assert "initial values" in texts(page), "only 0 and 4 are kept"
    page = opened("gradients", first=run.id, step="999999")
    assert errors(page) == ["step: '999999' is not there; steps are 0 to 4."]
    assert link_of(page) == {"first": run.id}


def test_a_diverged_run_and_one_without_weights_are_looked_at(store, monkeypatch):
    plan = network_of(TINY).plan
    nowhere = profile(plan, [float("nan")] * 8)
    analysts = answer_with(monkeypatch, lambda question: nowhere)
    config = from_flat(SMALL | {"skip": "none", "steps": 3})
    diverged = add_finished_run(store, config)
    [waiting] = store.add_race([config])
    page = opened("gradients", first=diverged.id, second=waiting.id)
    assert errors(page) == []
    assert steps_asked(analysts)[:2] == [(diverged.id, 3), ("", 0)]
    assert "not a number" in texts(page)


def test_the_steps_of_a_recording_without_weights_are_those_with_answers(store):
    run = add_finished_run(store, from_flat(SMALL | {"checkpoint_every": 2}), checkpoints=())
    kept = question("profile", run.config, run_id=run.id, step=2)
    write_answer(answer_file(store, kept), profile(network_of(TINY).plan))
    recorded = RunStore(store.root, writable=False)
    assert kept_steps(store, run) == (0,)
    assert kept_steps(recorded, run) == (0, 2)
    analysts = Analysts([recorded], count=1, command=["false"])
    try:
        assert analysts.ask([kept])[0].state == "answered"
        [reply] = analysts.wait([question("profile", run.config, run_id=run.id, step=4)], 30)
        assert reply.problem.startswith(f"the recording {run.id} comes without its weights")
    finally:
        analysts.close()


# waiting and failing


def test_a_page_looks_again_only_while_something_is_computed(root, monkeypatch):
    answers = {}
    answer_with(monkeypatch, lambda question: answers.get("now"))
    page = opened("gradients", first=TINY)
    assert page.session_state["is_waiting"]
    answers["now"] = profile(network_of(TINY).plan)
    drawn(page)
    assert not page.session_state["is_waiting"]


def test_a_failed_answer_is_said_and_can_be_asked_again(root, monkeypatch):
    analysts = answer_with(monkeypatch, lambda question: "there was not enough memory")
    forgotten = []
    monkeypatch.setattr(analysts, "forget_failures", lambda: forgotten.append(True), raising=False)
    page = opened("gradients", first=TINY, second=SKIPS)
    assert errors(page) == ["there was not enough memory."], "once, for two networks"
    press(page, "ask again")
    assert forgotten == [True]


def test_of_many_things_that_went_wrong_a_few_are_said(root, monkeypatch):
    answer_with(monkeypatch, lambda question: f"no answer for {question.key}")
    said = errors(opened("gradients", first=TINY, second=SKIPS, show="families"))
    assert len(said) == 4
    assert re.fullmatch(r"And \d+ more\.", said[-1])


def test_what_is_asked_ahead_fails_in_silence(filled, monkeypatch):
    def prepare(asked: Question):
        return prepared(asked) if asked.step == 4 else "the weights are damaged"

    answer_with(monkeypatch, prepare)
    assert errors(opened("gradients", first=filled.runs()[0].id)) == []


# families


@pytest.fixture(scope="module")
def measured():
    """Answers of the instruments themselves, on four pictures."""
    sets, known = {}, {}

    def answer_to(asked: Question):
        training = asked.config.training.model_copy(update={"batch": 4})
        config = asked.config.model_copy(update={"training": training})
        small = asked.model_copy(update={"config": config})
        if asked.key not in known:
            if config.data not in sets:
                sets[config.data] = load_images(config.data, pick_device())
            known[asked.key] = answer(small, None, sets[config.data], lambda share: None)
        return known[asked.key]

    return answer_to


@pytest.mark.parametrize("view", PARTS)
@pytest.mark.parametrize(("first", "second"), FAMILIES)
def test_every_part_opens_with_every_family(root, monkeypatch, measured, first, second, view):
    answer_with(monkeypatch, measured)
    page = opened(view, first=first, second=second)
    for part in PARTS[view]:
        page.segmented_control(key=f"{view} instrument").set_value(part)
        drawn(page)
        assert errors(page) == []
