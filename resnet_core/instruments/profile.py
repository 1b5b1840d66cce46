"""The gradient of the loss at every weight and at what every layer hands on, against depth.

L = layers, B = batch, C = channels, S = side. In training mode: BN uses the batch's statistics.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.findings import Profile
from resnet_core.models.layout import activations, layout_of, weights
from resnet_core.probes.gradient_norm import norms


def profile(network: nn.Module, pictures: Tensor, labels: Tensor) -> Profile:
    """L2 norms in float64 for `pictures` (B, C, S, S) and `labels` (B,); leaves every `.grad` as it was.

    BN's running statistics move as in any forward pass.
    """
    layers, tensors = layout_of(network).layers, weights(network)
    signals: dict[nn.Module, Tensor] = {}
    modules = activations(network)
    handles = [module.register_forward_hook(_keep_in(signals)) for module in set(modules)]
    try:
        loss = F.cross_entropy(network(pictures), labels)
    finally:
        for handle in handles:
            handle.remove()
    handed_on = [signals[module] for module in modules]
    found = torch.autograd.grad(loss, [*tensors, *handed_on])
    return Profile(
        layers=np.array([layer.name for layer in layers]),
        kinds=np.array([layer.kind for layer in layers]),
        depths=np.array([layer.depth for layer in layers]),
        gradients=norms(found[: len(tensors)]),
        weights=norms([tensor.detach() for tensor in tensors]),
        sizes=np.array([tensor.numel() for tensor in tensors]),
        signal_gradients=norms(found[len(tensors) :]),
        signals=norms([signal.detach() for signal in handed_on]),
        signal_sizes=np.array([signal.numel() for signal in handed_on]),
        loss=np.float64(loss.item()),
    )


def _keep_in(signals: dict[nn.Module, Tensor]):
    def hook(module: nn.Module, inputs: tuple, output: Tensor) -> None:
        signals[module] = output

    return hook
