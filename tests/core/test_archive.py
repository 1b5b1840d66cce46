"""A run as a zip: what goes out comes in again."""

import os
import time
from dataclasses import replace

import numpy as np
import pytest

from resnet_core.config import from_flat
from resnet_core.records import Phase
from resnet_core.runs import archive, places
from resnet_core.runs.archive import ArchiveError, pack_run, unpack_run
from resnet_core.runs.store import RunStore, StoreError
from tests.core.finished_runs import CONFIG, RECORDS, add_checkpoint, add_finished_run, add_numbers
from tests.core.zips import contents, files_in, with_sums


def test_a_run_comes_back_as_it_went(tmp_path, store):
    home = RunStore(tmp_path / "home")
    there = add_finished_run(home)
    here = unpack_run(store, pack_run(home, there.id))
    assert here == replace(there, attempt=0)
    assert store.runs() == [here]
    assert store.raw_steps(here.id) == home.raw_steps(there.id)
    assert store.layout(here.id) == home.layout(there.id)
    assert store.checkpoints(here.id) == [0, 3]
    (step, found), (_, expected) = store.pictures(here.id)[0], home.pictures(there.id)[0]
    assert step == 0
    np.testing.assert_array_equal(found.images, expected.images)
    assert pack_run(store, here.id)  # and could go on
    assert not [name for name in files_in(store) if "import" in name or "optimizer" in name]


def test_a_run_may_come_from_an_open_file(tmp_path, store, packed):
    (tmp_path / "run.zip").write_bytes(packed)
    with open(tmp_path / "run.zip", "rb") as file:
        assert unpack_run(store, file).phase is Phase.DIVERGED


def test_a_live_run_is_packed_as_far_as_it_is(tmp_path, store):
    home = RunStore(tmp_path / "home")
    run = home.add_race([CONFIG], phase=Phase.RUNNING, attempt=1)[0]
    writer = add_numbers(home, run, RECORDS[:2])
    add_checkpoint(home, run, 0)
    here = unpack_run(store, pack_run(home, run.id))
    writer.close()
    assert (here.phase, here.steps_done, here.test_accuracy) == (Phase.STOPPED, 2, 0.5)
    assert here.reason == "imported; it was running when it was exported"
    assert here.finished is not None
    assert {path.name for path in store.folder(here.id).iterdir()} == {
        "config.json",
        "metrics.db",
        "checkpoints",
    }


def test_a_run_that_waits_has_only_settings(tmp_path, store):
    home = RunStore(tmp_path / "home")
    here = unpack_run(store, pack_run(home, home.create_race([CONFIG])[0].id))
    assert (here.phase, here.steps_done, store.steps(here.id)) == (Phase.STOPPED, 0, [])
    assert store.catalog.unfinished() == []


def test_the_arms_of_a_race_find_each_other_again(tmp_path, store):
    home = RunStore(tmp_path / "home")
    race = home.create_race([CONFIG, from_flat({"depth": 8, "skip": "none"})])
    for run in reversed(race):
        unpack_run(store, pack_run(home, run.id))
    assert [run.id for run in store.race(race[0].race_id)] == [run.id for run in race]


def test_a_run_whose_place_in_the_race_is_taken_comes_alone(store, packed):
    taken = store.add_race([CONFIG], phase=Phase.STOPPED)[0]
    other = with_sums(contents(packed), race_id=taken.race_id)
    here = unpack_run(store, other)
    assert here.race_id != taken.race_id
    assert store.race(taken.race_id) == [taken]


def test_a_run_that_is_here_already_is_refused(store, packed):
    run = unpack_run(store, packed)
    before = files_in(store)
    with pytest.raises(ArchiveError, match=f"run {run.id} is already in this store; delete it first"):
        unpack_run(store, packed)
    assert files_in(store) == before
    store.delete(run.id)
    assert unpack_run(store, packed) == run


def test_a_store_that_cannot_be_written_says_so(tmp_path, packed):
    RunStore(tmp_path)
    with pytest.raises(StoreError, match="reading only"):
        unpack_run(RunStore(tmp_path, writable=False), packed)


def test_a_full_disk_says_so_and_keeps_nothing(store, packed, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    before = files_in(store)
    with pytest.raises(StoreError, match="full: 0 MB free and 200 MB needed"):
        unpack_run(store, packed)
    assert files_in(store) == before


def test_what_a_killed_import_left_is_cleared_away_an_hour_later(store, packed):
    for name, seconds_ago in ((".import-old", 4000), (".import-new", 10)):
        (store.root / name).mkdir()
        os.utime(store.root / name, (time.time() - seconds_ago,) * 2)
    unpack_run(store, packed)
    assert [path.name for path in store.root.glob(".import-*")] == [".import-new"]


def test_a_store_opened_for_reading_can_be_packed_from(tmp_path, store):
    run = add_finished_run(RunStore(tmp_path / "home"))
    home = RunStore(tmp_path / "home", writable=False)
    before = files_in(home)
    assert unpack_run(store, pack_run(home, run.id)).id == run.id
    assert files_in(home) == before


def test_a_damaged_checkpoint_stays_at_home(tmp_path, store):
    home = RunStore(tmp_path / "home")
    run = add_finished_run(home)
    weights = places.checkpoints_folder(home.folder(run.id)) / "3" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    here = unpack_run(store, pack_run(home, run.id))
    assert store.checkpoints(here.id) == [0]


def test_the_newest_and_the_first_checkpoint_go_first(tmp_path, store, monkeypatch):
    home = RunStore(tmp_path / "home")
    run = add_finished_run(home, from_flat({"depth": 8, "steps": 9}), checkpoints=(0, 3, 6, 9))
    monkeypatch.setattr(archive, "MAX_FILES", 8)
    assert store.checkpoints(unpack_run(store, pack_run(home, run.id)).id) == [0, 9]
