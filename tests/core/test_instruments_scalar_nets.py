"""Networks of one number: gradients that turn into noise with depth, and how far each network's do."""

import numpy as np
import pytest
import torch
from torch import nn

from resnet_core.instruments.scalar_nets import (
    LAGS,
    NETS,
    ScalarNet,
    autocorrelation,
    outputs_and_slopes,
    scalar_nets,
)

# Autocorrelation of dy/dx at lags 1, 5 and 10, mean of 12 seeds, in another implementation.
MEASURED = {
    ("plain", 1): (0.99, 0.96, 0.92),
    ("plain, biases", 24): (0.87, 0.51, 0.33),
    ("plain, centred", 4): (0.95, 0.77, 0.61),
    ("plain, centred", 10): (0.75, 0.17, 0.04),
    ("plain, centred", 24): (-0.03, 0.00, 0.02),
    ("plain, BN", 4): (0.92, 0.65, 0.40),
    ("plain, BN", 10): (0.47, -0.05, -0.06),
    ("plain, BN", 24): (-0.03, -0.02, -0.02),
    ("ResNet, BN, beta = 0.1", 50): (0.90, 0.59, 0.34),
    ("ResNet, BN, beta = 1", 50): (0.71, 0.20, 0.01),
}


@pytest.fixture(scope="module")
def found():
    return scalar_nets(seeds=16)


def test_every_network_shatters_as_far_as_elsewhere(found):
    assert list(MEASURED) == list(zip(found.names.tolist(), found.depths.tolist(), strict=True))
    at = np.isin(found.lags, (1, 5, 10))
    np.testing.assert_allclose(found.autocorrelation[:, at], list(MEASURED.values()), atol=0.1)


def test_skips_keep_at_50_blocks_what_24_plain_layers_lose(found):
    neighbours = dict(
        zip(zip(found.names, found.depths, strict=True), found.autocorrelation[:, 0], strict=True)
    )
    assert neighbours["ResNet, BN, beta = 0.1", 50] > 0.8
    assert abs(neighbours["plain, BN", 24]) < 0.1


def test_arrays_are_as_long_as_networks_points_and_lags(found):
    nets, points = len(NETS), len(found.grid)
    assert found.slopes.shape == found.outputs.shape == (nets, points)
    assert found.autocorrelation.shape == found.spread.shape == (nets, LAGS) == (nets, len(found.lags))
    assert found.seeds == 16


def test_a_network_without_norm_or_biases_is_two_straight_lines_however_deep():
    _, slopes = outputs_and_slopes(
        ScalarNet("plain", 24, "none"), torch.linspace(-2, 2, 256)[:, None], seed=3
    )
    left, right = slopes[:128], slopes[128:]
    np.testing.assert_allclose(left, left[0], rtol=1e-4)
    np.testing.assert_allclose(right, right[0], rtol=1e-4)
    assert abs(left[0] - right[0]) > 1e-3


def test_slopes_are_those_of_a_textbook_network_in_evaluation_mode():
    grid = torch.linspace(-2, 2, 64)[:, None]
    _, slopes = outputs_and_slopes(ScalarNet("plain, BN", 2, "BN"), grid, seed=5)
    textbook = nn.Sequential(
        nn.Linear(1, 200, bias=False), nn.BatchNorm1d(200, momentum=1.0), nn.ReLU(),
        nn.Linear(200, 200, bias=False), nn.BatchNorm1d(200, momentum=1.0), nn.ReLU(),
        nn.Linear(200, 1, bias=False),
    )  # fmt: skip
    draw = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for layer, variance in ((textbook[0], 2), (textbook[3], 2 / 200), (textbook[6], 1 / 200)):
            inputs, outputs = layer.in_features, layer.out_features
            layer.weight.copy_((torch.randn(inputs, outputs, generator=draw) * variance**0.5).T)
        textbook(grid)  # momentum 1: the running statistics are those of the grid
        for norm in (textbook[1], textbook[4]):
            norm.running_var *= 63 / 64  # PyTorch keeps the unbiased one, and normalises with the other
    x = grid.clone().requires_grad_()
    (expected,) = torch.autograd.grad(textbook.eval()(x).sum(), x)
    np.testing.assert_allclose(slopes, expected[:, 0].numpy(), rtol=1e-3, atol=1e-4)


def test_autocorrelation_of_a_hand_computed_case():
    # The mean is 0 and the variance 1. Lag 1: three products of -1; lag 2: two products of 1.
    np.testing.assert_allclose(autocorrelation(np.array([1.0, -1.0, 1.0, -1.0]), 2), [-1, 1])


def test_a_constant_has_no_autocorrelation():
    assert np.isnan(autocorrelation(np.full(8, 3.0), 2)).all()


def test_the_same_seed_gives_the_same_numbers():
    grid = torch.linspace(-2, 2, 32)[:, None]
    first, again = (outputs_and_slopes(NETS[4], grid, seed=1)[1] for _ in range(2))
    assert first.tobytes() == again.tobytes()


def test_how_far_it_is_is_told_seed_by_seed(monkeypatch):
    monkeypatch.setitem(scalar_nets.__globals__, "NETS", NETS[:1])
    shares = []
    scalar_nets(2, shares.append)
    assert shares == [0.5, 1.0]
