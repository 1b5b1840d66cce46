"""BN whose statistics are held at those of one batch: a network whose answer to a picture is its own.

B = batch, C = channels, S = side. Running statistics would not do: at step 0 they are 0 and 1, which no layer
has, and the signal through a deep network would say more about them than about its weights.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@torch.no_grad()
def settled(network: nn.Module, pictures: Tensor) -> nn.Module:
    """A copy of `network` in evaluation mode, whose BN divides by the deviations in `pictures` (B, C, S, S).

    For those pictures it answers what it would in training mode, but that nothing is dropped by chance.
    """
    copy = deepcopy(network, _shared(network)).eval()
    norms = [module for module in copy.modules() if isinstance(module, _BatchNorm)]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0  # nothing of what was there before is left
    handles = [norm.register_forward_hook(_without_bessel) for norm in norms]
    copy(pictures)
    for handle in handles:
        handle.remove()
    return copy.eval()


def _shared(network: nn.Module) -> dict[int, object]:
    """What both have: a plan never changes, and copying one takes longer than copying the weights."""
    plan = getattr(network, "plan", None)
    return {} if plan is None else {id(plan): plan}


def _without_bessel(norm: _BatchNorm, inputs: tuple[Tensor], output: Tensor) -> None:
    """Training divides by the biased variance and keeps the unbiased one."""
    count = inputs[0].numel() // inputs[0].shape[1]
    norm.running_var.mul_((count - 1) / count)
