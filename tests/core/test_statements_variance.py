"""How signals grow and fade with depth at the start, in multilayer perceptrons of width 512.

A layer of a ReLU stack multiplies E[z^2] by n_in Var(W) / 2: 1 with He's values, 1/2 with Glorot's, 1/6 with
PyTorch's. Residual units add 1 to the variance behind a batch normalisation (De & Smith 2020,
arXiv:2002.10444), and double it without.
"""

import math

import pytest
import torch
from torch import Tensor, nn

from resnet_core.architecture.mlp import mlp_plan
from resnet_core.config import ModelConfig
from resnet_core.instruments.variance import variance
from resnet_core.models.initial import set_initial_values
from resnet_core.models.network import Network

WIDTH, BATCH, SEEDS = 512, 256, (0, 1, 2)


def built(seed: int, **flat) -> Network:
    """A network that is wider than any in the app."""
    model = ModelConfig.model_construct(family="mlp", width=WIDTH, **flat)
    network = Network(mlp_plan(model, (WIDTH,), num_classes=10))
    set_initial_values(network, model, seed)
    return network


def signals(variance: float = 1.0) -> Tensor:
    drawn = torch.randn(BATCH, WIDTH, generator=torch.Generator().manual_seed(0))
    return drawn * math.sqrt(variance)


def found_in(network: Network, pictures: Tensor) -> tuple[list[float], list[float]]:
    """Var x_0, Var x_1, ... and Var F_1, Var F_2, ...; of a plain network those behind each linear layer."""
    found = variance(network, pictures)
    return found.variances.tolist(), found.branch_variances[1:].tolist()


HALF = signals(variance=0.5)  # He's values double what has not been through a ReLU


@pytest.mark.parametrize(("init", "factor"), [("he", 1), ("glorot", 1 / 2), ("pytorch", 1 / 6)])
def test_a_layer_multiplies_the_signal_by_the_factor_of_its_initial_values(init, factor):
    found = []
    for seed in SEEDS:
        network = built(seed, depth=22, skip="none", norm="none", init=init)
        for module in network.modules():
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
        variances, _ = found_in(network, signals())
        assert len(variances) == 21
        found.append((variances[-1] / variances[0]) ** (1 / 20))
    assert sum(found) / len(SEEDS) == pytest.approx(factor, rel=0.05)


@pytest.mark.parametrize("block", ["single", "basic"])
@pytest.mark.parametrize("seed", SEEDS)
def test_with_batch_normalisation_the_variance_is_l_plus_1(block, seed):
    xs, branches = found_in(built(seed, depth=42, order="pre", block=block), HALF)
    assert len(xs) == len(branches) + 1 == (41 if block == "single" else 21)
    assert xs == pytest.approx(list(range(1, len(xs) + 1)), rel=0.1)
    shares = [branch / x for branch, x in zip(branches, xs[:-1], strict=True)]
    assert shares == pytest.approx([1 / count for count in range(1, len(xs))], rel=0.1)


@pytest.mark.parametrize("block", ["single", "basic"])
def test_without_normalisation_a_block_doubles_the_variance(block):
    found = []
    for seed in SEEDS:
        xs, _ = found_in(built(seed, depth=22, order="pre", norm="none", block=block), HALF)
        found.append((xs[-1] / xs[0]) ** (1 / (len(xs) - 1)))
    assert 1.83 <= sum(found) / len(SEEDS) <= 2.02
    assert found == pytest.approx([2] * len(SEEDS), rel=0.05)


def test_without_branches_nothing_grows():
    xs, branches = found_in(built(0, depth=22, order="pre", norm="none", init="skipinit"), HALF)
    assert xs == [xs[0]] * len(xs)
    assert not any(branches)
