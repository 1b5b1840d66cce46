"""How much each block does to what passes it: sizes and directions of branch and shortcut at the merge.

Jastrzebski et al. 2018 (arXiv:1710.04773, section 4.2): ||F(x)|| / ||x|| and the cosine of F(x) and the
gradient of the loss. Huang et al. 2016 (arXiv:1603.09382): the share of the shortcut, S / (S + R).
B = pictures, C = channels, S = side. In training mode: BN uses the batch's statistics.
"""

from itertools import accumulate
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.architecture import Unit
from resnet_core.architecture.plan import NORMS
from resnet_core.findings import Blocks
from resnet_core.probes import BranchGain, attached


class _Seam(NamedTuple):
    """One unit's input, and what its shortcut and its branch bring to the merge; (B, ...) each."""

    x: Tensor
    shortcut: Tensor
    branch: Tensor


def blocks(network: nn.Module, pictures: Tensor, labels: Tensor) -> Blocks:
    """One row a unit with a skip, for `pictures` (B, C, S, S) and `labels` (B,); none in a plain network.

    F(x) is what the branch brings to the merge, with its gate and its factors; what stands against it in the
    ratio and in the share is what the shortcut brings. The cosine is with the whole gradient of the loss at
    the unit's input, a mean over the pictures for which neither is 0: NaN where F(x) has another shape (a new
    stage, a concatenation). Gains are `BranchGain`'s. BN's running statistics move as in any forward pass.
    """
    seams, gradients = _seams_and_gradients(network, pictures, labels)
    units = network.plan.skip_units
    depths = {unit.name: d for unit, d in zip(network.plan.units, _depths(network), strict=True)}
    gammas = np.array([_gammas(network, unit) for unit in units]).reshape(len(units), 3)
    return Blocks(
        blocks=np.array([unit.name for unit in units], dtype=str),
        depths=np.array([depths[unit.name] for unit in units], dtype=int),
        ratios=np.array([_ratio(seam) for seam in seams]),
        cosines=np.array([_cosine(seam.branch, g) for seam, g in zip(seams, gradients, strict=True)]),
        shortcut_shares=np.array([_shortcut_share(seam) for seam in seams]),
        gains=_gains(network),
        alphas=np.array([_alpha(network, unit) for unit in units]),
        gamma_lows=gammas[:, 0],
        gamma_highs=gammas[:, 1],
        gamma_sizes=gammas[:, 2],
    )


def _seams_and_gradients(
    network: nn.Module, pictures: Tensor, labels: Tensor
) -> tuple[list[_Seam], tuple[Tensor, ...]]:
    seams, x = [], pictures.detach().requires_grad_()
    for unit, module in zip(network.plan.units, network.units, strict=True):
        if unit.has_skip:
            ways = module.ways(*[module.begin(x)] * len(unit.paths))
            seams.append(_Seam(x, *module.merged_parts(*ways)))
            x = module.end(*ways)
        else:
            x = module(x)
    if not seams:
        return [], ()
    gradients = torch.autograd.grad(F.cross_entropy(x, labels), [seam.x for seam in seams])
    return [_Seam(*map(_as_rows, seam)) for seam in seams], tuple(map(_as_rows, gradients))


def _as_rows(tensor: Tensor) -> Tensor:
    # In float64, since squares of float32 overflow above 1e19 and vanish below 1e-23.
    return tensor.detach().cpu().double().flatten(1)


def _depths(network: nn.Module) -> list[int]:
    return list(accumulate(unit.depth for unit in network.plan.units))


def _ratio(seam: _Seam) -> float:
    return (seam.branch.norm(dim=1) / seam.shortcut.norm(dim=1)).mean().item()


def _cosine(branch: Tensor, gradient: Tensor) -> float:
    if branch.shape != gradient.shape:
        return np.nan
    lengths = branch.norm(dim=1), gradient.norm(dim=1)
    has_directions = (lengths[0] != 0) & (lengths[1] != 0)
    # One after the other: the product of two tiny lengths can be 0.
    cosines = (branch * gradient).sum(1) / lengths[0] / lengths[1]
    return cosines[has_directions].mean().item()


def _shortcut_share(seam: _Seam) -> float:
    shortcut, branch = (part.std(correction=0).item() for part in (seam.shortcut, seam.branch))
    return shortcut / (shortcut + branch) if shortcut + branch else np.nan


def _gains(network: nn.Module) -> np.ndarray:
    probe = BranchGain()
    with attached([probe], network):
        return probe.read()


def _alpha(network: nn.Module, unit: Unit) -> float:
    scales = [op.name for op in unit.branches[0].ops if op.kind == "scale"]
    return network.get_submodule(scales[-1]).weight.item() if scales else np.nan


def _gammas(network: nn.Module, unit: Unit) -> tuple[float, float, float]:
    """Smallest, largest, mean size."""
    norms = [op.name for op in unit.branches[0].ops if op.kind in NORMS]
    if not norms:
        return np.nan, np.nan, np.nan
    gamma = network.get_submodule(norms[-1]).weight.detach().cpu().double()
    return gamma.min().item(), gamma.max().item(), gamma.abs().mean().item()
