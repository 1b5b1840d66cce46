"""What is left of a map among random weights, and of an answer without the pixels that it points at."""

import numpy as np
import pytest
import torch
from torch import nn

from resnet_core.attribution import grad_cam, saliency, usual_layer
from resnet_core.config import from_flat
from resnet_core.instruments.settled import settled
from resnet_core.instruments.subject import Subject, subject_of
from resnet_core.models import build_model
from resnet_core.options import PerturbedOptions, RandomizedOptions
from resnet_core.saliency.gallery import gallery
from resnet_core.saliency.perturbation import (
    area,
    blurred,
    class_probabilities,
    partly_changed,
    perturbed,
    pixel_counts,
    pixel_order,
)
from resnet_core.saliency.randomization import (
    places_of,
    randomized,
    rank_correlation,
    replaced,
    similarity,
)
from tests.core.drawn_set import drawn_set

MAP = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]])
CONFIG = from_flat({"dataset": "shapes", "depth": 8, "width": 4, "batch": 16, "seed": 3})


@pytest.fixture(scope="module")
def subject() -> Subject:
    return subject_of(CONFIG, images=drawn_set(CONFIG.data, 40, 30))


@pytest.fixture
def network(subject) -> nn.Module:
    """As it answers."""
    return settled(subject.network, subject.batch[0])


@pytest.fixture
def picture(subject) -> torch.Tensor:
    """Test picture 2, normalised."""
    return subject.images.normalize(subject.images.test_images[2:3])


