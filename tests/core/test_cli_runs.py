"""Runs on the command line: listed, shown, deleted, exported, imported."""

import json

import pytest

from resnet_core.runs.store import RunStore
from tests.core.command_line import assert_mistake, call
from tests.core.finished_runs import CONFIG, add_finished_run


def test_an_empty_store_lists_nothing_and_makes_nothing(tmp_path):
    result = call(tmp_path / "none", "runs", "list")
    assert (result.exit_code, result.stdout) == (0, f"No runs in {tmp_path / 'none'} yet.\n")
    assert call(tmp_path / "none", "runs", "list", "--json").stdout == "[]\n"
    assert not (tmp_path / "none").exists()


def test_the_list(store):
    run = add_finished_run(store)
    head, row = call(store, "runs", "list").stdout.splitlines()
    assert head.split() == ["RUN", "PHASE", "STEPS", "TEST", "NETWORK", "DATASET", "SEED", "CREATED"]
    assert row.split()[:7] == [run.id, "DIVERGED", "3/3", "50.0%", "ResNet-8", "fashion-mnist", "0"]
    assert head.index("PHASE") == row.index("DIVERGED")
    (told,) = json.loads(call(store, "runs", "list", "--json").stdout)
    assert (told["run_id"], told["settings"]["depth"], told["test_accuracy"]) == (run.id, 8, 0.5)


def test_one_run(store):
    run = add_finished_run(store)
    told = call(store, "runs", "show", run.id).stdout
    facts = dict(line.split(maxsplit=1) for line in told.splitlines() if line)
    assert (facts["run"], facts["network"]) == (run.id, "ResNet-8")
    assert facts["phase"] == "DIVERGED: the loss stopped being finite at step 1"
    assert facts["loss"] == "inf at step 2"
    assert facts["checkpoints"] == "0, 3"
    assert facts["device"] == "cpu"
    assert facts["learning_rate"] == "0.1"
    assert json.loads(call(store, "runs", "show", run.id, "--json").stdout)["reason"] == run.reason


def test_a_run_that_has_not_begun_can_be_shown(store):
    told = call(store, "runs", "show", store.create_race([CONFIG])[0].id).stdout
    assert "none yet" in told


def test_deleting_asks_first(store):
    first, second = add_finished_run(store), add_finished_run(store)
    assert "Kept" in call(store, "runs", "delete", first.id, answer="n\n").stdout
    assert len(store.runs()) == 2
    assert "Deleted" in call(store, "runs", "delete", first.id, answer="y\n").stdout
    assert call(store, "runs", "delete", second.id, "--yes").exit_code == 0
    assert store.runs() == []


def test_a_live_run_is_not_deleted(store):
    run = store.create_race([CONFIG])[0]
    assert_mistake(call(store, "runs", "delete", run.id, "--yes"), "is QUEUED; stop it before deleting it")


@pytest.mark.parametrize(
    ("options", "name", "start_of_file"),
    [
        ([], "{}.csv.zip", b"PK"),
        (["--format", "parquet"], "{}.parquet.zip", b"PK"),
        (["--format", "zip"], "{}.zip", b"PK"),
        (["--table", "layers"], "{}-layers.csv", b'"step","quantity"'),
        (["--table", "steps", "--format", "parquet"], "{}-steps.parquet", b"PAR1"),
    ],
)
def test_an_export_lies_where_one_is(store, tmp_path, monkeypatch, options, name, start_of_file):
    monkeypatch.chdir(tmp_path)
    run = add_finished_run(store)
    result = call(store, "runs", "export", run.id, *options)
    assert result.exit_code == 0
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [name.format(run.id)]
    assert (tmp_path / name.format(run.id)).read_bytes().startswith(start_of_file)


def test_a_run_goes_from_store_to_store(store, tmp_path):
    run, file = add_finished_run(store), str(tmp_path / "run.zip")
    assert call(store, "runs", "export", run.id, "--format", "zip", "--output", file).exit_code == 0
    other = tmp_path / "other"
    assert f"Imported run {run.id}: DIVERGED, 3 steps." in call(other, "runs", "import", file).stdout
    assert RunStore(other).raw_steps(run.id) == store.raw_steps(run.id)
    assert_mistake(call(other, "runs", "import", file), "is already in this store")


def test_mistakes_with_runs(store, tmp_path):
    run = add_finished_run(store)
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(b"PK\3\4 and then nothing")
    assert_mistake(call(store, "runs", "import", str(damaged)), "not a zip file")
    assert_mistake(call(store, "runs", "import", str(tmp_path / "none.zip")), "does not exist")
    assert_mistake(call(store, "runs", "show", "../../etc"), "'../../etc' is not a run id")
    assert_mistake(call(store, "runs", "show", "0" * 26), "there is no run 0000")
    assert_mistake(call(store, "runs", "export", run.id, "--format", "xls"), "'xls' is not one of")
    assert_mistake(
        call(store, "runs", "export", run.id, "--format", "zip", "--table", "steps"), "--table goes"
    )
    assert_mistake(call(tmp_path / "none", "runs", "show", run.id), "there is no store in")
    nowhere = str(tmp_path / "none" / "run.csv")
    assert_mistake(
        call(store, "runs", "export", run.id, "--output", nowhere), f"{nowhere} cannot be written: No such"
    )
