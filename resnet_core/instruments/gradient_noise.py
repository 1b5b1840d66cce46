"""How far the gradients of a batch's pictures agree: the norm of their mean over the mean of their norms.

L = layers, B = batch, C = channels, S = side. In training mode: BN normalises the batch together and the loss
of each picture is differentiated by itself, also through the statistics that the others share with it. So
the mean of the gradients is that of the batch's loss. Gradients that all agree give 1, orthogonal ones of
equal norm 1/sqrt(B).
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.findings import GradientNoise
from resnet_core.models.layout import layout_of, weights
from resnet_core.probes.gradient_norm import norms


def gradient_noise(
    network: nn.Module,
    pictures: Tensor,
    labels: Tensor,
    report: Callable[[float], None] = lambda share: None,
) -> GradientNoise:
    """By layer and for the weights of all layers as one, for `pictures` (B, C, S, S) and `labels` (B,).

    NaN where every gradient is 0. Leaves every `.grad` as it was; BN's running statistics move as in any
    forward pass.
    """
    layers, tensors = layout_of(network).layers, weights(network)
    losses = F.cross_entropy(network(pictures), labels, reduction="none")  # (B,)
    total, singles = [torch.zeros_like(tensor) for tensor in tensors], []
    for index, loss in enumerate(losses):
        found = torch.autograd.grad(loss, tensors, retain_graph=index + 1 < len(losses))
        torch._foreach_add_(total, found)
        singles.append(norms(found))
        report((index + 1) / len(losses))
    mean_norms, single_norms = norms(total) / len(losses), np.stack(singles)  # (L,), (B, L)
    whole = np.linalg.norm(single_norms, axis=1).mean()
    return GradientNoise(
        layers=np.array([layer.name for layer in layers]),
        depths=np.array([layer.depth for layer in layers]),
        mean_norms=mean_norms,
        single_norms=single_norms.mean(0),
        common=_share(mean_norms, single_norms.mean(0)),
        common_of_all=_share(np.linalg.norm(mean_norms), whole),
        pictures=np.int64(len(losses)),
    )


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.divide(part, whole)
