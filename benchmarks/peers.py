"""The loops we compare with: what a tutorial writes, in plain PyTorch, on our settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.config import RunConfig
from resnet_core.data.sets import load_images
from resnet_core.models import build_model


def network_of(config: RunConfig, device: torch.device) -> nn.Module:
    """Our network."""
    info = config.data.info
    network = build_model(config.model, info.channels, len(info.classes), config.seed, config.data.side)
    return network.to(device)


def textbook_optimizer(config: RunConfig, network: nn.Module) -> torch.optim.Optimizer:
    """The optimizer that a textbook makes for a network."""
    training = config.training
    return torch.optim.SGD(
        network.parameters(),
        lr=training.learning_rate,
        momentum=training.momentum,
        nesterov=training.momentum > 0,
        weight_decay=training.weight_decay,
    )


def one_batch(config: RunConfig, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """The first batch of a run, ready on the device, again and again."""
    images = load_images(config.data, device)
    pictures, labels = images.batch(config.data, config.seed, 0, config.training.batch)
    return repeat((images.normalize(pictures), labels))


def textbook_steps(
    config: RunConfig,
    batches: Iterator[tuple[Tensor, Tensor]],
    device: torch.device,
    network: nn.Module | None = None,
) -> Iterator[Tensor]:
    """One training step for each of `batches`; yields its loss. Nothing is measured, kept or told.

    Trains `network`, or ours when it is None.
    """
    network = network or network_of(config, device)
    optimizer = textbook_optimizer(config, network)
    for images, labels in batches:
        with plain_torch():
            optimizer.zero_grad()
            loss = F.cross_entropy(network(images), labels)
            loss.backward()
            optimizer.step()
        yield loss.detach()


@contextmanager
def plain_torch() -> Iterator[None]:
    """PyTorch as it comes, without the mode in which everything repeats bit by bit."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
