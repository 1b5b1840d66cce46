"""How far the gradients of pictures agree: by hand, at its ends, and against a picture at a time."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.nn import functional as F

from resnet_core.architecture.plan import Chain, Plan
from resnet_core.config import ModelConfig, from_flat
from resnet_core.instruments import answer
from resnet_core.instruments.gradient_noise import gradient_noise
from resnet_core.instruments.profile import profile
from resnet_core.models import build_model
from resnet_core.models.layout import weights
from resnet_core.models.network import Network
from resnet_core.questions import question
from tests.core.given_weights import TINY
from tests.core.random_configs import members
from tests.core.twins import pictures

LABELS = torch.tensor([1, 0, 3, 2])


def linear(inputs: int) -> Network:
    """Two logits that are 0 whatever comes in, so that a picture x of class 0 has the gradients -x/2, x/2."""
    head = Chain((inputs,)).linear("fc", 2, bias=False).unit("head")
    network = Network(Plan((inputs,), 2, (head,)))
    nn.init.zeros_(network.fc.weight)
    return network


def network_of(**flat) -> nn.Module:
    return build_model(ModelConfig(**({"depth": 8, "width": 4} | flat)), 3, 10, seed=2, side=16).train()


def test_a_hand_computed_batch():
    # x = (3, 0) and (0, 4), both of class 0: gradients of norm 3 / sqrt 2 and 4 / sqrt 2, at a right angle.
    # Their mean has norm 5 / (2 sqrt 2), and their norms the mean 7 / (2 sqrt 2).
    found = gradient_noise(linear(2), torch.tensor([[3.0, 0.0], [0.0, 4.0]]), torch.tensor([0, 0]))
    assert (found.layers.tolist(), found.depths.tolist(), int(found.pictures)) == (["fc"], [1], 2)
    assert found.mean_norms == pytest.approx([5 / math.sqrt(8)])
    assert found.single_norms == pytest.approx([7 / math.sqrt(8)])
    assert found.common == pytest.approx([5 / 7])
    assert found.common_of_all == pytest.approx(5 / 7)


@pytest.mark.parametrize("count", [2, 4, 9])
def test_gradients_at_right_angles_have_one_over_the_root_of_their_number_in_common(count):
    found = gradient_noise(linear(count), torch.eye(count), torch.zeros(count, dtype=torch.int64))
    assert found.common == pytest.approx([1 / math.sqrt(count)])


def test_opposite_gradients_have_nothing_in_common():
    # Of one picture, once as class 0 and once as class 1.
    found = gradient_noise(linear(2), torch.ones(2, 2), torch.tensor([0, 1]))
    assert found.common == pytest.approx([0.0], abs=1e-7)


def test_equal_pictures_agree_in_all_where_nothing_is_normalised_over_the_batch():
    network = network_of(norm="none")
    found = gradient_noise(network, pictures(1).expand(3, -1, -1, -1), torch.tensor([4, 4, 4]))
    np.testing.assert_allclose(found.common, 1, rtol=1e-5)
    assert found.common_of_all == pytest.approx(1, rel=1e-5)


def test_without_any_gradient_nothing_is_known():
    found = gradient_noise(linear(2), torch.zeros(2, 2), torch.tensor([0, 1]))
    assert np.isnan(found.common).all()
    assert np.isnan(found.common_of_all)


@given(members(width=2))
@settings(max_examples=10)
def test_the_mean_gradient_is_that_of_the_batchs_loss(flat):
    network = build_model(ModelConfig(**flat), 3, 10, seed=2, side=16).train()
    network.draw_chances(0, 0)
    found = gradient_noise(network, pictures(), LABELS)
    of_batch = profile(network, pictures(), LABELS)
    largest = found.single_norms.max()
    np.testing.assert_allclose(found.mean_norms, of_batch.gradients, rtol=1e-3, atol=1e-5 * largest)
    assert (found.layers == of_batch.layers).all()
    assert (found.mean_norms <= found.single_norms * (1 + 1e-5)).all()


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_norms_are_those_of_gradients_found_a_picture_at_a_time(norm):
    network = network_of(norm=norm)
    found = gradient_noise(network, pictures(), LABELS)
    gradients = []
    for picture in range(4):
        network.zero_grad()
        F.cross_entropy(network(pictures())[picture, None], LABELS[picture, None]).backward()
        gradients.append([weight.grad.double().flatten() for weight in weights(network)])
    layers = [torch.stack(layer) for layer in zip(*gradients, strict=True)]
    means = [layer.mean(0).norm().item() for layer in layers]
    singles = [layer.norm(dim=1).mean().item() for layer in layers]
    whole = torch.cat(layers, dim=1)
    common_of_all = (whole.mean(0).norm() / whole.norm(dim=1).mean()).item()
    np.testing.assert_allclose(found.mean_norms, means, rtol=1e-4)
    np.testing.assert_allclose(found.single_norms, singles, rtol=1e-4)
    np.testing.assert_allclose(found.common, np.divide(means, singles), rtol=1e-4)
    assert found.common_of_all == pytest.approx(common_of_all, rel=1e-4)


def test_weights_and_gradients_stay_as_they_were():
    network = network_of()
    F.cross_entropy(network(pictures()), LABELS).backward()
    before = [(weight.clone(), weight.grad.clone()) for weight in network.parameters()]
    gradient_noise(network, pictures(), LABELS)
    for parameter, (weight, gradient) in zip(network.parameters(), before, strict=True):
        assert torch.equal(parameter, weight)
        assert torch.equal(parameter.grad, gradient)


def test_a_question_gets_its_number_of_pictures_and_hears_of_each(few):
    asked, shares = question("gradient-noise", from_flat(TINY), options={"pictures": 4}), []
    found = answer(asked, images=few, report=shares.append)
    assert int(found.pictures) == 4
    assert shares == [0.25, 0.5, 0.75, 1.0]
