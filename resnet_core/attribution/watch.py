"""Outputs of layers and the gradients at them: one pass forward and one back, for all layers at once.

B = pictures, C = channels, h, w = height and width of a layer's output, H, W = of a picture, K = classes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Watched(NamedTuple):
    """What a layer puts out, and the gradient of the explained logits there; the same shape."""

    values: Tensor  # (B, C, h, w), or (B, F) where features have no place
    gradients: Tensor


def watched(model: nn.Module, layers: Sequence[nn.Module], images: Tensor, targets: Tensor) -> list[Watched]:
    """Outputs of `layers`, and the gradients of the logits of `targets` at them.

    `images` are (B, C, H, W), `targets` (B,). Pictures must not mix, so `model` is in evaluation mode: then
    the gradient of the sum over pictures is each picture's own. What lies behind a layer may work in place,
    and the caller may be in `torch.no_grad()`. Zeros where the logits do not depend on a layer. Leaves
    weights, buffers, modes and every `.grad` as they were, and no hook. Raises ValueError in training mode,
    for a class that is not there, and for a layer that takes part not once.
    """
    if not layers:
        return []
    with explaining(model, images) as copies, _outputs_of(layers) as outputs:
        logits = model(copies)
        values = [_only_one(outputs[layer], layer) for layer in layers]
        explained = explained_logits(logits, targets).sum()
        gradients = torch.autograd.grad(explained, values, allow_unused=True, materialize_grads=True)
    return [Watched(value.detach(), gradient) for value, gradient in zip(values, gradients, strict=True)]


@contextmanager
def explaining(model: nn.Module, images: Tensor) -> Iterator[Tensor]:
    """A copy of `images` that wants gradients, wherever the caller is. Raises ValueError in training mode."""
    if model.training:
        raise ValueError(
            "the network is in training mode, in which pictures of a batch change each other's answer; "
            "put it into evaluation mode first, with model.eval()"
        )
    with torch.inference_mode(False), torch.enable_grad():
        yield images.detach().clone().requires_grad_()


def explained_logits(logits: Tensor, targets: Tensor) -> Tensor:
    """Of `logits` (B, K) those of `targets` (B,): (B,). Raises ValueError for a class that is not there."""
    classes = logits.shape[1]
    wrong = targets[(targets < 0) | (targets >= classes)]
    if len(wrong):
        raise ValueError(f"target: {int(wrong[0])} is not there; the classes are 0 to {classes - 1}")
    return logits.gather(1, targets[:, None])[:, 0]


@contextmanager
def _outputs_of(layers: Sequence[nn.Module]) -> Iterator[dict[nn.Module, list[Tensor]]]:
    outputs: dict[nn.Module, list[Tensor]] = {layer: [] for layer in layers}

    def keep(layer: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
        outputs[layer].append(output)
        return output.clone()  # what comes next may overwrite it

    handles = [layer.register_forward_hook(keep) for layer in outputs]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def _only_one(outputs: list[Tensor], layer: nn.Module) -> Tensor:
    if len(outputs) != 1:
        raise ValueError(
            f"layer: this {type(layer).__name__} takes part {len(outputs)} times in a pass; it must be once"
        )
    return outputs[0]
