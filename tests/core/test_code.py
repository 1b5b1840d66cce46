"""Exported code: in a process with PyTorch alone it gives the lab's numbers, bit for bit; it reads well."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
import torch
from hypothesis import Phase, given, settings

from resnet_core.code import model_code
from resnet_core.config import ModelConfig, from_flat
from resnet_core.models import build_model
from resnet_core.models.ops import Chance
from tests.core.random_configs import members

ROOT = Path(__file__).resolve().parents[2]
SEED, SIDE, CHANNELS, CLASSES = 3, 16, 3, 10
RANDOM = 20
CHOICES = ("family", "skip", "gate", "scale_on", "order", "block", "norm", "activation", "shortcut", "init")
NAMED = [
    {"depth": 14},
    {"skip": "none"},
    {"skip": "none", "order": "pre", "block": "triple", "depth": 11},
    {"skip": "scaled", "activation": "tanh"},
    {"skip": "scaled", "scale_on": "both", "survival": 0.5, "init": "skipinit"},
    {"skip": "gated", "block": "single"},
    {"skip": "gated", "gate": "shortcut", "order": "pre", "shortcut": "B", "norm": "group"},
    {"skip": "conv1x1", "order": "pre"},
    {"skip": "dropout", "order": "relu-before", "activation": "gelu"},
    {"skip": "dense", "depth": 10, "growth": 3},
    {"skip": "dense", "depth": 16, "growth": 3, "block": "bottleneck", "compression": 0.5, "norm": "layer"},
    {"order": "pre", "shortcut": "A", "depth": 14},
    {"order": "pre", "shortcut": "B", "block": "bottleneck", "depth": 20},
    {"order": "pre", "shortcut": "C", "norm": "none"},
    {"order": "relu-pre", "shortcut": "C", "init": "glorot"},
    {"order": "bn-after", "shortcut": "B", "activation": "sigmoid"},
    {"block": "bottleneck", "depth": 11, "init": "zero-gamma"},
    {"norm": "none", "init": "fixup"},
    {"norm": "none", "init": "fixup", "block": "triple", "depth": 20, "shortcut": "C"},
    {"norm": "none", "init": "pytorch", "survival": 0.8},
    {"norm": "layer", "init": "skipinit", "order": "post"},
    {"family": "mlp", "depth": 8, "skip": "identity", "norm": "none"},
    {"family": "mlp", "depth": 8, "skip": "conv1x1", "order": "pre", "survival": 0.5},
    {"family": "mlp", "depth": 5, "skip": "gated", "block": "single", "norm": "layer", "init": "glorot"},
    {"family": "alexnet", "depth": 8, "norm": "none"},
    {"family": "vgg", "depth": 11, "norm": "batch"},
    {"family": "vgg", "depth": 19, "norm": "none", "init": "pytorch"},
    {"family": "googlenet", "depth": 22, "width": 8},
    {"gain": 0.3},
    {"norm": "none", "init": "fixup", "gain": 3},
    {"family": "mlp", "depth": 8, "skip": "gated", "gain": 1.5},
    {"family": "vgg", "depth": 11, "init": "pytorch", "gain": 2.5},
]


def named(settings: dict) -> ModelConfig:
    return from_flat({"depth": 8, "width": 4} | settings).model


@cache
def random_models() -> list[ModelConfig]:
    """Twenty different ones, the same every time."""
    found: dict[ModelConfig, None] = {}

    @settings(max_examples=3 * RANDOM, phases=[Phase.generate], derandomize=True, database=None)
    @given(members())
    def collect(flat: dict) -> None:
        found[from_flat(flat).model] = None

    collect()
    return list(found)[-RANDOM:]  # the first ones are the plainest


def case_of(model: ModelConfig) -> dict:
    """The code, and what the lab's network makes of some pictures, at the start and with other weights."""
    draw = torch.Generator().manual_seed(0)
    pictures = torch.randn(3, CHANNELS, SIDE, SIDE, generator=draw)
    network = build_model(model, CHANNELS, CLASSES, SEED, SIDE)
    case = {
        "code": model_code(model, CHANNELS, CLASSES, SIDE, SEED),
        "pictures": pictures,
        "state": {name: value.clone() for name, value in network.state_dict().items()},
    }
    modes = ["eval"] if any(isinstance(module, Chance) for module in network.modules()) else ["eval", "train"]
    logits = {("start", mode): network.train(mode == "train")(pictures).detach() for mode in modes}
    for value in network.state_dict().values():
        if value.is_floating_point():
            value.add_(0.1 * torch.rand(value.shape, generator=draw))
    case["other_state"] = {name: value.clone() for name, value in network.state_dict().items()}
    logits |= {("loaded", mode): network.train(mode == "train")(pictures).detach() for mode in modes}
    return case | {"logits": logits}


