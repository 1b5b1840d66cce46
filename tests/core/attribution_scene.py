"""Networks whose maps are compared with those of libraries: float64, BN's statistics drawn by chance."""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from resnet_core.config import from_flat
from resnet_core.models import build_model

LAB = {
    "ResNet-20": {"depth": 20, "width": 4},
    "pre-activation": {"depth": 20, "width": 4, "order": "pre"},
    "DenseNet": {"depth": 10, "skip": "dense", "growth": 4},
}
KINDS = (*LAB, "resnet18")


class Scene(NamedTuple):
    """A network in evaluation mode, and what is asked of it."""

    network: nn.Module
    middle: nn.Module  # a layer somewhere inside
    last: nn.Module  # whose output the global mean takes
    images: Tensor  # (B, 3, S, S)
    targets: Tensor


@lru_cache
def scene(kind: str) -> Scene:
    network = _resnet18() if kind == "resnet18" else _lab(LAB[kind])
    network = network.double().eval()
    draw = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.running_mean.normal_(0, 0.3, generator=draw)
            module.running_var.uniform_(0.5, 2, generator=draw)
            module.bias.data.normal_(0, 0.3, generator=draw)
    count, side = (1, 40) if kind == "resnet18" else (2, 16)  # one picture, since a pass takes long
    images = torch.randn(count, 3, side, side, generator=draw, dtype=torch.float64)
    return Scene(network, *_layers(network), images, torch.tensor([3, 7][:count]))


def _lab(flat: dict) -> nn.Module:
    return build_model(from_flat(flat).model, 3, 10, 0, 16)


def _resnet18() -> nn.Module:
    from torchvision.models import resnet18

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return resnet18(num_classes=10)


def _layers(network: nn.Module) -> tuple[nn.Module, nn.Module]:
    if not hasattr(network, "plan"):
        return network.layer1, network.layer4
    ops = list(network.plan.ops)
    mean = next(place for place, op in enumerate(ops) if op.kind == "global mean")
    return network.units[len(network.units) // 2], network.get_submodule(ops[mean - 1].name)
