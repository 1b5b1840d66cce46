"""How much a block does: ||F(x)|| / ||x|| at its addition (Jastrzebski et al. 2018, section 4.2)."""

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.models.layout import merges
from resnet_core.probes.probe import Probe


class BranchRatio(Probe):
    """The ratio of each merge, (B,), a mean over the pictures of the batch. Plain nets have none: (0,).

    x is what the shortcut delivers: the block's input, its projection where the shape changes, what a gate
    lets through. Where channels are concatenated it is all that came before, and F(x) what the layer adds.
    """

    quantities = ("branch_ratio",)

    def attach(self, network: nn.Module) -> list:
        seams = [module for _, module in merges(network)]
        self._found: list[Tensor | None] = [None] * len(seams)
        return [seam.register_forward_hook(self._watch(i)) for i, seam in enumerate(seams)]

    def read(self) -> np.ndarray:
        if not self._found:
            return np.empty(0)
        return torch.stack(self._found).double().cpu().numpy()

    def _watch(self, index: int):
        @torch.no_grad()
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            shortcut, branch = (part.flatten(1).norm(dim=1) for part in module.parts(*inputs))
            self._found[index] = (branch / shortcut).mean()

        return hook
