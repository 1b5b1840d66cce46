"""Every page on an empty store and on a small one: nothing raises, mistakes are sentences, buttons act."""

import os
import shutil

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import state
from resnet_core.config import from_flat
from resnet_core.records import Phase
from resnet_core.runs import archive, worker
from resnet_core.runs.store import RunStore

MAIN = str(state.RECORDINGS.parents[1] / "app" / "main.py")
SMALL = {"depth": 8, "width": 2, "steps": 4, "batch": 4, "eval_every": 2, "eval_images": 20}
SMALL_LINK = {"arms": "none-8,identity-8", "width": "2", "steps": "4", "batch": "4"}


@pytest.fixture(scope="session")
def small_store(tmp_path_factory):
    """Two races of two finished runs."""
    root = tmp_path_factory.mktemp("small") / "store"
    store = RunStore(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_prefer_to_be_killed", lambda: None)
        patch.setenv("RESNET_LAB_DEVICE", "cpu")
        for seed in (0, 1):
            runs = store.add_race(
                [from_flat(SMALL | {"skip": s, "seed": seed}) for s in ("none", "identity")]
            )
            for run in store.catalog.claim([run.id for run in runs]):
                worker.run_worker(root, run.id)
    assert {run.phase for run in store.runs()} == {Phase.DONE}
    return root


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Where the pages of this test keep their runs. Nobody watches, so what is queued stays queued."""
    monkeypatch.setenv("RESNET_LAB_STORE", str(tmp_path / "store"))
    monkeypatch.setattr("app.state.keep_watch", lambda: None)
    state.open_stores.cache_clear()
    st.cache_resource.clear()
    yield tmp_path / "store"
    state.open_stores.cache_clear()


@pytest.fixture
def store(root) -> RunStore:
    return RunStore(root)


@pytest.fixture
def filled(root, small_store) -> RunStore:
    shutil.copytree(small_store, root)
    return RunStore(root)


def opened(view: str = "race", **link: str) -> AppTest:
    """A page, once drawn."""
    page = AppTest.from_file(MAIN, default_timeout=60)
    for name, value in link.items():
        page.query_params[name] = value
    if view != "race":
        page.run()
        page.switch_page(f"views/{view}.py")
        for name, value in link.items():
            page.query_params[name] = value
    return drawn(page)


def drawn(page: AppTest) -> AppTest:
    page.run()
    assert [error.message for error in page.exception] == []
    return page


def errors(page: AppTest) -> list[str]:
    """The sentences, without the backslashes that keep Markdown from reading anything into them."""
    return [line for error in page.error for line in error.value.replace("\\", "").split("  \n")]


def warnings(page: AppTest) -> list[str]:
    return [warning.value.replace("\\", "") for warning in page.warning]


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click()
    return drawn(page)


def link_of(page: AppTest) -> dict[str, str]:
    return {
        name: values[0] if isinstance(values, list) else values for name, values in page.query_params.items()
    }


def depths(page: AppTest) -> list:
    return [number.value for number in page.number_input if number.label == "Depth"]


def texts(page: AppTest) -> str:
    return "\n".join(markdown.value for markdown in (*page.markdown, *page.caption))


# opening


@pytest.mark.parametrize("view", ["race", "runs"])
def test_every_page_opens_on_an_empty_store(store, view):
    page = opened(view)
    assert errors(page) == []
    assert warnings(page) == []


@pytest.mark.parametrize("view", ["race", "runs"])
def test_every_page_opens_on_a_small_store(filled, view):
    page = opened(view)
    assert errors(page) == []
    assert warnings(page) == []


def test_a_finished_race_is_found_by_its_link_and_shows_its_card(filled):
    page = opened(race=filled.runs()[0].race_id)
    assert "### What was measured" in texts(page)
    assert "trained to the end after 4 steps" in texts(page)
    assert page.button(key="stop").disabled
    assert page.button(key="pause").disabled


def test_a_page_without_recordings_says_what_to_do(store, monkeypatch, tmp_path):
    monkeypatch.setattr(state, "RECORDINGS", tmp_path / "none")
    assert "Press Train" in opened().info[0].value


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


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("arms", "none-7,identity-56", "arm 1: depth: 7 is below the smallest possible value, 8"),
        ("arms", "none-8", "arms: 1 is not possible; a race has 2 to 4"),
        ("arms", "one,two", "arms: 'one' is not an arm; one looks like none-56"),
        ("depth", "7", "depth: '7' is below the smallest possible value, 8"),
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
    from resnet_core.runs.admission import Refused

    raise Refused("this race would need about 9.0 GB of memory")


def test_a_store_that_cannot_be_written_is_looked_at(filled, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    race, runs = opened(race=filled.runs()[0].race_id), opened("runs")
    for page in (race, runs):
        [warning] = warnings(page)
        assert "cannot be written (no permission)" in warning
    assert race.button(key="train").disabled
    assert "### What was measured" in texts(race)


# runs


def test_the_table_lists_runs_and_links_choose_them(filled):
    ids = [run.id for run in filled.runs()]
    page = opened("runs")
    table = page.dataframe[0].value
    assert list(table["Id"]) == ids
    assert list(table["Network"][:2]) == ["plain-8", "ResNet-8"]
    assert set(table["Ended as"]) == {"done"}
    assert page.button(key="delete").disabled


def test_chosen_runs_are_compared(filled):
    link = ",".join(filled.runs()[i].id for i in (0, 1, 3))
    page = opened("runs", runs=link)
    assert link_of(page) == {"runs": link}
    assert "### What was measured" in texts(page)
    assert "so no difference has a single cause" in texts(page)


@pytest.mark.parametrize("runs", ["../../etc/passwd", "nonsense,", "01ARZ3NDEKTSV4RRFFQ69G5FAV"])
def test_a_link_to_runs_that_are_not_here_is_said(filled, runs):
    page = opened("runs", runs=runs)
    assert len(page.dataframe[0].value) == 4
    [warning] = warnings(page)
    assert warning.startswith(f"There is no run {runs.rstrip(',')} ")


def test_deletion_asks_first(filled):
    run = filled.runs()[0]
    page = press(opened("runs", runs=run.id), "delete")
    assert run.id in texts(page)
    assert len(filled.runs()) == 4
    page.button(key="delete").click()  # a dialog is gone with the next run of the page
    press(page, "really delete")
    assert run.id not in [other.id for other in filled.runs()]
    assert len(filled.runs()) == 3
    assert warnings(page) == []


def test_a_damaged_zip_is_said_and_a_whole_one_comes_in(filled):
    run = filled.runs()[0]
    packed = archive.pack_run(filled, run.id)
    filled.delete(run.id)
    page = opened("runs")
    for content, answer in ((packed[:-100], "zip"), (b"no zip at all", "zip")):
        page = imported(page, content)
        assert answer in errors(page)[0]
        assert len(filled.runs()) == 3
    page = imported(page, packed)
    assert [success.value.replace("\\", "") for success in page.success] == [f"Run {run.id} is here now."]
    assert filled.run(run.id).phase is Phase.DONE


def imported(page: AppTest, content: bytes) -> AppTest:
    page.file_uploader(key="import zip").set_value(("run.zip", content, "application/zip"))
    drawn(page)
    next(button for button in page.button if button.label == "Import").click()
    return drawn(page)
