"""Weights of runs: taken out of one, begun with by another, which keeps them through every death."""

import io
import json
import signal
import sqlite3
import time
import zipfile

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch.nn import functional as F

from resnet_core.config import from_flat
from resnet_core.data.sets import load_images
from resnet_core.models import build_model
from resnet_core.records import Phase, encode_step
from resnet_core.runs import checkpoint_files, places, worker
from resnet_core.runs.archive import pack_run, unpack_run
from resnet_core.runs.origin import NOTE, Origin, plain_name, read_origin
from resnet_core.runs.store import RunStore, StoreError
from resnet_core.runs.worker import run_worker, train_in_foreground
from resnet_core.weights import WeightsError, import_weights
from tests.core.command_line import assert_mistake, call, start
from tests.core.zips import assert_refused, contents, with_sums

TINY = {"depth": 8, "width": 2, "batch": 8, "steps": 12, "eval_every": 5, "eval_images": 50}
TINY |= {"checkpoint_every": 3}
CONFIG = from_flat(TINY)
OPTIONS = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]


@pytest.fixture(autouse=True)
def _torch_as_before(monkeypatch):
    monkeypatch.setattr(worker, "_prefer_to_be_killed", lambda: None)
    threads, is_strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(is_strict)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> RunStore:
    """A store with one run of another seed, and its weights beside it."""
    store = RunStore(tmp_path_factory.mktemp("trained"))
    run = train_in_foreground(store, from_flat(TINY | {"seed": 5}))
    exported = call(store, "weights", "export", run.id, str(store.root / "net.safetensors"))
    assert exported.exit_code == 0, exported.stderr
    return store


@pytest.fixture
def file(trained):
    return trained.root / "net.safetensors"


def numbers(store: RunStore, run_id: str) -> list[bytes]:
    """Every number of a run but the time it took."""
    steps = [encode_step(record)[1] for record in store.steps(run_id)]
    return [numbers[:12] + numbers[16:] for numbers in steps]


def weights(store: RunStore, run_id: str, step: int) -> dict[str, bytes]:
    path = places.checkpoints_folder(store.folder(run_id)) / str(step) / "model.safetensors"
    return {name: array.tobytes() for name, array in load_file(path).items()}


def set_starting(store: RunStore) -> None:
    with sqlite3.connect(store.catalog_path) as connection:
        connection.execute("UPDATE runs SET phase = 'STARTING', finished = NULL")
    connection.close()


# Out.


def test_the_newest_weights_are_written_as_the_run_left_them(trained, file):
    run = trained.runs()[0]
    assert {name: array.tobytes() for name, array in load_file(file).items()} == weights(trained, run.id, 12)


def test_the_weights_of_any_checkpoint_can_be_had(tmp_path, trained):
    run = trained.runs()[0]
    told = call(trained, "weights", "export", run.id, str(tmp_path / "a.safetensors"), "--step", "3")
    assert "step 3" in told.stdout
    found = load_file(tmp_path / "a.safetensors")
    assert {name: array.tobytes() for name, array in found.items()} == weights(trained, run.id, 3)


def test_what_cannot_be_exported_is_said_in_a_sentence(tmp_path, trained, store):
    run, target = trained.runs()[0], str(tmp_path / "a.safetensors")
    there = "it has those of 0, 3, 6, 9, 12"
    assert_mistake(
        call(trained, "weights", "export", run.id, target, "--step", "4"), "no weights of step 4", there
    )
    assert_mistake(call(trained, "weights", "export", "0" * 26, target), "there is no run")
    assert_mistake(
        call(trained, "weights", "export", run.id, str(tmp_path / "no" / "a")), "cannot be written"
    )
    assert_mistake(call(tmp_path / "nowhere", "weights", "export", run.id, target), "there is no store")
    empty = store.add_race([CONFIG])[0]
    assert_mistake(call(store, "weights", "export", empty.id, target), "has no weights yet")
    assert not (tmp_path / "a.safetensors").exists()


