"""What each layer hands on: mean, standard deviation, and the share of channels that are zero everywhere.

L = layers, B = batch, C = channels. Seen behind the ReLU, in training mode (BN uses the batch's statistics).
"""

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.models.layout import activations
from resnet_core.probes.probe import Probe


class Activations(Probe):
    """Readings (3, L). A unit is a channel; it is dead when no picture of the batch wakes it anywhere."""

    quantities = ("activation_mean", "activation_std", "dead_share")

    def attach(self, network: nn.Module) -> list:
        modules = activations(network)
        self._found: list[Tensor | None] = [None] * len(modules)
        return [module.register_forward_hook(self._watch(i)) for i, module in enumerate(modules)]

    def read(self) -> np.ndarray:
        return torch.stack(self._found).T.double().cpu().numpy()

    def _watch(self, index: int):
        @torch.no_grad()
        def hook(module: nn.Module, inputs: tuple, output: Tensor) -> None:
            std, mean = torch.std_mean(output, correction=0)
            self._found[index] = torch.stack([mean, std, _dead_share(output)])

        return hook


def _dead_share(output: Tensor) -> Tensor:
    others = tuple(d for d in range(output.ndim) if d != 1)
    return (output.amax(dim=others) <= 0).float().mean()
