"""Laws of shattered gradients: their algebra, and which networks follow them."""

import numpy as np
import pytest
import torch

from resnet_core.instruments.correlation_laws import (
    DEPTHS,
    KINDS,
    Kind,
    corrected_law,
    correlation_laws,
    correlations,
    law,
)

PLAIN, RESIDUAL, RESIDUAL_BN = (
    Kind("plain", False, "none"), Kind("residual", True, "none"), Kind("residual, BN", True, "BN"),
)  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return correlation_laws(seeds=4)


def row(found, name: str) -> int:
    return found.names.tolist().index(name)


def test_laws_by_hand():
    # 1/2, 1/4, 1/8; 3/4, 9/16, 27/64; (3/2)/2, times (5/2)/3, times (7/2)/4
    depths = np.array([1, 2, 3])
    np.testing.assert_allclose(law(PLAIN, depths), [1 / 2, 1 / 4, 1 / 8])
    np.testing.assert_allclose(law(RESIDUAL, depths), [3 / 4, 9 / 16, 27 / 64])
    np.testing.assert_allclose(law(RESIDUAL_BN, depths), [3 / 4, 5 / 8, 35 / 64])


def test_the_law_with_skips_and_bn_goes_like_one_over_the_root_of_depth():
    ratio = law(RESIDUAL_BN, np.array([1000, 4000]))
    assert ratio[1] / ratio[0] == pytest.approx(1 / 2, rel=1e-3)


def test_the_corrected_law_falls_with_the_power_0_73():
    # 1 / (2 (1 - 1/pi)) = 0.7335
    ratio = corrected_law(RESIDUAL_BN, np.array([1000, 4000]))
    assert np.log(ratio[0] / ratio[1]) / np.log(4) == pytest.approx(0.7335, rel=0.01)
    assert np.isnan(corrected_law(RESIDUAL, DEPTHS)).all()


@pytest.mark.parametrize("kind", [PLAIN, RESIDUAL, RESIDUAL_BN], ids=lambda kind: kind.name)
def test_networks_whose_relus_are_open_independently_follow_the_law(kind):
    measured = np.mean([_with_independent_relus(kind, seed) for seed in range(3)], axis=0)
    np.testing.assert_allclose(measured, law(kind, np.arange(1, 13)), atol=0.04)


def test_centring_and_bn_make_real_networks_follow_the_law(found):
    for name in ("plain, centred", "plain, BN", "residual, centred"):
        np.testing.assert_allclose(
            found.measured[row(found, name)], found.laws[row(found, name)], atol=0.03, err_msg=name
        )


def test_without_norm_gradients_stay_more_alike_than_the_law_says(found):
    at = DEPTHS.tolist().index(12)
    for name in ("plain", "residual"):
        assert found.measured[row(found, name), at] > 2 * found.laws[row(found, name), at]


def test_with_skips_and_bn_the_corrected_law_holds_and_the_other_is_too_high(found):
    this = row(found, "residual, BN")
    np.testing.assert_allclose(found.measured[this], found.corrected[this], atol=0.015)
    assert (found.measured[this, -3:] < found.laws[this, -3:] - 0.04).all()


def test_arrays_are_as_long_as_networks_and_depths(found):
    shape = (len(KINDS), len(DEPTHS))
    assert found.measured.shape == found.spread.shape == found.laws.shape == found.corrected.shape == shape
    assert found.formulas.tolist() == ["1/2^L"] * 3 + ["(3/4)^L"] * 2 + ["about 1/sqrt(L)"]


def test_the_same_seed_gives_the_same_numbers():
    first, again = (correlations(RESIDUAL_BN, 1, width=16) for _ in range(2))
    assert first.tobytes() == again.tobytes()


def test_correlations_are_those_of_autograds_jacobians_with_statistics_fixed():
    found = correlations(RESIDUAL_BN, seed=2, width=24)
    np.testing.assert_allclose(found[:2], _by_autograd(seed=2, width=24), atol=1e-4)


def _by_autograd(seed: int, width: int) -> list[float]:
    """The slow obvious way, for the first two blocks."""
    draw = torch.Generator().manual_seed(seed)
    inputs = torch.randn(256, width, generator=draw)
    directions = torch.randn(width, 48, generator=draw)
    weights = [torch.randn(width, width, generator=draw) * (2 / width) ** 0.5 for _ in range(2)]
    statistics, h = [], inputs
    for weight in weights:
        statistics.append((h.mean(0), (h.var(0, unbiased=False) + 1e-5).sqrt()))
        h = h + ((h - statistics[-1][0]) / statistics[-1][1]).relu() @ weight.T

    def network(x: torch.Tensor, depth: int) -> torch.Tensor:
        for weight, (mean, std) in zip(weights[:depth], statistics, strict=False):
            x = x + ((x - mean) / std).relu() @ weight.T
        return x

    found = []
    for depth in (1, 2):
        jacobians = [
            torch.autograd.functional.jacobian(lambda x, d=depth: network(x, d), inputs[i]) @ directions
            for i in range(4)
        ]
        pairs = [(a, b) for a in range(4) for b in range(a)]
        cosines = [
            torch.cosine_similarity(jacobians[a].flatten(), jacobians[b].flatten(), 0) for a, b in pairs
        ]
        found.append(torch.stack(cosines).mean().item())
    return found


def _with_independent_relus(kind: Kind, seed: int, width: int = 256, depth: int = 12) -> list[float]:
    """Jacobians at two inputs of networks whose ReLUs are opened by a coin, at each input another one."""
    draw = torch.Generator().manual_seed(seed)
    moves = torch.randn(width, 32, generator=draw).expand(2, -1, -1)
    found = []
    for block in range(1, depth + 1):
        weight = torch.randn(width, width, generator=draw) * (2 / width) ** 0.5
        is_open = torch.rand(2, width, 1, generator=draw) < 0.5
        if kind.is_residual:
            scale = block**-0.5 if kind.norm == "BN" else 1
            moves = moves + weight @ (is_open * moves * scale)
        else:
            moves = is_open * (weight @ moves)
        found.append(torch.cosine_similarity(*moves.flatten(1), 0).item())
    return found
