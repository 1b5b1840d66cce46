"""What could be read from each unit: by hand, against least squares, and the network's own answer."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from resnet_core.architecture import Plan
from resnet_core.architecture.plan import Chain
from resnet_core.config import from_flat
from resnet_core.data.sets import ImageSet
from resnet_core.instruments import Subject, subject_of
from resnet_core.instruments.read_out import read_out
from resnet_core.instruments.settled import settled
from resnet_core.models.network import Network
from tests.core.diverged import KINDS, VALUES, diverged
from tests.core.random_configs import members


def subject(images: ImageSet, **flat) -> Subject:
    return subject_of(from_flat({"depth": 8, "width": 4} | flat), images=images)


def black_and_white(clothes: ImageSet, is_known: bool = True) -> Subject:
    """Pictures of one pixel, handed on as they are; the class is the colour, or each in turn."""
    colours = torch.tensor([0, 255] * 10, dtype=torch.uint8)
    labels = (colours > 0).long() if is_known else torch.tensor([0, 0, 1, 1] * 5)
    pictures = colours.reshape(-1, 1, 1, 1)
    stem, head = Chain((1, 1, 1)).flatten().unit("stem"), Chain((1,)).linear("fc", 2).unit("head")
    network = Network(Plan((1, 1, 1), 2, (stem, head))).train()
    return Subject(from_flat({}), network, ImageSet(clothes.info, pictures, labels, pictures, labels))


def test_a_hand_computed_fit(clothes):
    # Features -d and d, as many of each: the slope is n d / 2 over n d^2 (1 + lambda), lambda = 0.001, so the
    # logits of black are 1/2 +- 1 / 2.002.
    found = read_out(black_and_white(clothes), fit_images=20, test_images=20)
    assert found.fitted_logits == pytest.approx(np.array([[0.5 + 1 / 2.002, 0.5 - 1 / 2.002]]))
    assert (found.units.tolist(), found.stages.tolist()) == (["flatten"], ["stem"])
    assert (found.fitted_on, found.tested_on, found.ridge) == (20, 20, 0.001)


def test_classes_that_a_line_separates_are_told_apart(clothes):
    found = read_out(black_and_white(clothes))
    assert found.fitted_accuracy.tolist() == [1.0]
    assert found.chance == 0.5


def test_colours_that_say_nothing_of_the_class_are_guessed(clothes):
    assert read_out(black_and_white(clothes, is_known=False)).fitted_accuracy.tolist() == [0.5]


def least_squares(fitted: np.ndarray, labels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Ridge regression as least squares with a row more for each feature, by LAPACK's solver."""
    x, y = fitted - fitted.mean(0), np.eye(10)[labels]
    shrinking = np.sqrt(0.001 * np.mean(np.square(x).sum(0))) * np.eye(x.shape[1])
    rows, targets = np.vstack([x, shrinking]), np.vstack([y - y.mean(0), np.zeros((x.shape[1], 10))])
    return (others - fitted.mean(0)) @ np.linalg.lstsq(rows, targets, rcond=None)[0] + y.mean(0)


@pytest.mark.parametrize("flat", [{}, {"family": "mlp", "norm": "none"}, {"skip": "none", "norm": "none"}])
def test_fits_are_those_of_least_squares(flat, few):
    asked = subject(few, **flat)
    found = read_out(asked, picture=7, fit_images=200, test_images=50)
    network = settled(asked.network, few.normalize(few.train_images[:200]))
    x, labels = few.normalize(torch.cat([few.train_images[:200], few.test_images])), few.train_labels[:200]
    for i, unit in enumerate(network.units[:-1]):
        x = unit(x).detach()
        means = (x.mean((2, 3)) if x.ndim == 4 else x).double().numpy()
        expected = least_squares(means[:200], labels.numpy(), means[200:])
        assert found.fitted_logits[i] == pytest.approx(expected[7], abs=1e-3)
        right = expected[:50].argmax(1) == few.test_labels[:50].numpy()
        assert found.fitted_accuracy[i] == pytest.approx(right.mean(), abs=0.021)  # rounding may turn one


@given(members())
@settings(max_examples=12)
def test_after_the_last_unit_the_head_gives_the_networks_own_answer(few, flat):
    asked = subject(few, **flat)
    found = read_out(asked, picture=2, fit_images=50, test_images=60)
    with torch.no_grad():
        network = settled(asked.network, few.normalize(few.train_images[:50]))
        logits = network(few.normalize(torch.cat([few.train_images[:50], few.test_images])))[50:]
    assert found.head_accuracy[-1] == (logits.argmax(1) == few.test_labels).double().mean().item()
    assert found.head_logits[-1] == pytest.approx(logits[2].numpy(), rel=1e-3, abs=1e-4)


def test_the_head_is_asked_where_it_takes_the_channels(few):
    found = read_out(subject(few, depth=14), fit_images=50, test_images=50)
    has_answer = ["layer3.0", "layer3.1"]
    assert found.units[np.isfinite(found.head_accuracy)].tolist() == has_answer
    assert found.units[np.isfinite(found.head_logits).all(1)].tolist() == has_answer
    everywhere = read_out(subject(few, family="mlp"), fit_images=50, test_images=50)
    assert np.isfinite(everywhere.head_accuracy).all()


def test_of_fewer_pictures_all_are_taken(few):
    found = read_out(subject(few), fit_images=50, test_images=500)
    assert (found.fitted_on, found.tested_on) == (50, 60)


def test_a_picture_that_is_not_there_is_named(few):
    with pytest.raises(ValueError, match="picture: 60 is not there; the test pictures are 0 to 59"):
        read_out(subject(few), 60)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("value", VALUES)
def test_a_diverged_network_has_an_answer(kind, value, few):
    found = read_out(diverged(kind, value, few), fit_images=50, test_images=50)
    if math.isnan(value):
        assert np.isnan(found.fitted_accuracy).all()
        assert np.isnan(found.head_accuracy).all()
    if value == 0:  # nothing is known: the most frequent class
        assert found.fitted_accuracy.tolist() == [found.chance] * len(found.units)
