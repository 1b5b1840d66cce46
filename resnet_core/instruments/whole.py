"""The gradient that autograd finds at the fork of each unit, in an ordinary pass through the whole network.

B = pictures, C = channels, S = side, U = units, L = layers.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.models.layout import weights


class Whole(NamedTuple):
    """`forks` are the gradients at x, where the paths of each unit begin."""

    loss: Tensor  # ()
    picture: Tensor  # (B, C, S, S) gradient at the pictures
    forks: tuple[Tensor, ...]  # (U)
    weights: tuple[Tensor, ...]  # (L) in the order of `layout_of`


def whole_gradients(network: nn.Module, pictures: Tensor, labels: Tensor) -> Whole:
    """Of the mean cross-entropy of `pictures` (B, C, S, S), `labels` (B,); leaves every `.grad` as it was."""
    pictures, found = pictures.detach().requires_grad_(), {}
    handles = [_watch(network, index, found) for index in range(len(network.units))]
    try:
        loss = F.cross_entropy(network(pictures), labels)
    finally:
        for handle in handles:
            handle.remove()
    forks, tensors = [found[index] for index in range(len(network.units))], weights(network)
    gradients = torch.autograd.grad(loss, [pictures, *forks, *tensors])
    return Whole(loss.detach(), gradients[0], gradients[1 : 1 + len(forks)], gradients[1 + len(forks) :])


def relative_error(found: Tensor, whole: Tensor) -> float:
    """||found - whole|| / ||whole||; 0 where both are 0."""
    found, whole = (tensor.detach().cpu().double() for tensor in (found, whole))
    distance = torch.linalg.vector_norm(found - whole)
    return float(distance / torch.linalg.vector_norm(whole)) if distance != 0 else 0.0


def _watch(network: nn.Module, index: int, found: dict[int, Tensor]):
    before = network.plan.units[index].before
    if before:
        last = network.get_submodule(before[-1].name)
        return last.register_forward_hook(lambda module, inputs, output: found.update({index: output}))
    unit = network.units[index]
    return unit.register_forward_pre_hook(lambda module, inputs: found.update({index: inputs[0]}))
