"""The L2 norm of each layer's weight gradient, and how many of its values are not finite."""

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.models.layout import weights
from resnet_core.probes.probe import Probe


class GradientNorm(Probe):
    """Norms (L,) in float64: squares of float32 overflow above 1e19 and vanish below 1e-23."""

    quantities = ("gradient_norm",)

    def attach(self, network: nn.Module) -> list:
        self._weights = weights(network)
        return []

    def read(self) -> np.ndarray:
        return norms([weight.grad for weight in self._weights])

    def readings(self) -> dict[str, np.ndarray]:
        found = super().readings()
        values = found["gradient_norm"]
        if not np.isfinite(values).all():  # a finite norm proves that every value is finite: no count needed
            found["nonfinite_gradients"] = self.count_nonfinite()
        else:
            found["nonfinite_gradients"] = np.zeros_like(values)
        return found

    def count_nonfinite(self) -> np.ndarray:
        """How many values of each layer's gradient are NaN or infinite, (L,) float32."""
        counts = torch.stack([(~torch.isfinite(weight.grad)).sum() for weight in self._weights])
        return counts.cpu().numpy().astype(np.float32)


@torch.no_grad()
def norms(tensors: list[Tensor]) -> np.ndarray:
    """L2 norms of many tensors in one pass, accumulated in float64 (float32 on devices without it)."""
    dtype = None if tensors[0].device.type == "mps" else torch.float64
    return torch.stack(torch._foreach_norm(tensors, 2, dtype=dtype)).cpu().numpy()
