"""How far the gates are open: the mean of g at each merge (Srivastava et al. 2015, arXiv:1507.06228).

(1 - g) x + g F(x), or (1 - g) x + F(x) where the gate closes the shortcut only. B = blocks.
"""

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.models.layout import merges
from resnet_core.models.merges import ExclusiveGate, ShortcutGate
from resnet_core.probes.probe import Probe


class Gate(Probe):
    """Means (B,) over the pictures, channels and pixels of the batch; NaN where a unit has no gate.

    A network without gates has no reading.
    """

    quantities = ("gate",)

    def attach(self, network: nn.Module) -> list:
        seams = [module for _, module in merges(network)]
        gated = [i for i, seam in enumerate(seams) if isinstance(seam, ExclusiveGate | ShortcutGate)]
        self._blocks, self._found = len(seams), dict.fromkeys(gated)
        return [seams[i].register_forward_hook(self._watch(i)) for i in gated]

    def read(self) -> np.ndarray:
        means = np.full(self._blocks, np.nan)
        if self._found:
            means[list(self._found)] = torch.stack(list(self._found.values())).double().cpu().numpy()
        return means

    def readings(self) -> dict[str, np.ndarray]:
        return super().readings() if self._found else {}

    def _watch(self, index: int):
        @torch.no_grad()
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            self._found[index] = inputs[-1].mean()

        return hook
