"""Gradients on the line between two pictures: by hand, against one place at a time, and as an integral."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn

from resnet_core.config import ModelConfig, from_flat
from resnet_core.findings import Shattered
from resnet_core.instruments import answer
from resnet_core.instruments.settled import settled
from resnet_core.instruments.shattered import logits_and_gradients, shattered
from resnet_core.instruments.subject import Subject, subject_of
from resnet_core.models import build_model
from resnet_core.questions import question
from tests.core.random_configs import members
from tests.core.twins import pictures

SMALL = {"depth": 8, "width": 4, "batch": 8, "side": 16}


def subject(few, **flat) -> Subject:
    return subject_of(from_flat(SMALL | flat), images=few)


def of_linear(few, weight: torch.Tensor) -> Shattered:
    """With logits `weight` x for weights (10, 256)."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(256, 10, bias=False))
    network[1].weight.data = weight
    return shattered(Subject(from_flat(SMALL), network, few), 3, 5, points=9)


def test_a_linear_network_has_one_gradient_everywhere(few):
    weight = torch.randn(10, 256, generator=torch.Generator().manual_seed(1))
    found = of_linear(few, weight)
    first, second = few.normalize(few.test_images[[3, 5]]).flatten(1)
    label = int(few.test_labels[3])
    assert int(found.logit) == label
    np.testing.assert_allclose(found.slopes, (weight[label] @ (second - first)).item(), rtol=1e-4)
    np.testing.assert_allclose(found.norms, weight[label].norm().item(), rtol=1e-5)
    np.testing.assert_allclose(found.cosines, 1, rtol=1e-6)
    np.testing.assert_allclose(found.autocorrelation, 1, rtol=1e-6)
    np.testing.assert_allclose(np.diff(found.logits), found.slopes[0] / 8, rtol=1e-3)


def test_gradients_of_zero_have_no_direction(few):
    found = of_linear(few, torch.zeros(10, 256))
    assert np.isnan(found.cosines).all()
    assert np.isnan(found.autocorrelation).all()
    assert (found.norms == 0).all()


def test_pairs_without_a_cosine_are_no_part_of_the_autocorrelation(few):
    # ReLU(x_0 - c) of one pixel is shut at one end of the line and open at the other.
    pixel = int((few.test_images[5].int() - few.test_images[3].int()).argmax())
    middle = few.normalize(few.test_images[[3, 5]]).flatten(1)[:, pixel].mean()
    network = nn.Sequential(nn.Flatten(), nn.Linear(256, 1), nn.ReLU(), nn.Linear(1, 10, bias=False))
    for parameter in network.parameters():
        nn.init.zeros_(parameter)
    network[1].weight.data[0, pixel], network[1].bias.data[:] = 1, -middle
    network[3].weight.data[:] = 1
    found = shattered(Subject(from_flat(SMALL), network, few), 3, 5, points=8)
    assert np.isnan(found.cosines[:4]).all()
    np.testing.assert_allclose(found.cosines[4:, 4:], 1)
    np.testing.assert_allclose(found.autocorrelation, [1, 1, 1, *[np.nan] * 4])


@given(members(width=2))
@settings(max_examples=10)
def test_gradients_are_those_of_each_place_by_itself(flat):
    network = settled(build_model(ModelConfig(**flat), 3, 10, seed=2, side=16).train(), pictures())
    line = pictures(3)
    logits, gradients = logits_and_gradients(network, line, 4)
    for place in range(3):
        picture = line[place, None].clone().requires_grad_()
        logit = network(picture)[0, 4]
        (gradient,) = torch.autograd.grad(logit, picture)
        torch.testing.assert_close(logits[place], logit.detach().double(), rtol=1e-4, atol=1e-4)
        largest = gradient.abs().max().item()
        torch.testing.assert_close(
            gradients[place], gradient.flatten().double(), rtol=1e-2, atol=1e-3 * largest
        )


def test_slopes_add_up_to_the_change_of_the_logit(few):
    # Smooth, so that the trapezoidal rule is exact up to the square of the step.
    found = shattered(subject(few, family="mlp", activation="tanh", norm="none"), 0, 1, points=65)
    assert np.trapezoid(found.slopes, found.places) == pytest.approx(found.logits[-1] - found.logits[0], 1e-2)


def test_shapes_symmetry_and_lags(few):
    found = shattered(subject(few), 2, 0, points=10, logit=7)
    assert found.places.tolist() == pytest.approx(np.linspace(0, 1, 10).tolist())
    np.testing.assert_allclose(found.cosines, found.cosines.T)
    np.testing.assert_allclose(np.diagonal(found.cosines), 1)
    assert found.autocorrelation[0] == pytest.approx(np.mean([found.cosines[i, i + 1] for i in range(9)]))
    assert found.autocorrelation[-1] == pytest.approx(found.cosines[0, 9])
    assert found.lags.tolist() == list(range(1, 10))
    assert int(found.logit) == 7
    assert found.labels.tolist() == few.test_labels[[2, 0]].tolist()
    assert (found.ends[0] == few.test_images[2].numpy()).all()
    assert (found.ends[1] == few.test_images[0].numpy()).all()


def test_a_plain_network_shatters_and_its_residual_twin_less(few):
    plain, residual = (
        shattered(subject(few, depth=32, skip=skip), 0, 1, points=64).autocorrelation[0]
        for skip in ("none", "identity")
    )
    assert residual > plain + 0.2


def test_places_of_a_later_chunk_are_what_they_are_alone():
    network = build_model(ModelConfig(depth=8, width=4), 3, 10, seed=2).eval()
    logits, gradients = logits_and_gradients(network, pictures(40), 4)
    last_logits, last_gradients = logits_and_gradients(network, pictures(40)[-2:], 4)
    torch.testing.assert_close(logits[-2:], last_logits, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(gradients[-2:], last_gradients, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"first": 4, "second": 4}, "second: 4 is the first picture too; a line needs two"),
        ({"first": 60}, "picture: 60 is not there; the test pictures are 0 to 59"),
        ({"logit": 10}, "logit: 10 is not there; the classes are 0 to 9"),
    ],
)
def test_what_is_not_there_is_named(few, options, problem):
    with pytest.raises(ValueError, match=problem):
        answer(question("shattered", from_flat(SMALL), options=options), images=few)


def test_the_network_stays_as_it_was(few):
    asked = subject(few)
    before = {name: value.clone() for name, value in asked.network.state_dict().items()}
    shattered(asked, 0, 1, points=8)
    assert asked.network.training
    assert all(torch.equal(value, before[name]) for name, value in asked.network.state_dict().items())
    assert all(parameter.grad is None for parameter in asked.network.parameters())


def test_the_same_question_gets_the_same_numbers_and_is_told_how_far_it_is(few):
    asked, shares = question("shattered", from_flat(SMALL), options={"points": 48}), []
    first, again = (answer(asked, images=few, report=shares.append) for _ in range(2))
    assert first.cosines.tobytes() == again.cosines.tobytes()
    assert shares == pytest.approx([32 / 48, 1.0] * 2)
