"""Gradients at the start, at the width and depth of the paper: three ways to fail, and the one that is flat.

With 32 pictures of 32 x 32: without BN PyTorch's values vanish to zero, with BN a plain net explodes towards
its input, skips without BN blow up forwards. Only with both are the first and the last layer within reach.
"""

from functools import lru_cache

import numpy as np
import pytest
import torch

from resnet_core.config import ModelConfig
from resnet_core.instruments.profile import profile
from resnet_core.models import build_model
from tests.core.twins import pictures


@lru_cache
def measured(**flat) -> tuple[float, np.ndarray]:
    """The loss, and the gradient norm of each 3 x 3 convolution from the stem to the last."""
    network = build_model(ModelConfig(width=16, **flat), 3, 10, seed=0)
    found = profile(network, pictures(32, side=32), torch.arange(32) % 10)
    return float(found.loss), found.gradients[found.kinds == "conv"]


def test_without_bn_the_gradient_of_a_deep_plain_net_vanishes_to_nothing():
    _, norms = measured(depth=56, skip="none", norm="none", init="pytorch")
    assert norms[0] < 1e-20
    assert (norms[:5] < 1e-20).all()
    assert norms[-1] > 1e-3


def test_without_bn_and_with_20_layers_it_is_a_millionth():
    _, norms = measured(depth=20, skip="none", norm="none", init="pytorch")
    # Four seeds on CIFAR-10: 8e-8 to 5e-7.
    assert 1e-9 < norms[0] / norms[-1] < 1e-6


def test_without_bn_and_with_152_layers_it_is_zero_in_every_number():
    # With 56 layers it is about 1e-23, whose square is 0 in float32: a norm summed up in float32 says 0.
    network = build_model(ModelConfig(depth=152, width=4, skip="none", norm="none", init="pytorch"), 3, 10, 0)
    found = profile(network, pictures(4, side=8), torch.arange(4))
    assert not found.gradients[:20].any()
    assert found.gradients[-1] > 1e-3


def test_with_bn_the_gradient_of_a_deep_plain_net_explodes_towards_the_input():
    _, norms = measured(depth=56, skip="none", norm="batch", init="he")
    assert norms[0] / norms[-1] > 100
    thirds = [np.median(third) for third in np.array_split(norms, 3)]
    assert thirds[0] > 3 * thirds[1] > 9 * thirds[2]


@pytest.mark.parametrize(("init", "reach"), [("pytorch", 10), ("he", 25)])
def test_with_bn_and_skips_the_first_and_the_last_layer_are_in_reach_of_each_other(init, reach):
    # Four seeds on CIFAR-10, Fashion-MNIST and noise: 1 to 7 with PyTorch's values, 7 to 18 with He's.
    _, residual = measured(depth=56, skip="identity", norm="batch", init=init)
    _, plain = measured(depth=56, skip="none", norm="batch", init=init)
    assert 1 / reach < residual[0] / residual[-1] < reach
    assert plain[0] / plain[-1] > 10 * residual[0] / residual[-1]


def test_depth_hurts_the_plain_net_and_not_the_residual_one():
    ratios = {
        (depth, skip): norms[0] / norms[-1]
        for depth in (20, 56)
        for skip in ("none", "identity")
        for _, norms in [measured(depth=depth, skip=skip, norm="batch", init="he")]
    }
    assert ratios[56, "none"] > 10 * ratios[20, "none"]
    assert ratios[56, "identity"] < 10 * ratios[20, "identity"]


def test_skips_without_bn_blow_up_forwards():
    loss, _ = measured(depth=56, skip="identity", norm="none", init="he")
    assert loss > 100
    others = (("identity", "batch", "he"), ("none", "none", "pytorch"), ("none", "batch", "he"))
    losses = [measured(depth=56, skip=skip, norm=norm, init=init)[0] for skip, norm, init in others]
    assert losses == pytest.approx([2.3] * 3, abs=1.0)