def test_damaged_weights_stay_at_home(tmp_path, store):
    run = train_in_foreground(store, CONFIG)
    path = places.checkpoints_folder(store.folder(run.id)) / "12" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    told = call(store, "weights", "export", run.id, str(tmp_path / "a"))
    assert_mistake(told, "the weights of run", "at step 12 are damaged; choose another step")
    assert call(store, "weights", "export", run.id, str(tmp_path / "a"), "--step", "9").exit_code == 0


# In.


def test_a_run_begins_with_the_loss_of_the_weights_it_is_given(store, file):
    told = call(store, "train", *OPTIONS, "--weights", str(file), "--json")
    assert told.exit_code == 0, told.stderr
    run = store.run(json.loads(told.stdout)["run_id"])
    network = build_model(CONFIG.model, 1, 10, seed=0, side=16)
    import_weights(network, file)
    images = load_images(CONFIG.data, torch.device("cpu"))
    pictures, labels = images.batch(CONFIG.data, CONFIG.seed, 0, CONFIG.training.batch)
    loss = F.cross_entropy(network.train()(images.normalize(pictures)), labels).item()
    record = store.steps(run.id)[0]
    assert record.loss == np.float32(loss)
    assert run.phase is Phase.DONE
    assert weights(store, run.id, 0) == {n: array.tobytes() for n, array in load_file(file).items()}
    assert read_origin(store.folder(run.id)).file == "net.safetensors"


def test_other_weights_are_another_run(store, file):
    given = train_in_foreground(store, CONFIG, weights=file)
    usual = train_in_foreground(store, CONFIG)
    assert numbers(store, given.id)[0] != numbers(store, usual.id)[0]
    assert read_origin(store.folder(usual.id)) is None


def test_a_run_given_its_own_initial_weights_is_the_same_run(tmp_path, store):
    usual = train_in_foreground(store, CONFIG)
    target = tmp_path / "first.safetensors"
    assert call(store, "weights", "export", usual.id, str(target), "--step", "0").exit_code == 0
    given = train_in_foreground(store, CONFIG, weights=target)
    assert numbers(store, given.id) == numbers(store, usual.id)
    assert weights(store, given.id, 12) == weights(store, usual.id, 12)


def test_show_says_what_a_run_began_with(store, file):
    run = train_in_foreground(store, CONFIG, weights=file)
    assert "the weights of net.safetensors" in call(store, "runs", "show", run.id).stdout
    usual = train_in_foreground(store, CONFIG)
    assert "began with" not in call(store, "runs", "show", usual.id).stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--depth=14"], "missing: layer1.1.conv1.weight"),
        (["--width=4"], "other shapes: conv1.weight is (2, 1, 3, 3) in the file and (4, 1, 3, 3)"),
        (["--skip=gated"], "missing: layer1.0.gate.weight"),
        (["--family=vgg", "--depth=11"], "missing: features.0.weight"),
    ],
)
def test_weights_of_another_network_are_refused_and_no_run_is_made(store, file, options, words):
    told = call(store, "train", *OPTIONS, *options, "--weights", str(file), "--json")
    assert_mistake(told, "net.safetensors does not fit this network", words)
    assert store.runs() == []
    assert list((store.root / "runs").iterdir()) == []


def test_a_file_of_something_else_is_refused(tmp_path, store):
    (tmp_path / "a").write_bytes(b"nothing of the kind")
    assert_mistake(call(store, "train", *OPTIONS, "--weights", str(tmp_path / "a")), "not a safetensors file")
    told = call(store, "train", *OPTIONS, "--weights", str(tmp_path / "nowhere"))
    assert (told.exit_code, "does not exist" in told.stderr) == (2, True)
    assert store.runs() == []


def test_a_plain_net_takes_the_weights_of_its_residual_twin(store, file):
    run = train_in_foreground(store, from_flat(TINY | {"skip": "none"}), weights=file)
    assert run.phase is Phase.DONE


# Kept.


