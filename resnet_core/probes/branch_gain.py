"""What multiplies a branch last: SkipInit's and ReZero's alpha, Fixup's scale, or the gamma of its last norm.

SkipInit: De & Smith 2020 (arXiv:2002.10444). ReZero: arXiv:2003.04887. Fixup: arXiv:1901.09321. B = blocks.
"""

import numpy as np
import torch
from torch import nn

from resnet_core.architecture import Unit
from resnet_core.architecture.plan import NORMS
from resnet_core.probes.probe import Probe


class BranchGain(Probe):
    """Sizes (B,): |alpha|, or the mean |gamma| over channels; NaN where a unit has neither.

    With pre-activation the last norm stands before the last convolution. A network in which nothing learned
    multiplies a branch has no reading.
    """

    quantities = ("branch_gain",)

    def attach(self, network: nn.Module) -> list:
        units = network.plan.skip_units if hasattr(network, "plan") else ()
        factors = [_last_factor(unit) for unit in units]
        self._weights = [None if name is None else network.get_submodule(name).weight for name in factors]
        return []

    @torch.no_grad()
    def read(self) -> np.ndarray:
        there = [i for i, weight in enumerate(self._weights) if weight is not None]
        sizes = np.full(len(self._weights), np.nan)
        if there:
            weights = [self._weights[i] for i in there]
            sums = torch.stack(torch._foreach_norm(weights, 1)).double().cpu().numpy()
            sizes[there] = sums / [weight.numel() for weight in weights]
        return sizes

    def readings(self) -> dict[str, np.ndarray]:
        return super().readings() if any(weight is not None for weight in self._weights) else {}


def _last_factor(unit: Unit) -> str | None:
    """The name of the last operation of the branch that multiplies it by something learned."""
    names = [op.name for op in unit.branches[0].ops if op.kind in ("scale", *NORMS)]
    return names[-1] if names else None
