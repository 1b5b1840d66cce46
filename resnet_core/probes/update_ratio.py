"""How far one step moves each layer: ||new weight - old weight|| / ||old weight||."""

import numpy as np
import torch
from torch import nn

from resnet_core.models.layout import weights
from resnet_core.probes.gradient_norm import norms
from resnet_core.probes.probe import Probe


class UpdateRatio(Probe):
    """Ratios (L,), read after the update. From zero weights: infinity, or NaN when they stay."""

    moment = "update"
    quantities = ("update_ratio",)

    @torch.no_grad()
    def attach(self, network: nn.Module) -> list:
        self._weights = weights(network)
        self._before = [weight.detach().clone() for weight in self._weights]
        return []

    @torch.no_grad()
    def read(self) -> np.ndarray:
        moved = torch._foreach_sub([weight.detach() for weight in self._weights], self._before)
        with np.errstate(divide="ignore", invalid="ignore"):
            return norms(moved) / norms(self._before)
