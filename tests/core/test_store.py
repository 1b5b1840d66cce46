"""The store: races and runs go in, come out and are deleted, and ids lead nowhere else."""

from dataclasses import replace

import pytest

from resnet_core.config import RunConfig
from resnet_core.records import Layer, Layout, Phase, StepRecord
from resnet_core.runs import places
from resnet_core.runs.metrics import MetricsWriter
from resnet_core.runs.store import RunStore, StoreError, write_machine
from tests.core.finished_runs import add_stopped_run

CONFIG = RunConfig()
PLAIN = RunConfig.model_validate({"model": {"skip": "none"}})


def test_an_empty_store_lists_nothing(store):
    assert store.runs() == []
    assert store.race("nothing") == []
    assert store.machine() == {}


def test_a_race_waits_with_its_arms_in_order(store):
    plain, residual = store.create_race([PLAIN, CONFIG])
    assert plain.race_id == residual.race_id
    assert [plain.arm, residual.arm] == [0, 1]
    assert plain.phase is Phase.QUEUED
    assert store.run(plain.id).config == PLAIN
    assert store.race(plain.race_id) == [plain, residual]
    assert RunConfig.model_validate_json((store.folder(plain.id) / "config.json").read_bytes()) == PLAIN


def test_the_place_in_the_queue_counts_races(store):
    first, second = store.create_race([PLAIN, CONFIG]), store.create_race([CONFIG])
    assert [run.queue_position for run in first + second] == [1, 1, 2]
    store.request_stop([run.id for run in first])
    assert store.run(second[0].id).queue_position == 1
    assert store.run(first[0].id).queue_position is None


def test_newest_races_come_first(store):
    races = [store.create_race([PLAIN, CONFIG])[0].race_id for _ in range(3)]
    found = store.runs()
    assert [run.race_id for run in found] == [race for race in reversed(races) for _ in range(2)]
    assert [run.arm for run in found] == [0, 1] * 3


def test_another_store_object_sees_the_same_runs(store):
    run = store.create_race([CONFIG])[0]
    assert RunStore(store.root).run(run.id) == run


def test_a_run_without_numbers_has_none_yet(store):
    run = store.create_race([CONFIG])[0]
    assert store.layout(run.id) is None
    assert store.steps(run.id) == store.raw_steps(run.id) == store.pictures(run.id) == []
    assert store.checkpoints(run.id) == []


def test_numbers_come_back_as_records(store):
    run = add_stopped_run(store)
    writer = MetricsWriter(places.metrics_file(store.folder(run.id)))
    writer.set_layout(Layout((Layer("conv1", "conv", 1),), ()))
    writer.append(StepRecord(0, 2.5, 0.5, 0.25, 1.0))
    writer.close()
    assert store.layout(run.id).layers == (Layer("conv1", "conv", 1),)
    assert store.steps(run.id) == [StepRecord(0, 2.5, 0.5, 0.25, 1.0)]
    assert store.steps(run.id, since=0) == []


BAD_IDS = [
    "",
    "../../etc/passwd",
    "A" * 25,
    "A" * 27,
    "I" * 26,
    "a" * 26,
    "A" * 26 + "\n",
    "%2e" * 9,
    "\0" * 26,
]


@pytest.mark.parametrize("bad", BAD_IDS)
def test_what_is_not_a_run_id_leads_nowhere(store, bad):
    for ask in (store.folder, store.run, store.steps, store.layout, store.delete, store.checkpoints):
        with pytest.raises(StoreError, match="is not a run id"):
            ask(bad)


def test_a_link_in_place_of_a_run_folder_is_refused(store, tmp_path):
    run = add_stopped_run(store)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    (store.folder(run.id) / "config.json").unlink()
    store.folder(run.id).rmdir()
    (store.root / "runs" / run.id).symlink_to(outside)
    with pytest.raises(StoreError, match="a link that leads out of the store"):
        store.delete(run.id)
    assert (outside / "precious").exists()


def test_an_unknown_run_is_named(store):
    with pytest.raises(StoreError, match="there is no run 0000"):
        store.run("0" * 26)


def test_a_run_in_the_queue_stops_at_once(store):
    run = store.create_race([CONFIG])[0]
    store.request_stop([run.id])
    assert store.run(run.id).phase is Phase.STOPPED
    assert store.run(run.id).finished is not None


def test_hold_and_stop_reach_a_live_run(store):
    run = store.create_race([CONFIG])[0]
    store.catalog.claim([run.id])
    store.hold([run.id], 7)
    assert store.run(run.id).go_until == 7
    store.hold([run.id], None)
    store.request_stop([run.id])
    found = store.run(run.id)
    assert (found.go_until, found.stop_requested, found.phase) == (None, True, Phase.STARTING)


def test_deleting_takes_everything_and_refuses_what_lives(store):
    gone, live = add_stopped_run(store), store.create_race([CONFIG])[0]
    store.delete(gone.id)
    assert not (store.root / "runs" / gone.id).exists()
    with pytest.raises(StoreError, match="there is no run"):
        store.run(gone.id)
    with pytest.raises(StoreError, match="is QUEUED; stop it before deleting it"):
        store.delete(live.id)
    assert store.run(live.id) == live


def test_an_interrupted_deletion_can_be_repeated(store):
    run = add_stopped_run(store)
    (store.folder(run.id) / "config.json").unlink()
    store.folder(run.id).rmdir()
    store.delete(run.id)
    assert store.runs() == []


def test_a_race_has_one_to_four_arms(store):
    for count in (0, 5):
        with pytest.raises(StoreError, match=f"1 to 4 arms, not {count}"):
            store.add_race([CONFIG] * count)


def test_an_imported_run_keeps_its_end(store):
    run = add_stopped_run(store)
    other = replace(run, id=run.id[:-1] + ("0" if run.id[-1] != "0" else "1"), phase=Phase.DONE, reason="")
    store.add([other])
    assert store.run(other.id) == other


def test_a_new_run_does_not_overwrite_one_of_the_same_id(store):
    run = add_stopped_run(store)
    with pytest.raises(StoreError, match=f"run {run.id} is in the store .* already"):
        store.add([run])
    assert store.run(run.id) == run


def test_machine_facts_come_back(store):
    write_machine(store.root, {"device": "cpu", "seconds_per_layer": 1e-3})
    assert store.machine()["device"] == "cpu"
    places.machine_file(store.root).write_text("{torn")
    assert store.machine() == {}


def test_the_folders_are_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("RESNET_LAB_STORE", str(tmp_path / "a"))
    monkeypatch.setenv("RESNET_LAB_DATA", str(tmp_path / "b"))
    assert (places.default_store(), places.data_folder()) == (tmp_path / "a", tmp_path / "b")
    monkeypatch.delenv("RESNET_LAB_STORE")
    monkeypatch.delenv("RESNET_LAB_DATA")
    assert places.default_store().parts[-2:] == ("resnet-lab", "store")
    assert places.data_folder().name == "data"
