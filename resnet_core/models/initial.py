"""Initial values as a function of (seed, parameter name), so that twins share what they have in common.

He: normal with variance 2 / fan_out (He et al. 2015, "Delving deep into rectifiers", as in torchvision).
PyTorch: uniform in +-1/sqrt(fan_in), a variance of 1 / (3 fan_in). The classifier is PyTorch's in both.
"""

import hashlib
import math

import torch
from torch import Tensor, nn

from resnet_core.config import ModelConfig


@torch.no_grad()
def set_initial_values(network: nn.Module, model: ModelConfig, seed: int) -> None:
    """Overwrites every parameter of `network`."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            draw = _he if model.init != "pytorch" and isinstance(module, nn.Conv2d) else _pytorch
            draw(module, name, seed)
        elif isinstance(module, nn.BatchNorm2d):
            is_last_of_branch = name.endswith("bn2")
            module.weight.fill_(0.0 if model.init == "zero-gamma" and is_last_of_branch else 1.0)
            module.bias.zero_()


def _he(module: nn.Conv2d, name: str, seed: int) -> None:
    fan_out = module.out_channels * math.prod(module.kernel_size)
    module.weight.normal_(0.0, math.sqrt(2 / fan_out), generator=_generator(seed, f"{name}.weight"))
    if module.bias is not None:
        module.bias.zero_()


def _pytorch(module: nn.Conv2d | nn.Linear, name: str, seed: int) -> None:
    bound = 1 / math.sqrt(module.weight[0].numel())
    for kind, parameter in module.named_parameters():
        _uniform(parameter, bound, _generator(seed, f"{name}.{kind}"))


def _uniform(parameter: Tensor, bound: float, generator: torch.Generator) -> None:
    parameter.uniform_(-bound, bound, generator=generator)


def _generator(seed: int, name: str) -> torch.Generator:
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
