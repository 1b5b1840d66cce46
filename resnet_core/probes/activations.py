"""What each layer hands on: mean, standard deviation, and the share of units that are 0 everywhere.

L = layers, B = batch, C = channels. Seen behind the activation, in training mode (BN uses the batch's
statistics).
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.models.layout import activations
from resnet_core.probes.probe import Probe


class Activations(Probe):
    """Readings (3, L). A unit, a channel or a feature, is dead when it is 0 for every picture everywhere.

    A ReLU does that to it; a GELU or a sigmoid only where float32 ends, a layer without activation only if
    its weights are 0. Tanh and sigmoid saturate, but that is not what is looked for.
    """

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
            self._found[index] = torch.stack(
                [*_mean_and_std(output), _is_dead(module, output).float().mean()]
            )

        return hook


def _mean_and_std(output: Tensor) -> tuple[Tensor, Tensor]:
    # On the CPU std_mean is one scalar loop. Float32 in a picture and float64 over pictures takes an eighth
    # of its time, and is as good while no square overflows or vanishes.
    if output.device.type == "cpu":
        pictures = output.flatten(1)
        mean = pictures.mean(1).double().mean()
        norms = torch.linalg.vector_norm(pictures - mean, dim=1).double()
        std = torch.linalg.vector_norm(norms) / output.numel() ** 0.5
        if 1e-15 < std < 1e15:
            return mean.to(output.dtype), std.to(output.dtype)
    return torch.std_mean(output, correction=0)[::-1]


def _is_dead(module: nn.Module, output: Tensor) -> Tensor:
    is_never_above = _by_unit(torch.amax, output) <= 0
    if isinstance(module, nn.ReLU):
        return is_never_above
    return is_never_above & (_by_unit(torch.amin, output) >= 0)


def _by_unit(extreme: Callable[..., Tensor], output: Tensor) -> Tensor:
    # Pictures first: an extreme of a few pixels at a time is slow.
    found = extreme(output, 0)
    return extreme(found.flatten(1), 1) if found.ndim > 1 else found
