"""The command line: an option for each setting, one JSON line at the end, a sentence for every mistake."""

import io
import json
import resource
import signal
import sqlite3
import subprocess
import sys
import urllib.error
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from resnet_core.cli import main
from resnet_core.cli.progress import Progress
from resnet_core.config import FLAT, bounds, from_flat
from resnet_core.records import Evaluation, Phase, StepRecord
from resnet_core.runs.durable import DiskFull
from resnet_core.runs.store import RunStore
from tests.core.finished_runs import CONFIG, add_finished_run

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--depth", "8", "--width", "2", "--batch", "4", "--eval-images", "10"]
RESULT = ["run_id", "phase", "reason", "steps", "loss", "test_accuracy", "seconds", "steps_per_second"]


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(tmp_path / "store")


def call(store: RunStore | Path, *arguments: str, answer: str | None = None) -> Result:
    root = store.root if isinstance(store, RunStore) else store
    return CliRunner().invoke(main, [*arguments, "--store", str(root)], input=answer)


def assert_mistake(result: Result, *words: str):
    """Exit code 2, nothing on stdout, and on stderr only sentences."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


def start(*arguments: str) -> subprocess.Popen:
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "resnet_core", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


# options


def test_every_setting_is_an_option_with_its_default_and_bounds():
    told = " ".join(CliRunner().invoke(main, ["train", "--help"], terminal_width=200).stdout.split())
    for name in FLAT:
        assert f"--{name.replace('_', '-')} " in told
        for bound in bounds(name).values():
            assert str(bound) in told
    assert "--depth INTEGER weighted layers, 6n+2 [default: 56; 8 to 1202]" in told
    assert "--skip none|identity" in told
    assert "--augment / --no-augment" in told


@pytest.mark.parametrize("command", [["--help"], ["train", "--help"], ["runs", "list"], ["runs", "--help"]])
def test_help_and_lists_start_at_once_and_without_torch(tmp_path, command):
    store = ["--store", str(tmp_path)] if command[-1] == "list" else []
    program = (
        "import sys; from resnet_core.cli import main; main(sys.argv[1:], standalone_mode=False); "
        "sys.exit(','.join({'torch', 'pandas', 'pyarrow', 'streamlit'} & set(sys.modules)) or 0)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [sys.executable, "-c", program, *command, *store], cwd=ROOT, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0


# train


def test_training_ends_with_one_json_line(store):
    result = call(store, "train", *SMALL, "--steps", "3", "--skip", "none", "--seed", "7", "--no-augment")
    assert result.exit_code == 0
    sentence, line = result.stdout.splitlines()
    told = json.loads(line)
    assert list(told) == RESULT
    run = store.run(told["run_id"])
    assert (run.phase, run.config.seed, run.config.model.skip) == (Phase.DONE, 7, "none")
    last = store.steps(run.id)[-1]
    assert np.float32(told["loss"]) == np.float32(last.loss)
    assert told["steps"] == 3
    assert told["test_accuracy"] == pytest.approx(last.evaluation.accuracy)
    assert told["steps_per_second"] == pytest.approx(3 / told["seconds"], rel=0.1)
    assert sentence.startswith("DONE: 3 of 3 steps, in ")
    assert sentence.endswith(f"Kept as run {run.id} in {store.root}.")


def test_with_json_there_is_nothing_else_on_stdout(store):
    result = call(store, "train", *SMALL, "--steps", "2", "--json")
    assert json.loads(result.stdout)["phase"] == "DONE"
    assert result.stdout.count("\n") == 1


def test_divergence_is_a_result(store):
    result = call(
        store, "train", *SMALL, "--steps", "30", "--norm", "none", "--learning-rate", "1000", "--json"
    )
    assert result.exit_code == 0
    told = json.loads(result.stdout)  # strict: Python's own reader would take NaN, but there is none
    assert "NaN" not in result.stdout
    assert (told["phase"], told["loss"]) == ("DIVERGED", None)
    assert "stopped being finite" in told["reason"]


def test_the_same_command_gives_the_same_losses(store):
    told = [json.loads(call(store, "train", *SMALL, "--steps", "2", "--json").stdout) for _ in range(2)]
    first, second = (store.raw_steps(line["run_id"]) for line in told)
    seconds = 3  # the place of the one number that is allowed to differ
    for (_, _, a), (_, _, b) in zip(first, second, strict=True):
        np.testing.assert_array_equal(
            np.delete(np.frombuffer(a, "<f4"), seconds), np.delete(np.frombuffer(b, "<f4"), seconds)
        )


def test_ctrl_c_stops_the_run_and_keeps_it(store):
    train = start("train", *SMALL, "--steps", "100000", "--store", str(store.root), "--json")
    try:
        while not (runs := store.runs()) or runs[0].steps_done == 0:
            assert train.poll() is None
        train.send_signal(signal.SIGINT)
        stdout, stderr = train.communicate(timeout=60)
    finally:
        train.kill()
    assert train.returncode == 130
    assert "Traceback" not in stderr
    told = json.loads(stdout)
    assert told["phase"] == "STOPPED"
    assert told["steps"] == len(store.steps(told["run_id"])) > 0
    assert f"Kept as run {told['run_id']}" in stderr
    assert store.checkpoints(told["run_id"])[-1] == told["steps"]


# mistakes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--depth", "7"], ["depth: '7'", "8"]),
        (["--depth", "9999"], ["depth: '9999'", "1202"]),
        (["--depth", "21"], ["depth: '21'", "the nearest are 20 and 26"]),
        (["--batch", "0"], ["batch: '0'", "1"]),
        (["--batch", "1e9"], ["batch: '1e9'", "1 to 1024"]),
        (["--learning-rate", "nan"], ["learning_rate: 'nan'", "1000"]),
        (["--learning-rate", "-1"], ["learning_rate: '-1'", "0"]),
        (["--dataset", "imagenet"], ["dataset: 'imagenet'", "image sets are fashion-mnist, cifar10"]),
        (["--skip", "maybe"], ["skip: 'maybe'", "'none' or 'identity'"]),
        (["--side", "17"], ["side: 17", "16 or 28"]),
        (["--seed", ""], ["seed: ''"]),
        (["--depth", "7", "--batch", "0", "--width", "x"], ["depth: ", "batch: ", "width: "]),
        (["--deep", "8"], ["No such option", "--deep"]),
    ],
)
def test_settings_that_cannot_be(store, arguments, words):
    assert_mistake(call(store, "train", *arguments), *words)
    assert store.runs() == []


def test_each_mistake_is_a_line(store):
    told = call(store, "train", "--depth", "7", "--batch", "0").stderr.splitlines()
    assert [line.split(":")[:2] for line in told] == [["Error", " depth"], ["Error", " batch"]]


def test_a_set_that_is_not_there(store, tmp_path, monkeypatch):
    def refuse(*arguments: object, **more: object):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setenv("RESNET_LAB_DATA", str(tmp_path / "images"))
    result = call(store, "train", *SMALL, "--dataset", "cifar10")
    assert_mistake(result, "CIFAR-10", str(tmp_path / "images"), "RESNET_LAB_DATA")
    assert store.runs() == []


def test_a_device_that_is_not_there(store, monkeypatch):
    monkeypatch.setenv("RESNET_LAB_DEVICE", "cuda")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert_mistake(call(store, "train", *SMALL), "device: 'cuda' is not on this machine")


def test_a_run_that_does_not_fit_into_memory_is_refused_with_the_estimate(store, monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 10**8}))
    assert_mistake(call(store, "train", "--depth", "56"), "GB of memory", "0.1 GB is free")
    assert store.runs() == []


def test_a_full_disk_before_the_run(store, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    assert_mistake(call(store, "train", *SMALL), "full", "0 MB free")


def test_a_full_disk_during_the_run(store, monkeypatch):
    def is_full(*arguments: object):
        raise DiskFull("the disk of the store is full; delete some runs")

    monkeypatch.setattr("resnet_core.runs.live_run.check_free_space", is_full)
    result = call(store, "train", *SMALL, "--steps", "9", "--json")
    assert result.exit_code == 2
    assert "FAILED: 0 of 9 steps. Stopped at step 0: the disk of the store is full" in result.stderr
    assert "Traceback" not in result.stderr
    told = json.loads(result.stdout)
    assert (told["phase"], told["steps"], told["loss"]) == ("FAILED", 0, None)


def test_an_error_that_nobody_foresaw_is_in_the_log_and_not_on_the_screen(store, monkeypatch):
    def fail(*arguments: object):
        raise KeyError("unforeseen")

    monkeypatch.setattr("resnet_core.runs.live_run.check_free_space", fail)
    result = call(store, "train", *SMALL, "--steps", "9", "--json")
    assert result.exit_code == 2
    assert "An error at step 0: KeyError: 'unforeseen' (the whole of it is in worker.log)" in result.stderr
    assert "Traceback" not in result.stderr
    log = store.folder(json.loads(result.stdout)["run_id"]) / "worker.log"
    assert "Traceback" in log.read_text()


def test_a_store_that_cannot_be_written(store, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert_mistake(call(store, "train", *SMALL), f"the store {store.root} cannot be written (no permission)")


def test_a_store_of_a_newer_version(store):
    with closing(sqlite3.connect(store.root / "catalog.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    for command in (["train", *SMALL], ["runs", "list"]):
        assert_mistake(call(store, *command), "newer version of ResNet Lab (format 99")


def test_a_worker_has_to_know_what_to_do(store):
    assert_mistake(call(store, "worker"), "either --run ID or --warm")


# runs


def test_an_empty_store_lists_nothing_and_makes_nothing(tmp_path):
    result = call(tmp_path / "none", "runs", "list")
    assert (result.exit_code, result.stdout) == (0, f"No runs in {tmp_path / 'none'} yet.\n")
    assert call(tmp_path / "none", "runs", "list", "--json").stdout == "[]\n"
    assert not (tmp_path / "none").exists()


def test_the_list(store):
    run = add_finished_run(store)
    head, row = call(store, "runs", "list").stdout.splitlines()
    assert head.split() == ["RUN", "PHASE", "STEPS", "TEST", "DEPTH", "SKIP", "DATASET", "SEED", "CREATED"]
    assert row.split()[:8] == [run.id, "DIVERGED", "3/3", "50.0%", "8", "identity", "fashion-mnist", "0"]
    assert head.index("PHASE") == row.index("DIVERGED")
    (told,) = json.loads(call(store, "runs", "list", "--json").stdout)
    assert (told["run_id"], told["settings"]["depth"], told["test_accuracy"]) == (run.id, 8, 0.5)


def test_one_run(store):
    run = add_finished_run(store)
    told = call(store, "runs", "show", run.id).stdout
    facts = dict(line.split(maxsplit=1) for line in told.splitlines() if line)
    assert facts["run"] == run.id
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


# progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def records(count: int) -> list[StepRecord]:
    return [
        StepRecord(i, 2.0, 0.5, 0.1, (i + 1) / 4, Evaluation(0.25, 2, 10) if i == 49 else None)
        for i in range(count)
    ]


def shown(stream: io.StringIO, steps: int) -> str:
    progress = Progress(steps, stream)
    for record in records(steps):
        progress.step(record)
    progress.close()
    return stream.getvalue()


def test_without_a_terminal_there_is_a_line_each_tenth():
    lines = shown(io.StringIO(), 100).splitlines()
    assert len(lines) == 10
    assert lines[0] == "step 10 of 100  loss 2  4.0 steps/s  22 s left"
    assert lines[-1] == "step 100 of 100  loss 2  test accuracy 25.0%  4.0 steps/s"
    assert len(shown(io.StringIO(), 3).splitlines()) == 3


def test_on_a_terminal_one_line_is_rewritten_twice_a_second(monkeypatch):
    clock = iter(range(10_000))
    monkeypatch.setattr("time.monotonic", lambda: next(clock) / 20)  # a look each 50 ms
    text = shown(Terminal(), 100)
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert 5 <= text.count("\r") <= 12
    assert "step 100 of 100" in text.split("\r")[-1]


def test_settings_are_read_by_the_core_alone():
    assert from_flat({"depth": "8", "augment": True}).model.depth == 8