@pytest.mark.parametrize("step", [0, 4, 11])
def test_a_run_that_is_interrupted_goes_on_bit_for_bit(tmp_path, file, step):
    whole, broken = RunStore(tmp_path / "whole"), RunStore(tmp_path / "broken")
    at_step = lambda record: record.step == step and signal.raise_signal(signal.SIGTERM)  # noqa: E731
    expected = train_in_foreground(whole, CONFIG, weights=file)
    run = train_in_foreground(broken, CONFIG, at_step, weights=file)
    assert run.phase is Phase.QUEUED
    broken.catalog.claim([run.id])
    run_worker(broken.root, run.id)
    assert broken.run(run.id).phase is Phase.DONE
    assert numbers(broken, run.id) == numbers(whole, expected.id)
    assert weights(broken, run.id, 12) == weights(whole, expected.id, 12)


def test_a_run_that_is_killed_goes_on_bit_for_bit(store, file):
    config = from_flat(TINY | {"steps": 200, "eval_every": 200})
    expected = train_in_foreground(store, config, weights=file)
    more = ["--steps=200", "--eval-every=200", "--weights", str(file), "--store", str(store.root)]
    process = start("train", *OPTIONS, *more)
    try:
        while process.poll() is None and (len(store.runs()) < 2 or not store.runs()[0].steps_done):
            time.sleep(0.01)
    finally:
        process.kill()
        told = process.communicate()
    assert process.returncode == -signal.SIGKILL, told
    run = store.runs()[0]
    assert run.phase is Phase.RUNNING
    store.catalog.restart(run)
    run_worker(store.root, run.id)
    assert store.run(run.id).phase is Phase.DONE
    assert numbers(store, run.id) == numbers(store, expected.id)


def test_a_run_that_is_killed_before_its_first_step_begins_with_them_all_the_same(store, file, monkeypatch):
    monkeypatch.setattr(worker, "_work", lambda *args: None)  # killed as soon as the catalog has it
    run = train_in_foreground(store, CONFIG, weights=file)
    assert run.phase is Phase.STARTING
    monkeypatch.undo()
    monkeypatch.setattr(worker, "_prefer_to_be_killed", lambda: None)
    run_worker(store.root, run.id)
    expected = train_in_foreground(store, CONFIG, weights=file)
    assert numbers(store, run.id) == numbers(store, expected.id)


def test_a_run_that_can_only_start_over_starts_over_with_them(store, file):
    run = train_in_foreground(store, CONFIG, weights=file)
    expected, folder = numbers(store, run.id), places.checkpoints_folder(store.folder(run.id))
    for step in (3, 6, 9, 12):
        (folder / str(step) / "model.safetensors").write_bytes(b"torn")
    assert checkpoint_files.resumable_steps(folder) == []  # the optimizer's file of step 0 is not kept
    set_starting(store)
    run_worker(store.root, run.id)
    assert store.run(run.id).phase is Phase.DONE
    assert numbers(store, run.id) == expected


@pytest.mark.parametrize("damage", ["torn", "exchanged", "gone"])
def test_a_run_whose_first_weights_are_lost_never_begins_with_others(store, file, damage):
    run = train_in_foreground(store, CONFIG, weights=file)
    folder = places.checkpoints_folder(store.folder(run.id))
    for step in (0, 3, 6, 9, 12):
        path = folder / str(step) / "model.safetensors"
        if damage == "torn":
            path.write_bytes(path.read_bytes()[:-1])
        elif damage == "gone":
            path.unlink()
    if damage == "exchanged":
        for step in (3, 6, 9, 12):
            (folder / str(step) / "meta.json").unlink()
        other = train_in_foreground(store, CONFIG)
        theirs = places.checkpoints_folder(store.folder(other.id)) / "0"
        for name in ("model.safetensors", "meta.json"):
            (folder / "0" / name).write_bytes((theirs / name).read_bytes())
        store.delete(other.id)
    set_starting(store)
    run_worker(store.root, run.id)
    found = store.run(run.id)
    assert found.phase is Phase.FAILED
    assert found.reason == (
        "the weights of net.safetensors that this run began with are damaged or gone; "
        "begin a new run with that file"
    )


