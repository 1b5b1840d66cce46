"""The networks. `build_model` turns a `ModelConfig` into a module with torchvision's names."""

import torch
from torch import nn

from resnet_core.config import ModelConfig
from resnet_core.models.initial import set_initial_values
from resnet_core.models.residual import CifarNet

__all__ = ["build_model"]


def build_model(model: ModelConfig, in_channels: int, num_classes: int, seed: int) -> nn.Module:
    """The network of `model` for pictures (B, in_channels, S, S); its logits are (B, num_classes).

    Initial values are a function of (seed, parameter name): two networks share every parameter they have in
    common, bit for bit. The global random state is neither read nor changed.
    """
    with torch.random.fork_rng(devices=[]):  # PyTorch's modules draw values of their own when they are made
        network = CifarNet(model, in_channels, num_classes)
    set_initial_values(network, model, seed)
    return network
