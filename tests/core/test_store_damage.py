"""A store that is damaged, newer, or not to be written: a sentence says so, and what is whole can be read."""

import sqlite3

import pytest

from resnet_core.runs import places
from resnet_core.runs.store import RunStore, StoreError
from tests.core.finished_runs import CONFIG, add_stopped_run


def test_a_store_of_a_newer_version_is_not_touched(store):
    with sqlite3.connect(store.catalog_path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    before = store.catalog_path.read_bytes()
    with pytest.raises(StoreError, match=r"newer version of ResNet Lab \(format 2; this one reads up to 1\)"):
        RunStore(store.root)
    assert store.catalog_path.read_bytes() == before


def test_a_damaged_catalog_says_so(store):
    store.catalog_path.write_bytes(b"garbage" * 1000)
    with pytest.raises(StoreError, match=r"catalog\.db is damaged"):
        RunStore(store.root)


def test_a_file_in_place_of_the_store_says_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="is a file; choose a folder"):
        RunStore(tmp_path / "file")


def test_damaged_numbers_of_one_run_leave_the_others_alone(store):
    bad, good = add_stopped_run(store), add_stopped_run(store)
    places.metrics_file(store.folder(bad.id)).write_bytes(b"garbage" * 1000)
    assert {run.id for run in store.runs()} == {bad.id, good.id}
    assert store.steps(good.id) == []
    with pytest.raises(StoreError, match=f"the numbers of run {bad.id} cannot be read"):
        store.steps(bad.id)


def test_settings_this_version_cannot_read_hide_only_their_run(store):
    odd, good = add_stopped_run(store), add_stopped_run(store)
    with sqlite3.connect(store.catalog_path) as connection:
        connection.execute("UPDATE runs SET config = '{\"colour\": 1}' WHERE id = ?", (odd.id,))
    connection.close()
    assert [run.id for run in store.runs()] == [good.id]


def test_a_store_opened_for_reading_is_read_and_not_changed(store):
    run = add_stopped_run(store)
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*")}
    reader = RunStore(store.root, writable=False)
    assert reader.runs() == [run]
    for write in (
        lambda: reader.create_race([CONFIG]),
        lambda: reader.delete(run.id),
        lambda: reader.hold([], 0),
    ):
        with pytest.raises(StoreError, match="was opened for reading only"):
            write()
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*")} == before


def test_a_read_only_folder_opens_for_reading(store, monkeypatch):
    run = add_stopped_run(store)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    reader = RunStore(store.root)
    assert reader.runs() == [run]
    with pytest.raises(StoreError, match=r"cannot be written.*choose another RESNET_LAB_STORE"):
        reader.create_race([CONFIG])


def test_a_folder_that_cannot_be_made_opens_empty(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    store = RunStore(tmp_path / "nowhere")
    assert "Permission denied" in store.read_only_because
    assert store.runs() == []
