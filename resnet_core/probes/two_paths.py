"""The gradient that reaches the input of each block, by its two ways (He et al. 2016, arXiv:1603.05027).

B = blocks. In training mode: BN uses the batch's statistics.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.architecture import Unit
from resnet_core.probes.probe import Probe


class TwoPaths(Probe):
    """Readings (3, B): the L2 norm of the part through the shortcut and of all else, and their cosine.

    A projection, a scale and a dropout on the shortcut count as shortcut, gates as branch. The cosine is NaN
    where either part is 0. A plain network has no reading.

    Each way starts with an alias of x. Autograd takes nodes from the latest to the earliest, and an alias is
    made right before what used x, so that gradients still add up in the same order: bit-equal.
    """

    quantities = ("shortcut_gradient", "branch_gradient", "path_cosine")

    def attach(self, network: nn.Module) -> list:
        units = network.plan.skip_units if hasattr(network, "plan") else ()
        self._forks = [_Fork(len(unit.paths)) for unit in units]
        pairs = zip(units, self._forks, strict=True)
        return [handle for unit, fork in pairs for handle in _watch(network, unit, fork)]

    def read(self) -> np.ndarray:
        return torch.stack([fork.compared().cpu() for fork in self._forks], 1).double().numpy()

    def readings(self) -> dict[str, np.ndarray]:
        return super().readings() if self._forks else {}


class _Fork:
    """Adds up what comes back on each way; compares, and lets go of it, as soon as all has come."""

    def __init__(self, paths: int):
        self._awaited, self._came, self._compared = paths, {}, None

    def receive(self, is_shortcut: bool, gradient: Tensor) -> None:
        gradient = gradient.detach()
        self._came[is_shortcut] = (
            self._came[is_shortcut] + gradient if is_shortcut in self._came else gradient
        )
        self._awaited -= 1
        if not self._awaited:
            self._compared, self._came = norms_and_cosine(self._came[True], self._came[False]), {}

    def compared(self) -> Tensor:
        return torch.full((3,), torch.nan) if self._compared is None else self._compared


def _watch(network: nn.Module, unit: Unit, fork: _Fork) -> list:
    handles, merge = [], network.get_submodule(unit.merge_name)
    for index, path in enumerate(unit.paths):
        receive = partial(fork.receive, path.role == "shortcut")
        # Without an operation of its own, a way begins where it ends: at the merge.
        first = network.get_submodule(path.ops[0].name) if path.ops else merge
        handles.append(first.register_forward_pre_hook(_alias(0 if path.ops else index, receive)))
    return handles


def _alias(index: int, receive: Callable[[Tensor], None]):
    def hook(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        if not inputs[index].requires_grad:
            return inputs
        start = inputs[index].view_as(inputs[index])
        start.register_hook(receive)
        return *inputs[:index], start, *inputs[index + 1 :]

    return hook


@torch.no_grad()
def norms_and_cosine(one: Tensor, other: Tensor) -> Tensor:
    """||one||, ||other|| and their cosine, (3,) in float64 (float32 on devices without it).

    The cosine is NaN where either is 0 or not finite.
    """
    dtype = torch.float32 if one.device.type == "mps" else torch.float64
    one, other = one.flatten().to(dtype), other.flatten().to(dtype)
    lengths = torch.linalg.vector_norm(one), torch.linalg.vector_norm(other)
    # One after the other: the product of two tiny lengths can be 0.
    return torch.stack([*lengths, one.dot(other) / lengths[0] / lengths[1]])
