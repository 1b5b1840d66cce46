"""The networks. `build_model` turns a `ModelConfig` into a module with torchvision's names."""

import torch
from torch import nn

from resnet_core.architecture import plan_of
from resnet_core.config import ModelConfig
from resnet_core.models.initial import set_initial_values
from resnet_core.models.network import Network

__all__ = ["build_model"]


def build_model(
    model: ModelConfig, in_channels: int, num_classes: int, seed: int, side: int = 32
) -> nn.Module:
    """The network of `model` for pictures (B, in_channels, side, side); its logits are (B, num_classes).

    Convolutional networks that end in a global mean take other sides as well. Initial values are a function
    of (seed, parameter name): two networks share every parameter they have in common, bit for bit. The global
    random state is neither read nor changed.
    """
    plan = plan_of(model, in_channels, num_classes, side)
    with torch.random.fork_rng(devices=[]):  # PyTorch's modules draw values of their own when they are made
        network = Network(plan)
    set_initial_values(network, model, seed)
    return network
