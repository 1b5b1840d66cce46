"""One training step through every unit: what each way carries forward, and what comes back on it.

B = pictures, C = channels, S = side, L = layers. In training mode: BN uses the batch's statistics.
"""

import numpy as np
from torch import Tensor, nn

from resnet_core.findings import Motion
from resnet_core.instruments.cut import Cut, Parts, buffers_kept, cuts, gradient_parts
from resnet_core.instruments.whole import whole_gradients
from resnet_core.models.layout import layout_of
from resnet_core.probes.gradient_norm import norms
from resnet_core.probes.two_paths import norms_and_cosine

_FORWARD = ("inputs", "shortcuts", "branches", "outputs")
_BACK = ("gradients_out", "through_shortcut", "through_branch", "cosines")


def slow_motion(network: nn.Module, pictures: Tensor, labels: Tensor) -> Motion:
    """L2 norms over the batch, for `pictures` (B, C, S, S) and `labels` (B,).

    Gates count as branch where a gradient comes back, and on the way there each way is seen behind its gate.
    `gradients_in` and those of the weights are autograd's own, of an ordinary pass; the parts are measured
    apart from them. Leaves weights, buffers and every `.grad` as they were.
    """
    units, layers = network.plan.units, layout_of(network).layers
    with buffers_kept(network):
        whole = whole_gradients(network, pictures, labels)
        walk = cuts(network, pictures)
        parts = gradient_parts(walk, labels)
    homes = {op.name: index for index, unit in enumerate(units) for op in unit.ops}
    return Motion(
        units=np.array(network.plan.unit_names),
        stages=np.array([unit.stage for unit in units]),
        has_skip=np.array([unit.has_skip for unit in units]),
        **_columns(_FORWARD, [_forward(one) for one in walk]),
        **_columns(_BACK, [_back(part) for part in parts]),
        gradients_in=norms(whole.forks),
        weight_layers=np.array([layer.name for layer in layers]),
        weight_gradients=norms(whole.weights),
        weight_units=np.array([homes[layer.name] for layer in layers]),
        loss=np.float64(whole.loss.item()),
    )


def _columns(names: tuple[str, ...], rows: list[list[float]]) -> dict[str, np.ndarray]:
    return dict(zip(names, np.array(rows, np.float64).T, strict=True))


def _forward(one: Cut) -> list[float]:
    shortcut, branch = one.parts()
    x, branch, output = norms([one.starts[1].detach(), branch, one.output.detach()])
    return [x, np.nan if shortcut is None else norms([shortcut])[0], branch, output]


def _back(part: Parts) -> list[float]:
    if part.shortcut is None:
        out, rest = norms([part.out, part.rest])
        return [out, np.nan, rest, np.nan]
    return [norms([part.out])[0], *norms_and_cosine(part.shortcut, part.rest).tolist()]