def test_damaged_numbers_of_a_run_that_has_only_begun_are_done_again(store, file):
    at_first = lambda record: signal.raise_signal(signal.SIGTERM)  # noqa: E731
    expected = train_in_foreground(store, CONFIG, weights=file)
    run = train_in_foreground(store, CONFIG, at_first, weights=file)
    (places.checkpoints_folder(store.folder(run.id)) / "1" / "model.safetensors").unlink()
    places.metrics_file(store.folder(run.id)).write_bytes(b"garbage" * 2000)
    store.catalog.claim([run.id])
    run_worker(store.root, run.id)
    assert numbers(store, run.id) == numbers(store, expected.id)


def test_nothing_is_left_in_the_catalog_when_the_weights_cannot_be_kept(store, file, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("resnet_core.runs.checkpoints.write_checkpoint", full)
    with pytest.raises(StoreError, match="cannot be written: No space left on device"):
        train_in_foreground(store, CONFIG, weights=file)
    assert store.runs() == []


# On the way to another machine.


@pytest.fixture(scope="module")
def zipped(trained, tmp_path_factory) -> bytes:
    home = RunStore(tmp_path_factory.mktemp("home"))
    run = train_in_foreground(home, CONFIG, weights=trained.root / "net.safetensors")
    return pack_run(home, run.id)


def test_a_zip_of_a_run_says_what_it_began_with(store, zipped):
    run = unpack_run(store, zipped)
    origin = read_origin(store.folder(run.id))
    meta = checkpoint_files.read_meta(places.checkpoints_folder(store.folder(run.id)), 0)
    assert origin == Origin(file="net.safetensors", sha256=meta["files"]["model.safetensors"]["sha256"])
    assert NOTE in zipfile.ZipFile(io.BytesIO(zipped)).namelist()


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (b"", "weights.json in the zip is damaged"),
        (b"{}", "weights.json in the zip is damaged"),
        (json.dumps({"file": "<script>", "sha256": "0" * 64}).encode(), "weights.json in the zip is damaged"),
        (
            json.dumps({"file": "a", "sha256": "0" * 64}).encode(),
            "belongs to other weights than those of step 0",
        ),
        (b'{"file": "' + b"a" * 10_000 + b'"}', "weights.json in the zip is damaged"),
    ],
)
def test_a_note_that_is_wrong_is_refused(store, zipped, note, words):
    assert_refused(store, with_sums(contents(zipped) | {NOTE: note}), words)


def test_a_name_is_kept_without_what_a_page_would_take_for_more():
    assert plain_name("net v2 (best).safetensors") == "net v2 (best).safetensors"
    assert plain_name("<b>x²\x1b[31m.safetensors") == "_b_x___31m.safetensors"
    assert len(plain_name("a" * 500)) == 200


def test_a_damaged_note_at_home_ends_the_run_with_a_sentence(store, file):
    run = train_in_foreground(store, CONFIG, weights=file)
    (store.folder(run.id) / NOTE).write_bytes(b"\0\0")
    folder = places.checkpoints_folder(store.folder(run.id))
    for step in (9, 12):
        (folder / str(step) / "optimizer.safetensors").unlink()
    set_starting(store)
    run_worker(store.root, run.id)
    assert store.run(run.id).phase is Phase.FAILED
    assert "is damaged: it does not name the weights of step 0" in store.run(run.id).reason


def test_an_error_about_weights_is_a_value_error():
    assert issubclass(WeightsError, ValueError)


def test_a_file_of_the_right_form_with_no_finite_number_makes_a_run_that_diverges(tmp_path, store, file):
    broken = {n: np.full_like(a, np.nan) if n == "conv1.weight" else a for n, a in load_file(file).items()}
    save_file(broken, tmp_path / "nan.safetensors")
    run = train_in_foreground(store, CONFIG, weights=tmp_path / "nan.safetensors")
    assert run.phase is Phase.DIVERGED
    assert run.reason == "the loss stopped being finite at step 0, first in layer conv1"
