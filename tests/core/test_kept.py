"""What stays until the backward pass, against every tensor that PyTorch saves."""

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

from resnet_core.architecture.kept import kept_values
from resnet_core.config import ModelConfig
from resnet_core.models import build_model
from tests.core.random_configs import members

BATCH = 4


def bytes_saved(network: nn.Module, images: torch.Tensor) -> int:
    """Of every storage that autograd holds, once; not those of the network itself or of the pictures."""
    there = [*network.parameters(), *network.buffers(), images]
    known = {tensor.untyped_storage().data_ptr() for tensor in there}
    held = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        held[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(images)
    return sum(tensor.untyped_storage().nbytes() for at, tensor in held.items() if at not in known)


def bytes_of_statistics(network: nn.Module) -> int:
    """The mean and the deviation that a norm keeps: of a channel, or of a picture's group of channels."""
    found = 0
    for op in network.plan.ops:
        if op.kind == "batch":
            found += 8 * op.inputs[0]
        elif op.kind in ("group", "layer"):
            found += 8 * BATCH * op.groups_of_norm
    return found


@settings(max_examples=100)
@given(members(), st.sampled_from([16, 28]))
@example({"skip": "dense", "depth": 40}, 16)
@example({"skip": "dense", "depth": 22, "block": "bottleneck", "compression": 0.5}, 16)
@example({"depth": 20, "skip": "gated", "gate": "shortcut"}, 16)
@example({"family": "googlenet", "depth": 22, "activation": "gelu"}, 28)
def test_the_estimate_is_what_pytorch_saves_to_the_byte(flat, side):
    network = build_model(ModelConfig(**flat), 1, 10, seed=0, side=side)
    expected = 4 * BATCH * kept_values(network.plan) + bytes_of_statistics(network)
    found = bytes_saved(network, torch.randn(BATCH, 1, side, side))
    assert abs(found - expected) <= 4 * BATCH  # masks of dropout have a byte a value: a quarter is rounded


def test_a_small_network_counted_by_hand():
    # Width 2 on 16 pixels, no norm: what a convolution puts out is not kept, each ReLU's output is.
    # Maps of 2 x 16 x 16 = 512, 4 x 8 x 8 = 256, 8 x 4 x 4 = 128 numbers: the stem and two of each, and
    # the global mean of 8 that the classifier needs.
    plan = build_model(ModelConfig(depth=8, width=2, norm="none"), 1, 10, seed=0, side=16).plan
    assert kept_values(plan) == 512 + 2 * (512 + 256 + 128) + 8
