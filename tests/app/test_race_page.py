"""The race page: settings and links that cannot be are sentences, buttons give orders."""

import os

import pytest
from streamlit.testing.v1 import AppTest

from resnet_core.records import Phase
from resnet_core.runs.admission import Refused
from resnet_core.runs.store import RunStore
from tests.app.pages import SMALL_LINK, depths, drawn, errors, link_of, opened, press, texts, warnings

# settings


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Plain vs residual", [56, 56]),
        ("Deeper is worse?", [20, 56, 20, 56]),
        ("Skip or batch norm?", [20] * 4),
    ],
)
def test_a_preset_sets_the_arms(store, name, expected):
    page = press(opened(**SMALL_LINK), f"preset {name}")
    assert depths(page) == expected
    assert not page.button(key="train").disabled


def test_arms_are_added_up_to_four_and_taken_away_down_to_two(store):
    page = opened(**SMALL_LINK)
    for expected in ([8, 8, 14], [8, 8, 14, 20]):
        next(button for button in page.button if button.label == "Add an arm").click()
        assert depths(drawn(page)) == expected
    assert "Add an arm" not in [button.label for button in page.button]
    for expected in ([8, 14, 20], [14, 20]):
        next(button for button in page.button if button.key and button.key.endswith(" 0 remove")).click()
        assert depths(drawn(page)) == expected
    assert not any(button.key and button.key.endswith("remove") for button in page.button)


def test_a_depth_that_cannot_be_is_said_and_cannot_be_trained(store):
    page = opened()
    for depth, sentence in [
        (7, "arm 1: depth: 7 is below the smallest possible value, 8"),
        (9999, "arm 1: depth: 9999 is above the largest possible value, 1202"),
        (21, "arm 1: depth: 21 is not possible: depths are 6n+2; the nearest are 20 and 26"),
    ]:
        next(number for number in page.number_input if number.label == "Depth").set_value(depth)
        assert errors(drawn(page)) == [sentence]
        assert page.button(key="train").disabled
    next(number for number in page.number_input if number.label == "Depth").set_value(20)
    assert errors(drawn(page)) == []
    assert not page.button(key="train").disabled


@pytest.mark.parametrize(("name", "value"), [("batch", 0), ("batch", 10**9), ("learning_rate", -1.0)])
def test_a_setting_out_of_bounds_is_said_once_for_all_arms(store, name, value):
    page = opened()
    page.number_input(key=f"set_{name}").set_value(value)
    [error] = errors(drawn(page))
    assert error.startswith(f"{name}: {value}")
    assert page.button(key="train").disabled


def test_a_new_set_of_pictures_brings_a_side_it_comes_in(store):
    page = opened(side="28")
    page.selectbox(key="set_dataset").set_value("cifar10")
    assert errors(drawn(page)) == []
    assert link_of(page)["dataset"] == "cifar10"


def test_only_drawn_pictures_have_a_difficulty_which_a_link_has_as_well(store):
    page = opened(**SMALL_LINK, dataset="shapes", side="24", difficulty="0.7")
    assert errors(page) == []
    assert link_of(page) == {**SMALL_LINK, "dataset": "shapes", "side": "24", "difficulty": "0.7"}
    press(page, "train")
    assert {run.config.data.difficulty for run in store.runs()} == {0.7}
    page.selectbox(key="set_dataset").set_value("cifar10")
    assert errors(drawn(page)) == []
    assert "difficulty" not in link_of(page)
    assert "set_difficulty" not in [widget.key for widget in page.number_input]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("arms", "none-7,identity-56", "arm 1: depth: 7 is below the smallest possible value, 8"),
        ("arms", "none-8", "arms: 1 is not possible; a race has 2 to 4"),
        ("arms", "one,two", "arms: 'one' is not an arm; one looks like none-56"),
        ("depth", "7", "depth: 7 is below the smallest possible value, 8"),
        ("depth", "9999", "depth: '9999' is above the largest possible value, 1202"),
        ("batch", "0", "batch: '0' is below the smallest possible value, 1"),
        ("batch", "1000000000", "batch: '1000000000' is above the largest possible value, 1024"),
        ("learning_rate", "nan", "learning_rate: 'nan' is not a finite number (possible: 0 to 1000"),
        ("steps", "many", "steps: 'many' is not understood"),
        ("dataset", "unknown", "dataset: 'unknown' is not possible: image sets are fashion-mnist"),
        ("colour", "red", "colour: there is no such setting in a link"),
    ],
)
def test_a_link_that_cannot_be_followed_is_explained_and_the_page_works(store, name, value, sentence):
    page = opened(**{name: value})
    [error, *_] = errors(page)
    assert error.startswith(sentence)
    assert not page.button(key="train").disabled
    assert depths(page) == [56, 56]


