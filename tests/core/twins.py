"""Our network against another one of the same names: the same logits and gradients from the same weights."""

import torch
from torch import Tensor, nn


def pictures(count: int = 4, channels: int = 3, side: int = 16) -> Tensor:
    """Random ones, the same every time: (count, channels, side, side)."""
    return torch.randn(count, channels, side, side, generator=torch.Generator().manual_seed(0))


def assert_same_network(ours: nn.Module, textbook: nn.Module, images: Tensor, is_training: bool) -> None:
    textbook.load_state_dict(ours.state_dict())  # the same names, each and every one
    found, expected = (network.train(is_training)(images) for network in (ours, textbook))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    for logits in (found, expected):
        logits.logsumexp(1).sum().backward()
    for (name, one), other in zip(ours.named_parameters(), textbook.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-4, msg=name)
