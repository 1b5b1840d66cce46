"""The loops we compare with: what a tutorial writes, in plain PyTorch, on our model and settings."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.config import RunConfig
from resnet_core.models import build_model


def network_and_optimizer(config: RunConfig, device: torch.device) -> tuple[nn.Module, torch.optim.Optimizer]:
    """Our network with the optimizer that a textbook makes for it."""
    info, training = config.data.info, config.training
    model = build_model(config.model, info.channels, len(info.classes), config.seed, config.data.side).to(
        device
    )
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=training.learning_rate,
        momentum=training.momentum,
        nesterov=training.momentum > 0,
        weight_decay=training.weight_decay,
    )
    return model, optimizer


def textbook_steps(
    config: RunConfig, batches: Iterator[tuple[Tensor, Tensor]], device: torch.device
) -> Iterator[Tensor]:
    """One training step for each of `batches`; yields its loss. Nothing is measured, kept or told."""
    model, optimizer = network_and_optimizer(config, device)
    for images, labels in batches:
        with plain_torch():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
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
