"""How the variance of the signal grows through the depth.

V = places, B = batch, C = channels, S = side. In training mode: BN uses the batch's statistics.
"""

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.architecture.plan import WEIGHTED
from resnet_core.config import ModelConfig
from resnet_core.findings import Variance
from resnet_core.laws import law_of, why_no_law
from resnet_core.models.layout import layout_of

UNKNOWN = "No law is looked for without the settings of the network."


@torch.no_grad()
def variance(network: nn.Module, pictures: Tensor, model: ModelConfig | None = None) -> Variance:
    """Variances in float64 over `pictures` (B, C, S, S), all channels and pixels, and the law of `model`.

    The places are the outputs of all units but the last: x_0, x_1, ... With no skip anywhere they are those
    of all layers but the last, before norm and activation. The law is that of initial values, whatever the
    weights are now. BN's running statistics move as in any forward pass.
    """
    seen = _at_units(network, pictures) if network.plan.skip_units else _at_layers(network, pictures)
    law = law_of(model) if model else None
    with np.errstate(all="ignore"):
        expected = law.expected(network.plan, model, seen.first) if law else [np.nan] * len(seen.places)
    return Variance(
        places=np.array(seen.places),
        depths=np.array(seen.depths),
        variances=np.array(seen.variances),
        branch_variances=np.array(seen.branch_variances),
        law=np.array(expected),
        law_name=np.array(law.name if law else ""),
        law_about=np.array(law.about if law else why_no_law(model) if model else UNKNOWN),
    )


class _Seen:
    def __init__(self) -> None:
        self.places: list[str] = []
        self.depths: list[int] = []
        self.variances: list[float] = []
        self.branch_variances: list[float] = []
        self.first = np.empty(0)  # (S, S) or (): the mean square around the mean at the first place

    def add(self, place: str, depth: int, signal: Tensor, branch: Tensor | None = None) -> None:
        if not self.places:
            self.first = _wide(signal - signal.mean()).square().mean((0, 1)).cpu().numpy()
        self.places.append(place)
        self.depths.append(depth)
        self.variances.append(_variance(signal))
        self.branch_variances.append(np.nan if branch is None else _variance(branch))


def _at_units(network: nn.Module, x: Tensor) -> _Seen:
    seen, depth = _Seen(), 0
    for unit, module in zip(network.plan.units[:-1], network.units, strict=False):
        x = module.begin(x)
        parts = module.ways(*[x] * len(unit.paths))
        branch = module.merged_parts(*parts)[1] if unit.has_skip else None
        x, depth = module.end(*parts), depth + unit.depth
        seen.add(unit.name or unit.stage, depth, x, branch)
    return seen


def _at_layers(network: nn.Module, pictures: Tensor) -> _Seen:
    signals: dict[str, Tensor] = {}
    handles = [
        network.get_submodule(op.name).register_forward_hook(_keep_in(signals, op.name))
        for op in network.plan.ops
        if op.kind in WEIGHTED
    ]
    try:
        network(pictures)
    finally:
        for handle in handles:
            handle.remove()
    seen = _Seen()
    for layer in layout_of(network).layers[:-1]:
        seen.add(layer.name, layer.depth, signals[layer.name])
    return seen


def _keep_in(signals: dict[str, Tensor], name: str):
    def hook(module: nn.Module, inputs: tuple, output: Tensor) -> None:
        signals[name] = output

    return hook


def _variance(signal: Tensor) -> float:
    return _wide(signal).var(correction=0).item()


def _wide(signal: Tensor) -> Tensor:
    return signal if signal.device.type == "mps" else signal.double()
