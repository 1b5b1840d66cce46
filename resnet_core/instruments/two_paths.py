"""The gradient at the input of every block, split into what comes through the shortcut and all else.

He et al. 2016 (arXiv:1603.05027): dE/dx = dE/dy (1 + dF/dx) where shortcut and addition are identities.
B = pictures, C = channels, S = side. In training mode: BN uses the batch's statistics.
"""

import numpy as np
from torch import Tensor, nn

from resnet_core.architecture import Unit
from resnet_core.findings import TwoPaths
from resnet_core.instruments.cut import buffers_kept, cuts, gradient_parts
from resnet_core.instruments.whole import relative_error, whole_gradients
from resnet_core.probes.gradient_norm import norms
from resnet_core.probes.two_paths import norms_and_cosine


def two_paths(network: nn.Module, pictures: Tensor, labels: Tensor) -> TwoPaths:
    """Both parts at every unit with a skip, for `pictures` (B, C, S, S) and `labels` (B,).

    What lies on the shortcut (padding, a projection, a scale, dropout) counts as shortcut; the branch and the
    gate count as branch. The whole is measured apart from them, in an ordinary pass. Without a skip anywhere
    all arrays are empty. Leaves weights, buffers and every `.grad` as they were.
    """
    plan = network.plan
    blocks = [index for index, unit in enumerate(plan.units) if unit.has_skip]
    with buffers_kept(network):
        forks = whole_gradients(network, pictures, labels).forks
        found = gradient_parts(cuts(network, pictures), labels)
    parts, whole = ([all_units[index] for index in blocks] for all_units in (found, forks))
    compared = [norms_and_cosine(part.shortcut, part.rest).cpu().numpy() for part in parts]
    shortcut, branch, cosine = np.array(compared, np.float64).reshape(-1, 3).T
    return TwoPaths(
        blocks=np.array([unit.name for unit in plan.skip_units], str),
        depths=np.cumsum([unit.depth for unit in plan.units])[blocks],
        is_identity=np.array([_is_identity(unit) for unit in plan.skip_units], bool),
        shortcut=shortcut,
        branch=branch,
        whole=norms(whole) if blocks else np.empty(0),
        cosine=cosine,
        error=np.array([relative_error(part.total, at) for part, at in zip(parts, whole, strict=True)]),
    )


def _is_identity(unit: Unit) -> bool:
    return not unit.shortcut.ops and unit.merge in ("add", "concatenate")
