"""Questions: equal ones have equal keys, and what cannot be asked is refused in a sentence."""

import json
import re

import pytest
from pydantic import ValidationError

from resnet_core.config import RunConfig, SettingsError, from_flat
from resnet_core.findings import Profile
from resnet_core.options import PathOptions
from resnet_core.questions import INSTRUMENTS, Question, question, question_from_json
from tests.core.other_options import other_options

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
BASE = {"depth": 8, "width": 2, "batch": 4}


def key(instrument: str = "path-lengths", options: dict | None = None, run: dict | None = None, **settings):
    return question(instrument, from_flat(BASE | settings), options=options, **(run or {})).key


@pytest.mark.parametrize(
    "settings",
    [
        {"steps": 7}, {"learning_rate": 0.5}, {"warmup_steps": 3}, {"momentum": 0}, {"weight_decay": 0},
        {"schedule": "cosine"}, {"eval_every": 9}, {"checkpoint_every": 9}, {"probe_gradient_norm": 0},
        {"depth": "8"}, {"gate_bias": -2}, {"side": 16},
    ],
)  # fmt: skip
def test_what_does_not_matter_leaves_the_key(settings):
    assert key(**settings) == key()


@pytest.mark.parametrize(
    "settings",
    [
        {"seed": 1}, {"batch": 5}, {"depth": 14}, {"width": 4}, {"skip": "none"}, {"init": "pytorch"},
        {"augment": True}, {"dataset": "mnist"}, {"side": 28}, {"threads": 2}, {"survival": 0.5},
        {"skip": "scaled", "scale": 0.25},
    ],
)  # fmt: skip
def test_what_matters_is_in_the_key(settings):
    assert key(**settings) != key()


def test_instrument_options_run_and_step_are_in_the_key():
    run = {"run_id": RUN}
    keys = [
        key(), key("profile"), key(options={"samples": 4}), key(options={"lengths": 4}), key(run=run),
        key(run=run | {"step": 1}), key(run=run | {"step": 2}), key(run={"step": 1}),
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in keys)


def test_an_option_at_its_usual_value_or_as_text_is_the_same_question():
    assert key(options={"samples": 3}) == key(options={"samples": "3"}) == key(options={}) == key()


def test_another_version_of_an_instrument_is_another_question(monkeypatch):
    before = key()
    monkeypatch.setitem(INSTRUMENTS, "path-lengths", INSTRUMENTS["path-lengths"]._replace(version=99))
    assert key() != before


def test_a_setting_that_comes_later_leaves_keys_as_they_are():
    class LaterConfig(RunConfig):
        model: "LaterModel"
        data: "LaterData"

    class LaterModel(RunConfig.model_fields["model"].annotation):
        later: int = 3

    class LaterData(RunConfig.model_fields["data"].annotation):
        later: str = "usual"

    LaterConfig.model_rebuild(_types_namespace={"LaterModel": LaterModel, "LaterData": LaterData})
    later = LaterConfig(model=LaterModel(depth=8), data=LaterData(augment=True))
    now = from_flat({"depth": 8, "augment": True})
    assert Question(instrument="profile", config=later).key == question("profile", now).key


def test_instruments_without_a_network_are_asked_the_same_whatever_is_looked_at():
    for name in (name for name, kind in INSTRUMENTS.items() if not kind.needs_network):
        assert key(name, run={"run_id": RUN, "step": 3}, seed=5) == key(name)
        assert key(name, options=other_options(INSTRUMENTS[name].options)) != key(name)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_a_question_is_the_same_on_the_other_side_of_a_pipe(instrument):
    kind = INSTRUMENTS[instrument].options
    asked = question(instrument, from_flat(BASE), run_id=RUN, step=2, options=other_options(kind))
    there = question_from_json(asked.to_json())
    assert there == asked
    assert (there.key, type(there.options)) == (asked.key, kind)
    assert "\n" not in asked.to_json()


def test_equal_questions_are_one_in_a_set():
    assert len({question("profile", from_flat(BASE)) for _ in range(3)}) == 1


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"instrument": "x-ray"}, "instruments are profile, two-paths"),
        ({"options": {"samples": 0}}, "samples: 0 is below the smallest possible value, 1"),
        ({"options": {"samples": 21}}, "samples: 21 is above the largest possible value, 20"),
        ({"options": {"samples": "many"}}, "samples: 'many' is not understood"),
        ({"options": {"samples": "9" * 5000}}, "samples: '999"),
        ({"options": {"colour": "red"}}, "colour: 'red' is not a setting"),
        ({"instrument": "singular-values", "options": {"block": "x" * 61}}, "at most 60 characters"),
        ({"step": -1}, "step: -1 is below the smallest possible value, 0"),
        ({"step": 10**30}, "step: 1000000000000000000000000000000 is above the largest"),
        ({"run_id": "A" * 27}, "at most 26 characters"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(asked, words):
    with pytest.raises(SettingsError) as refused:
        question(**{"instrument": "path-lengths", "config": RunConfig()} | asked)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 400


def test_options_of_another_instrument_are_not_taken():
    with pytest.raises(ValidationError, match="profile has Options"):
        Question(instrument="profile", options=PathOptions())


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", '{"config": {}}', '{"config": {"depth": 1}}', "{"])
def test_what_is_no_question_is_refused(text):
    with pytest.raises(SettingsError):
        question_from_json(text)


def test_a_question_with_one_word_too_many_is_refused():
    told = json.loads(question("profile", RunConfig()).to_json())
    with pytest.raises(SettingsError):
        question_from_json(json.dumps(told | {"more": 1}))


def test_every_instrument_has_a_finding_of_its_own_and_words():
    kinds = [kind.finding for kind in INSTRUMENTS.values()]
    assert len(set(kinds)) == len(kinds)
    assert INSTRUMENTS["profile"].finding is Profile
    assert all(kind.title for kind in INSTRUMENTS.values())
