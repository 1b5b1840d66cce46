"""What is left of a map among random weights, and of an answer without the pixels that it points at."""

import numpy as np
import pytest
import torch
from torch import nn

from resnet_core.config import from_flat
from resnet_core.models import build_model
from resnet_core.saliency.perturbation import (
    area,
    blurred,
    class_probabilities,
    partly_changed,
    pixel_counts,
    pixel_order,
)
from resnet_core.saliency.randomization import places_of, rank_correlation, replaced, similarity

MAP = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]])


# maps beside each other


def test_ranks_of_a_map_agree_with_whatever_keeps_their_order():
    assert rank_correlation(MAP, MAP**3) == pytest.approx(1)
    assert rank_correlation(MAP, -MAP) == pytest.approx(-1)
    # Ranks 1 2 3 4 and 1 3 2 4: 1 - 6 (1 + 1) / (4 (16 - 1)) = 0.8.
    assert rank_correlation(np.array([[1.0, 2], [3, 4]]), np.array([[1.0, 3], [2, 4]])) == pytest.approx(0.8)


@pytest.mark.parametrize("other", [np.ones((3, 3)), np.zeros((3, 3)), np.where(MAP == 4, np.nan, MAP)])
def test_a_map_that_says_nothing_has_no_correlation_and_no_similarity(other):
    for one, two in ((MAP, other), (other, MAP)):
        assert np.isnan(rank_correlation(one, two))
        assert np.isnan(similarity(one, two))


def test_similarity_knows_neither_sign_nor_scale():
    assert similarity(MAP, -7 * MAP) == pytest.approx(1)
    assert similarity(MAP, MAP[::-1]) < 0.5


def test_similarity_of_one_window_is_the_formula():
    # 3 x 3 pixels are one window, with c = 0.01^2 and d = 0.03^2:
    # (2 m n + c) (2 s + d) / ((m^2 + n^2 + c) (v + w + d))
    one, two = MAP / 8, np.array([[1.0, 0, 0], [0, 0.5, 0], [0, 0, 0]])
    (v, s), (_, w) = np.cov(one.ravel(), two.ravel())
    m, n = one.mean(), two.mean()
    by_hand = (2 * m * n + 1e-4) * (2 * s + 9e-4) / ((m**2 + n**2 + 1e-4) * (v + w + 9e-4))
    assert similarity(MAP, two * 5) == pytest.approx(by_hand)


def test_maps_too_small_for_a_window_have_no_similarity():
    assert np.isnan(similarity(MAP[:2, :2], MAP[:2, :2]))
    assert similarity(np.arange(16.0).reshape(4, 4), np.arange(16.0).reshape(4, 4)) == 1


# random weights


def test_places_go_from_none_to_all():
    assert places_of(11, 2).tolist() == [0, 11]
    assert places_of(12, 4).tolist() == [0, 4, 8, 12]
    assert places_of(3, 40).tolist() == [0, 1, 2, 3]


def small_network(seed: int) -> nn.Module:
    return build_model(from_flat({"depth": 8, "width": 2}).model, 1, 10, seed, 16)


def test_weights_are_replaced_from_the_classifier_down():
    given, other = small_network(0), small_network(1)
    kept = {name: value.clone() for name, value in given.state_dict().items()}
    two_random = dict(replaced(given, other, 2).named_parameters())
    for name, value in two_random.items():
        from_above = name.startswith(("fc", "layer3.0"))
        whose = other if from_above else given
        assert torch.equal(value, whose.get_parameter(name)), name
    assert not torch.equal(two_random["fc.weight"], given.get_parameter("fc.weight"))
    assert all(torch.equal(value, kept[name]) for name, value in given.state_dict().items())


def test_all_units_replaced_are_the_other_network():
    given, other = small_network(0), small_network(1)
    there = replaced(given, other, len(given.plan.units))
    assert all(torch.equal(there.get_parameter(name), value) for name, value in other.named_parameters())
    assert torch.equal(replaced(given, other, 0).fc.weight, given.fc.weight)


# pixels that go and come


def test_pixels_are_ordered_from_the_highest_and_equal_ones_as_they_are_read():
    assert pixel_order(np.array([[0.0, 2], [2, np.nan]])).tolist() == [1, 2, 0, 3]
    assert pixel_order(np.ones((2, 2))).tolist() == [0, 1, 2, 3]


def test_counts_go_from_no_pixel_to_all():
    assert pixel_counts(256, 17).tolist() == list(range(0, 257, 16))
    assert pixel_counts(9, 3).tolist() == [0, 4, 9]  # 4.5 is rounded to the even number


def test_changed_pixels_are_those_that_come_first():
    before, after = torch.zeros(2, 2, 2), torch.arange(1.0, 9).view(2, 2, 2)
    changed = partly_changed(before, after, np.array([3, 0, 1, 2]), np.array([0, 1, 3, 4]))
    assert changed[:, 0].tolist() == [
        [[0, 0], [0, 0]], [[0, 0], [0, 4]], [[1, 2], [0, 4]], [[1, 2], [3, 4]],
    ]  # fmt: skip
    assert torch.equal(changed[1, 1], torch.tensor([[0.0, 0], [0, 8]]))
    assert torch.equal(changed[-1], after)


class FirstPixels(nn.Module):
    """Logits (w . x, 0) of pictures (B, 1, 2, 2)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logit = x.flatten(1) @ torch.tensor([4.0, 2, 0, -2])
        return torch.stack([logit, torch.zeros_like(logit)], 1)


def test_curves_of_a_linear_network_are_known():
    # Pixels go in the order of their weights, picture of ones: logits 4+2-2 = 4, then 0, -2, -2, 0.
    picture = torch.ones(1, 2, 2)
    counts = pixel_counts(4, 5)
    order = pixel_order(np.array([[4.0, 2], [0, -2]]))
    gone = partly_changed(picture, torch.zeros(1, 2, 2), order, counts)
    curve = class_probabilities(FirstPixels(), gone, 0)
    logits = np.array([4, 0, -2, -2, 0])
    assert curve == pytest.approx(1 / (1 + np.exp(-logits)))
    come = partly_changed(torch.zeros(1, 2, 2), picture, order, counts)  # 0, 4, 6, 6, 4
    assert class_probabilities(FirstPixels(), come, 0) == pytest.approx(
        1 / (1 + np.exp(-np.array([0, 4, 6, 6, 4])))
    )


def test_the_area_is_that_of_trapezia():
    curve = np.array([1.0, 0.5, 0.25, 0.0, 0.0])
    # (1.75 - 1 / 2 - 0 / 2) / 4
    assert area(np.linspace(0, 1, 5), curve) == pytest.approx(0.3125)
    assert area(np.linspace(0, 1, 3), np.ones((4, 3))).tolist() == [1, 1, 1, 1]


def test_a_blurred_picture_keeps_its_mean_and_loses_its_edges():
    picture = torch.zeros(1, 16, 16)
    picture[:, :, 8:] = 1
    smooth = blurred(picture)
    assert smooth.shape == picture.shape
    assert float(smooth.mean()) == pytest.approx(0.5, abs=1e-6)
    assert float(smooth.diff(dim=2).max()) < 0.21  # 1 / (2 sqrt(2 pi)) = 0.1995 a pixel in the middle
    assert torch.allclose(blurred(torch.full((3, 8, 8), 0.7)), torch.tensor(0.7))