def probabilities(network: nn.Module, pictures: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        return network(pictures).softmax(1).numpy()


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


def test_the_map_of_the_last_place_is_that_of_the_random_network(subject, network, picture):
    found = randomized(subject, RandomizedOptions(picture="test:2", target=4, seed=2, places=3))
    assert found.counts.tolist() == [0, 2, 5]  # of conv1, three blocks and the classifier
    assert found.units.tolist() == ["", "layer3.0", "conv1"]
    assert (found.unit, found.seed, found.target) == ("layer3.0", 5, 4)
    other = build_model(CONFIG.model, 3, 10, CONFIG.seed + 2, CONFIG.data.side)
    for asked, map, chance in (
        (network, found.maps[0], found.probabilities[0]),
        (settled(other, subject.batch[0]), found.maps[-1], found.probabilities[-1]),
    ):
        expected = grad_cam(asked, usual_layer(asked), picture, torch.tensor([4]), relu=False)
        assert map.tolist() == expected[0].tolist()
        assert chance == pytest.approx(probabilities(asked, picture)[0, 4])


def test_numbers_beside_the_maps_are_about_the_first(subject):
    found = randomized(subject, RandomizedOptions(places=4))
    for place, map in enumerate(found.maps):
        assert found.signed_rank[place] == rank_correlation(found.maps[0], map)
        assert found.absolute_rank[place] == rank_correlation(np.abs(found.maps[0]), np.abs(map))
        assert found.similarity[place] == similarity(found.maps[0], map)
    assert (found.signed_rank[0], found.absolute_rank[0], found.similarity[0]) == pytest.approx((1, 1, 1))
    assert max(found.signed_rank[1:]) < 0.99


def test_weights_replaced_by_those_of_the_beginning_change_nothing_before_training(subject):
    found = randomized(subject, RandomizedOptions(seed=0, places=3))
    assert np.ptp(found.maps, axis=0).max() == 0
    assert found.similarity.tolist() == pytest.approx([1, 1, 1])


def test_a_method_without_a_unit_has_maps_as_large_as_the_picture(subject, network, picture):
    found = randomized(subject, RandomizedOptions(picture="test:2", target=1, method="saliency", places=2))
    assert (found.unit, found.maps.shape) == ("", (2, 16, 16))
    assert found.maps[0].tolist() == saliency(network, picture, torch.tensor([1]))[0].tolist()


def test_questions_leave_the_network_as_it_was(subject):
    before = {name: value.clone() for name, value in subject.network.state_dict().items()}
    randomized(subject, RandomizedOptions(places=2))
    perturbed(subject, PerturbedOptions(shares=3, orders=1))
    gallery(subject, 20)
    assert subject.network.training
    assert all(parameter.grad is None for parameter in subject.network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in subject.network.state_dict().items())


@pytest.mark.parametrize(
    ("ask", "options"),
    [(randomized, RandomizedOptions(picture="test:2", places=2)),
     (perturbed, PerturbedOptions(picture="test:2", shares=3, orders=1))],
)  # fmt: skip
def test_what_the_network_as_it_is_says_of_the_picture_is_there(subject, network, picture, ask, options):
    found = ask(subject, options)
    assert found.label == subject.images.test_labels[2]
    with torch.no_grad():
        assert found.logits.tolist() == network(picture)[0].tolist()
    assert found.target == found.logits.argmax()


@pytest.mark.parametrize("ask", [
    lambda subject, **options: randomized(subject, RandomizedOptions(**options)),
    lambda subject, **options: perturbed(subject, PerturbedOptions(**options)),
])  # fmt: skip
def test_what_is_not_there_is_a_sentence(subject, ask):
    with pytest.raises(ValueError, match=r"unit: 'layer9\.0' has no feature maps in this network"):
        ask(subject, unit="layer9.0")
    with pytest.raises(ValueError, match="target: 10 is not there; the classes are 0 to 9"):
        ask(subject, target=10)
    with pytest.raises(ValueError, match="picture: 30 is not there; the test pictures are 0 to 29"):
        ask(subject, picture="test:30")


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


def test_curves_go_from_the_picture_to_none_of_it_and_back(subject, network, picture):
    found = perturbed(subject, PerturbedOptions(picture="test:2", target=7, shares=5, orders=2))
    shown = (picture[0], torch.zeros(3, 16, 16), blurred(picture[0]))
    there, none, unclear = probabilities(network, torch.stack(shown))[:, 7]
    for deletion in (found.deletion, *found.random_deletion):
        assert deletion[[0, -1]] == pytest.approx([there, none], rel=1e-5)
    for insertion in (found.insertion, *found.random_insertion):
        assert insertion[[0, -1]] == pytest.approx([unclear, there], rel=1e-5)
    assert found.shares.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.random_deletion.shape == found.random_insertion.shape == (2, 5)
    assert found.random_deletion[0].tolist() != found.random_deletion[1].tolist()


def test_areas_are_those_of_the_curves_and_the_order_is_that_of_the_map(subject, network, picture):
    found = perturbed(subject, PerturbedOptions(picture="test:2", target=7, shares=5, method="saliency"))
    for curve, under in ((found.deletion, found.deletion_area), (found.insertion, found.insertion_area)):
        assert under == pytest.approx((curve.sum() - curve[0] / 2 - curve[-1] / 2) / 4)
    highest = np.argsort(-found.map.ravel(), kind="stable")[:64]
    without = picture.flatten(2).clone()
    without[:, :, highest] = 0
    assert found.deletion[1] == pytest.approx(
        probabilities(network, without.view_as(picture))[0, 7], rel=1e-5
    )


# test pictures


def test_a_gallery_has_what_the_network_says(subject, network):
    found = gallery(subject, 20)
    expected = probabilities(network, subject.images.normalize(subject.images.test_images[:20]))
    assert found.numbers.tolist() == list(range(20))
    assert found.predicted.tolist() == expected.argmax(1).tolist()
    assert found.confidences == pytest.approx(expected.max(1), rel=1e-5)
    assert found.label_probabilities == pytest.approx(expected[range(20), found.labels], rel=1e-5)
    assert found.pictures.shape == (20, 3, 16, 16)
    assert len(gallery(subject, 500).numbers) == 30


def test_an_answer_that_is_not_finite_predicts_nothing(subject):
    lost = replaced(subject.network, subject.network, 0)
    nn.init.constant_(lost.fc.bias, torch.nan)
    found = gallery(Subject(CONFIG, lost, subject.images), 3)
    assert found.predicted.tolist() == [-1, -1, -1]
    assert np.isnan(found.confidences).all()
