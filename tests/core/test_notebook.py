"""The notebook: its cells run from top to bottom in a process of their own and train as the lab does."""

import itertools
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from resnet_core.code import model_code, notebook
from resnet_core.config import RunConfig, from_flat
from resnet_core.data.info import SETS
from resnet_core.data.sets import load_images
from resnet_core.runs.places import data_folder
from resnet_core.train import train

ROOT = Path(__file__).resolve().parents[2]
STEPS = 3
SHORT = {
    "depth": 8,
    "width": 4,
    "steps": STEPS,
    "batch": 8,
    "warmup_steps": 1,
    "schedule": "cosine",
    "seed": 5,
}


def notebook_of(config: RunConfig) -> dict:
    return json.loads(notebook(config.model, config.data, config.training, config.seed))


def code_of(document: dict) -> list[str]:
    return [cell["source"] for cell in document["cells"] if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def cifar() -> RunConfig:
    if not (data_folder() / "cifar-10-batches-py").is_dir():
        pytest.skip("CIFAR-10 is not on this machine")
    return from_flat(SHORT | {"dataset": "cifar10", "side": 16, "augment": True})


@pytest.fixture
def one_thread():
    """Sums over more threads round differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_the_cells_train_the_network_to_the_labs_losses(cifar, tmp_path):
    program = "\n\n".join([*code_of(notebook_of(cifar)), "print(repr(losses))"])
    (tmp_path / "cells.py").write_text(program, encoding="utf-8")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", "CUDA_VISIBLE_DEVICES": ""}
    ended = subprocess.run(
        [sys.executable, "-I", "cells.py"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    *_, accuracy, losses = ended.stdout.splitlines()
    assert accuracy.startswith("test accuracy 0.")
    images = load_images(cifar.data, torch.device("cpu"))
    few = replace(images, test_images=images.test_images[:10], test_labels=images.test_labels[:10])
    assert json.loads(losses) == [record.loss for record in train(cifar, images=few)]


@pytest.mark.parametrize("name", SETS)
def test_a_notebook_of_every_set_is_formatted_and_free_of_findings(name, tmp_path):
    schedules = {"linear": 20, "cosine": 0, "constant": 5}
    for (schedule, warmup), side in itertools.product(schedules.items(), SETS[name].sides):
        flat = {"dataset": name, "side": side, "schedule": schedule, "warmup_steps": warmup}
        config = from_flat(SHORT | flat | {"augment": schedule != "constant", "momentum": 0.5 * (warmup > 0)})
        text = notebook(config.model, config.data, config.training, config.seed)
        (tmp_path / f"{schedule}{side}.ipynb").write_text(text, encoding="utf-8")
    for command in (["format", "--check"], ["check", "--no-cache"]):
        arguments = [sys.executable, "-m", "ruff", *command, "--config", ROOT / "pyproject.toml", tmp_path]
        ended = subprocess.run(arguments, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout


def test_a_notebook_is_jupyters_fourth_format_with_named_cells_and_no_outputs():
    document = notebook_of(from_flat(SHORT))
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    names = [cell["id"] for cell in document["cells"]]
    assert len(set(names)) == len(names)
    for cell in document["cells"]:
        has_outputs = cell["cell_type"] == "code"
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | (
            {"execution_count", "outputs"} if has_outputs else set()
        )
        assert cell.get("outputs", []) == []


def test_a_notebook_has_the_code_of_its_network_and_every_setting():
    config = from_flat(SHORT | {"dataset": "cifar10", "learning_rate": 0.07})
    document = notebook_of(config)
    assert model_code(config.model, 3, 10, 16, seed=5).rstrip() in code_of(document)
    title = document["cells"][0]["source"]
    assert title.startswith("# ResNet-8 on CIFAR-10\n")
    for row in ("| width | 4 |", "| learning_rate | 0.07 |", "| schedule | cosine |", "| seed | 5 |"):
        assert row in title


def test_a_notebook_says_where_its_numbers_must_be_others():
    bundled = notebook_of(from_flat(SHORT))
    told = "\n".join(cell["source"] for cell in bundled["cells"] if cell["cell_type"] == "markdown")
    assert "10,000 training and 2,000 test pictures" in told
    assert "are the losses" not in told
    chance = notebook_of(from_flat(SHORT | {"dataset": "cifar10", "survival": 0.5}))
    assert any("PyTorch's own draw" in cell["source"] for cell in chance["cells"][2:])
