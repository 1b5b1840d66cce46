"""The command line has a sentence for every mistake, and no traceback."""

import json
import sqlite3
import urllib.error
from contextlib import closing

import pytest
from click.testing import Result

from resnet_core.runs.durable import DiskFull
from tests.core.command_line import SMALL, assert_mistake, call


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--depth", "7"], ["depth: 7 is below the smallest possible value, 8"]),
        (["--depth", "4"], ["depth: '4' is below the smallest possible value, 5"]),
        (["--depth", "9999"], ["depth: '9999'", "1202"]),
        (["--depth", "21"], ["depth: 21 is not possible: depths are 6n+2", "the nearest are 20 and 26"]),
        (["--family", "vgg"], ["depth: 56 is not possible: vgg has 11, 13, 16 or 19 layers"]),
        (["--skip", "dense"], ["depth: 56 is not possible: depths are 3n+4", "the nearest are 55 and 58"]),
        (["--family", "mlp", "--depth", "8", "--skip", "dense"], ["an MLP cannot be a DenseNet here"]),
        (["--skip", "none", "--init", "fixup"], ["init: 'fixup' needs skip 'identity' or another one"]),
        (["--survival", "0"], ["survival: '0' must be above 0"]),
        (["--batch", "0"], ["batch: '0'", "1"]),
        (["--batch", "1e9"], ["batch: '1e9'", "1 to 1024"]),
        (["--learning-rate", "nan"], ["learning_rate: 'nan'", "1000"]),
        (["--learning-rate", "-1"], ["learning_rate: '-1'", "0"]),
        (["--dataset", "imagenet"], ["dataset: 'imagenet'", "image sets are fashion-mnist, cifar10"]),
        (["--skip", "maybe"], ["skip: 'maybe'", "'none', 'identity', 'scaled'"]),
        (["--side", "17"], ["side: 17", "16 or 28"]),
        (["--seed", ""], ["seed: ''"]),
        (["--depth", "4", "--batch", "0", "--width", "x"], ["depth: ", "batch: ", "width: "]),
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


def failed_run(store, monkeypatch, error: Exception) -> Result:
    """A run that meets `error` before its first step: exit code 2, and no traceback on the screen."""

    def fail(*arguments: object):
        raise error

    monkeypatch.setattr("resnet_core.runs.live_run.check_free_space", fail)
    result = call(store, "train", *SMALL, "--steps", "9", "--json")
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    return result


def test_a_full_disk_during_the_run(store, monkeypatch):
    result = failed_run(store, monkeypatch, DiskFull("the disk of the store is full; delete some runs"))
    assert "FAILED: 0 of 9 steps. Stopped at step 0: the disk of the store is full" in result.stderr
    told = json.loads(result.stdout)
    assert (told["phase"], told["steps"], told["loss"]) == ("FAILED", 0, None)


def test_an_error_that_nobody_foresaw_is_in_the_log_and_not_on_the_screen(store, monkeypatch):
    result = failed_run(store, monkeypatch, KeyError("unforeseen"))
    assert "An error at step 0: KeyError: 'unforeseen' (the whole of it is in worker.log)" in result.stderr
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