def test_a_link_cannot_put_pictures_or_links_of_its_own_on_the_page(store):
    page = opened(race="![x](https://a.b/c)", dataset="[x](https://a.b/c)")
    shown = [page.error[0].value, page.warning[0].value]
    assert not any("](" in text for text in shown)
    assert all(r"\]\(https\:\/\/a\.b\/c\)" in text for text in shown)


def test_a_race_that_is_not_here_is_said_and_forgotten(store):
    page = opened(race="nonsense")
    assert warnings(page) == [
        "There is no race nonsense in the store of this machine; it may have been deleted."
    ]
    assert not page.button(key="train").disabled
    assert link_of(page) == {}
    assert warnings(drawn(page)) == []


def test_settings_make_a_round_trip_through_the_link(store):
    link = {"arms": "none-8,identity-8-nobn,identity-14", "batch": "16", "learning_rate": "0.05",
            "schedule": "cosine", "augment": "True", "dataset": "cifar10", "side": "32"}  # fmt: skip
    page = opened(**link)
    assert errors(page) == []
    assert link_of(page) == link
    press(page, "train")
    runs = RunStore(store.root).race(link_of(page)["race"])
    assert [(run.config.model.skip, run.config.model.depth, run.config.model.norm) for run in runs] == [
        ("none", 8, "batch"), ("identity", 8, "none"), ("identity", 14, "batch"),
    ]  # fmt: skip
    assert {run.config.training.schedule for run in runs} == {"cosine"}
    assert {run.config.data.name for run in runs} == {"cifar10"}


# orders


def trained(store: RunStore) -> AppTest:
    page = press(opened(**SMALL_LINK), "train")
    assert [run.phase for run in store.runs()] == [Phase.QUEUED] * 2
    return page


def test_train_queues_the_race_and_puts_it_into_the_link(store):
    page = trained(store)
    runs = store.runs()
    assert link_of(page)["race"] == runs[0].race_id
    assert [run.config.model.skip for run in runs] == ["none", "identity"]
    assert errors(page) == []
    assert page.button(key="step").disabled


def test_pause_step_and_resume_give_their_orders(store):
    page = trained(store)
    held = lambda: [run.go_until for run in store.runs()]  # noqa: E731
    assert held() == [None, None]
    press(page, "pause")
    assert held() == [0, 0]
    assert page.button(key="pause").label == "Resume"
    press(page, "step")
    assert held() == [1, 1]
    press(page, "pause")
    assert held() == [None, None]
    assert page.button(key="pause").label == "Pause"


def test_step_lets_the_arm_that_is_behind_catch_up(store):
    page = trained(store)
    ahead = store.catalog.claim([run.id for run in store.runs()])[0]
    store.catalog.update(ahead.id, ahead.attempt, steps_done=3)
    press(press(page, "pause"), "step")
    assert [run.go_until for run in store.runs()] == [3, 3]


def test_stop_ends_what_waits_and_shows_the_card(store):
    page = press(trained(store), "stop")
    assert [run.phase for run in store.runs()] == [Phase.STOPPED] * 2
    assert "stopped by hand after 0 steps" in texts(page)
    assert [metric.value for metric in page.metric] == ["–", "–"]
    assert page.button(key="stop").disabled


def test_a_race_that_does_not_fit_is_refused_with_the_estimate(store, monkeypatch):
    monkeypatch.setattr("resnet_core.runs.admission._check_memory", refuse_memory)
    page = press(opened(**SMALL_LINK), "train")
    assert errors(page) == ["this race would need about 9.0 GB of memory"]
    assert store.runs() == []
    assert errors(drawn(page)) == []


def refuse_memory(*_):
    raise Refused("this race would need about 9.0 GB of memory")


def test_a_store_that_cannot_be_written_is_looked_at(filled, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    race, runs = opened(race=filled.runs()[0].race_id), opened("runs")
    for page in (race, runs):
        [warning] = warnings(page)
        assert "cannot be written (no permission)" in warning
    assert race.button(key="train").disabled
    assert "### What was measured" in texts(race)
