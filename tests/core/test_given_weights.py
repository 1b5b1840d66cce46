"""A run begins with the weights it is given, and with nothing else of where they come from."""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch.nn import functional as F

from resnet_core.config import from_flat
from resnet_core.data.sets import load_images
from resnet_core.models import build_model
from resnet_core.records import Phase
from resnet_core.runs.origin import read_origin
from resnet_core.runs.store import StoreError
from resnet_core.runs.worker import train_in_foreground
from resnet_core.weights import WeightsError, import_weights
from tests.core.command_line import call
from tests.core.given_weights import CONFIG, OPTIONS, TINY, bits_in, numbers, weights_at

pytestmark = pytest.mark.usefixtures("worker_in_this_process")


def test_a_run_begins_with_the_loss_of_the_weights_it_is_given(store, net_file):
    told = call(store, "train", *OPTIONS, "--weights", str(net_file), "--json")
    assert told.exit_code == 0, told.stderr
    run = store.run(json.loads(told.stdout)["run_id"])
    network = build_model(CONFIG.model, 1, 10, seed=0, side=16)
    import_weights(network, net_file)
    images = load_images(CONFIG.data, torch.device("cpu"))
    pictures, labels = images.batch(CONFIG.data, CONFIG.seed, 0, CONFIG.training.batch)
    loss = F.cross_entropy(network.train()(images.normalize(pictures)), labels).item()
    record = store.steps(run.id)[0]
    assert record.loss == np.float32(loss)
    assert run.phase is Phase.DONE
    assert weights_at(store, run.id, 0) == bits_in(net_file)
    assert read_origin(store.folder(run.id)).file == "net.safetensors"


def test_other_weights_are_another_run(store, net_file):
    given = train_in_foreground(store, CONFIG, weights=net_file)
    usual = train_in_foreground(store, CONFIG)
    assert numbers(store, given.id)[0] != numbers(store, usual.id)[0]
    assert read_origin(store.folder(usual.id)) is None


def test_a_run_given_its_own_initial_weights_is_the_same_run(tmp_path, store):
    usual = train_in_foreground(store, CONFIG)
    target = tmp_path / "first.safetensors"
    assert call(store, "weights", "export", usual.id, str(target), "--step", "0").exit_code == 0
    given = train_in_foreground(store, CONFIG, weights=target)
    assert numbers(store, given.id) == numbers(store, usual.id)
    assert weights_at(store, given.id, 12) == weights_at(store, usual.id, 12)


def test_a_plain_net_takes_the_weights_of_its_residual_twin(store, net_file):
    run = train_in_foreground(store, from_flat(TINY | {"skip": "none"}), weights=net_file)
    assert run.phase is Phase.DONE


def test_a_file_of_the_right_form_with_no_finite_number_makes_a_run_that_diverges(tmp_path, store, net_file):
    tensors = load_file(net_file)
    tensors["conv1.weight"][:] = np.nan
    save_file(tensors, tmp_path / "nan.safetensors")
    run = train_in_foreground(store, CONFIG, weights=tmp_path / "nan.safetensors")
    assert run.phase is Phase.DIVERGED
    assert run.reason == "the loss stopped being finite at step 0, first in layer conv1"


def test_nothing_is_left_in_the_catalog_when_the_weights_cannot_be_kept(store, net_file, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("resnet_core.runs.checkpoints.write_checkpoint", full)
    with pytest.raises(StoreError, match="cannot be written: No space left on device"):
        train_in_foreground(store, CONFIG, weights=net_file)
    assert store.runs() == []


def test_an_error_about_weights_is_a_value_error():
    assert issubclass(WeightsError, ValueError)
