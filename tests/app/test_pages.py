"""Every page on an empty store and on a small one; and the page of all runs: compared, emptied, filled."""

import pytest
from streamlit.testing.v1 import AppTest

from app import state
from resnet_core.records import Phase
from resnet_core.runs import archive
from resnet_core.runs.store import write_machine
from tests.app.pages import drawn, errors, link_of, opened, press, texts, warnings

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


# costs


@pytest.mark.parametrize(("seconds_per_mac", "is_long"), [(1e-12, False), (1e-6, True)])
def test_a_long_race_is_told_with_what_makes_it_shorter(store, seconds_per_mac, is_long):
    write_machine(store.root, {"seconds_per_mac": seconds_per_mac, "seconds_per_layer": 1e-6})
    [sentence] = [caption.value for caption in opened().caption if "for 2 networks here" in caption.value]
    assert ("make it shorter" in sentence) == is_long


def test_costs_are_of_the_pictures_at_hand(store):
    # 784 x 4, six layers of 4 x 4, seven norms of 4 + 4, and 4 x 10 + 10
    page = opened(arms="mlp-8~skip:none,mlp-8", side="28", width="4")
    assert any(caption.value.startswith("3,338 parameters") for caption in page.caption)
