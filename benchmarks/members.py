"""A training step of each member of the family against a textbook implementation of the same network.

The textbook's side is the code that the lab exports: a plain module with the same values. Both sides go
through the same loop, so that the networks are compared and nothing else; `step` tells what watching costs.
"""

from collections.abc import Callable
from itertools import count
from types import ModuleType

import torch
from torch import Tensor, nn

from benchmarks.peers import network_of, one_batch, textbook_steps
from benchmarks.settings import QUICK, endless_run
from benchmarks.table import Row
from benchmarks.turns import take_turns
from resnet_core.code import model_code
from resnet_core.config import RunConfig
from resnet_core.device import make_deterministic, pick_device

BOUND = 1.10
SECONDS = 12  # for each member
CALLS = 4  # steps of each side in a round
BATCH = 32

MEMBERS: dict[str, dict[str, object]] = {
    "plain-56": {"depth": 56, "skip": "none"},
    "ResNet-56": {"depth": 56},
    "ResNet-56 v2": {"depth": 56, "order": "pre"},
    "Highway-56": {"depth": 56, "skip": "gated", "block": "single"},
    "DenseNet-40": {"depth": 40, "skip": "dense"},
    "MLP-50": {"depth": 50, "family": "mlp"},
    "AlexNet": {"depth": 8, "family": "alexnet"},
    "VGG-19": {"depth": 19, "family": "vgg"},
    "GoogLeNet": {"depth": 22, "family": "googlenet"},
}


def measure(quick: bool = False) -> list[Row]:
    make_deterministic(threads=1)
    device, seconds = pick_device(), SECONDS * (QUICK if quick else 1)
    return [
        compare(name, endless_run(batch=BATCH, **settings), device, seconds)
        for name, settings in MEMBERS.items()
    ]


def compare(name: str, config: RunConfig, device: torch.device, seconds: float) -> Row:
    """Time of a step of our network over that of the textbook's, each with the same batch and optimizer."""
    turns = take_turns([lab_step(config, device), textbook_step(config, device)], seconds, device, CALLS)
    ratio = turns.ratio(0, 1)
    textbook = 1000 * turns.wall[:, 1].mean() / CALLS
    processor = f", {turns.processor_ratio(0, 1):.3f} in processor time" if device.type == "cpu" else ""
    return Row(
        f"step of {name} / of a textbook's",
        ratio.median,
        "x",
        ratio.half,
        BOUND,
        note=f"{name}: a textbook's step of {config.training.batch} pictures takes {textbook:.1f} ms; "
        f"{len(turns.wall)} rounds of {CALLS} steps of each{processor}.",
    )


def textbook_network(config: RunConfig, device: torch.device) -> nn.Module:
    """The network of the code that the lab exports."""
    info, module = config.data.info, ModuleType("textbook")
    code = model_code(config.model, info.channels, len(info.classes), config.data.side, config.seed)
    exec(code, module.__dict__)
    return module.build_network().to(device)


def lab_step(config: RunConfig, device: torch.device) -> Callable[[], object]:
    """A step of our network, which also draws what chance brings to it."""
    network, steps = network_of(config, device), count()
    losses = textbook_steps(config, one_batch(config, device), device, network)

    def step() -> Tensor:
        network.draw_chances(config.seed, next(steps))
        return next(losses)

    return step


def textbook_step(config: RunConfig, device: torch.device) -> Callable[[], object]:
    losses = textbook_steps(config, one_batch(config, device), device, textbook_network(config, device))
    return lambda: next(losses)
