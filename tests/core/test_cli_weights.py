"""Weights on the command line: taken out of a run, and refused where they do not fit."""

import pytest

from resnet_core.runs import places
from resnet_core.runs.worker import train_in_foreground
from tests.core.command_line import assert_mistake, call
from tests.core.given_weights import CONFIG, OPTIONS, bits_in, weights_at

pytestmark = pytest.mark.usefixtures("worker_in_this_process")


def test_the_newest_weights_are_written_as_the_run_left_them(trained, net_file):
    run = trained.runs()[0]
    assert bits_in(net_file) == weights_at(trained, run.id, 12)


def test_the_weights_of_any_checkpoint_can_be_had(tmp_path, trained):
    run = trained.runs()[0]
    told = call(trained, "weights", "export", run.id, str(tmp_path / "a.safetensors"), "--step", "3")
    assert "step 3" in told.stdout
    assert bits_in(tmp_path / "a.safetensors") == weights_at(trained, run.id, 3)


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


def test_show_says_what_a_run_began_with(store, net_file):
    run = train_in_foreground(store, CONFIG, weights=net_file)
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
def test_weights_of_another_network_are_refused_and_no_run_is_made(store, net_file, options, words):
    told = call(store, "train", *OPTIONS, *options, "--weights", str(net_file), "--json")
    assert_mistake(told, "net.safetensors does not fit this network", words)
    assert store.runs() == []
    assert list((store.root / "runs").iterdir()) == []


def test_a_file_of_something_else_is_refused(tmp_path, store):
    (tmp_path / "a").write_bytes(b"nothing of the kind")
    assert_mistake(call(store, "train", *OPTIONS, "--weights", str(tmp_path / "a")), "not a safetensors file")
    told = call(store, "train", *OPTIONS, "--weights", str(tmp_path / "nowhere"))
    assert (told.exit_code, "does not exist" in told.stderr) == (2, True)
    assert store.runs() == []