@pytest.fixture(scope="module")
def cases() -> list[dict]:
    return [case_of(model) for model in (*random_models(), *map(named, NAMED))]


@pytest.fixture(scope="module")
def answer(cases, tmp_path_factory) -> dict:
    """What a process that has PyTorch alone found."""
    folder = tmp_path_factory.mktemp("exported")
    (folder / "empty").mkdir()
    torch.save(cases, folder / "cases.pt")
    program = Path(__file__).with_name("run_exported.py")
    ended = subprocess.run(
        [sys.executable, "-I", program, folder / "cases.pt"],
        cwd=folder / "empty", capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_every_choice_is_among_the_named_networks():
    models = list(map(named, NAMED))
    for name in CHOICES:
        possible = get_args(ModelConfig.model_fields[name].annotation)
        assert {getattr(model, name) for model in models} == set(possible)


def test_twenty_random_networks_are_of_all_kinds():
    models = random_models()
    assert len(models) == RANDOM
    assert len({model.family for model in models}) >= 4
    assert len({model.skip for model in models if model.family == "resnet"}) >= 3


def test_exported_code_gives_the_same_logits_bit_for_bit_with_torch_alone(answer, cases):
    for case, found in zip(cases, answer["results"], strict=True):
        assert found["problems"] == [], case["code"]
    assert answer["strangers"] == []


def test_exported_code_has_no_line_that_does_nothing(answer, cases):
    for case, found in zip(cases, answer["results"], strict=True):
        lines = case["code"].splitlines()
        assert [lines[number - 1] for number in found["unused"]] == []


def test_exported_code_is_formatted_and_free_of_findings(cases, tmp_path):
    for number, case in enumerate(cases):
        (tmp_path / f"exported{number}.py").write_text(case["code"], encoding="utf-8")
    for command in (["format", "--check"], ["check", "--no-cache"]):
        arguments = [sys.executable, "-m", "ruff", *command, "--config", ROOT / "pyproject.toml", tmp_path]
        ended = subprocess.run(arguments, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout


def test_the_code_names_what_it_is_and_what_it_costs():
    code = model_code(ModelConfig(depth=56, width=16), 3, 10, 32, seed=0)
    assert code.startswith('"""ResNet-56 for 3 x 32 x 32 pictures of 10 classes.\n')
    assert "853,018 parameters" in code
    assert "BLOCKS = 9" in code
    assert "return self.relu2(self.downsample(x) + branch)" in code


def test_exported_gradients_are_the_labs_too():
    # A sum of three gradients depends on its order: a unit with a gate has three ways.
    for skip in ("identity", "gated"):
        model = named({"skip": skip, "depth": 14, "shortcut": "B"})
        names: dict = {}
        exec(model_code(model, CHANNELS, CLASSES, SIDE, SEED), names)
        pictures = torch.randn(3, CHANNELS, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
        gradients = []
        for network in (names["build_network"](), build_model(model, CHANNELS, CLASSES, SEED, SIDE)):
            network(pictures).square().sum().backward()
            gradients.append([parameter.grad for parameter in network.parameters()])
        assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))
