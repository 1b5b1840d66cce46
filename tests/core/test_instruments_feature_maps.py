"""What every unit makes of a picture: by hand, against slow loops, and where the numbers are no numbers."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn

from resnet_core.config import from_flat
from resnet_core.data.sets import ImageSet
from resnet_core.findings import FeatureMaps
from resnet_core.instruments import Subject, subject_of
from resnet_core.instruments.feature_maps import feature_maps
from resnet_core.instruments.settled import settled
from tests.core.diverged import KINDS, VALUES, diverged
from tests.core.random_configs import members


def subject(images: ImageSet, **flat) -> Subject:
    return subject_of(from_flat({"depth": 8, "width": 4, "batch": 4} | flat), images=images)


def test_a_stem_that_copies_the_picture_and_one_that_has_no_weights(few):
    # Channel 0 is ReLU(x), channel 1 is 0 everywhere: dead.
    asked = subject(few, norm="none", width=2)
    nn.init.zeros_(asked.network.conv1.weight)
    asked.network.conv1.weight.data[0, 0, 1, 1] = 1.0
    found = feature_maps(asked, 3, 8)
    shown = few.normalize(few.test_images[3:4])[0]
    np.testing.assert_array_equal(found.maps[0][0], shown[0].relu().numpy())
    assert not found.maps[0][1].any()
    np.testing.assert_array_equal(found.picture, few.test_images[3].numpy())
    assert found.label == few.test_labels[3]
    batch = asked.batch[0]
    assert found.zeros[0] == batch.numel() + (batch <= 0).sum()
    assert (found.dead[0], found.channels[0], found.values[0]) == (1, 2, 2 * batch.numel())
    assert (found.bins[0][0], found.bins[0][-1]) == (0.0, pytest.approx(batch.max().item()))


def counted(values: list[float], edges: np.ndarray) -> list[int]:
    """A histogram by comparing each value with each edge."""
    counts = [0] * (len(edges) - 1)
    for value in values:
        for i in range(len(counts)):
            is_last = i == len(counts) - 1
            if edges[i] <= value < edges[i + 1] or (is_last and value == edges[-1]):
                counts[i] += 1
    return counts


@pytest.mark.parametrize("flat", [{}, {"family": "mlp", "activation": "gelu"}])
def test_histograms_are_what_a_loop_over_values_and_edges_counts(flat, few):
    asked = subject(few, **flat)
    found, network = feature_maps(asked), settled(asked.network, asked.batch[0])
    x = torch.cat([few.normalize(few.test_images[:1]), asked.batch[0]])
    for i, unit in enumerate(network.units):
        x = unit(x).detach()
        values = x[1:].flatten().double().tolist()
        if i in (0, len(network.units) - 1):
            assert found.counts[i].tolist() == counted(values, found.bins[i])
        assert (found.bins[i][0], found.bins[i][-1]) == (min(values), max(values))
        assert found.counts[i].sum() == found.values[i] == len(values)
        assert found.zeros[i] == sum(value == 0 for value in values)


@given(members(width=2))
@settings(max_examples=10)
def test_every_unit_of_any_member_has_the_maps_of_its_plan(few, flat):
    asked = subject(few, **flat)
    found, plan = feature_maps(asked, channels=3), asked.network.plan
    assert isinstance(found, FeatureMaps)
    assert len(set(found.units)) == len(plan.units)
    for unit, shown, channels in zip(plan.units, found.maps, found.channels, strict=True):
        assert channels == unit.outputs[0]
        assert shown.dtype == np.float32
        if len(unit.outputs) == 3:
            assert shown.shape == (min(3, channels), *unit.outputs[1:])
        else:
            assert shown.shape == (channels, 1, 1)
    np.testing.assert_array_equal(found.logits, found.maps[-1].flatten())


def test_a_picture_that_is_not_there_is_named(few):
    with pytest.raises(ValueError, match="picture: 60 is not there; the test pictures are 0 to 59"):
        feature_maps(subject(few), 60)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("value", VALUES)
def test_a_diverged_network_has_an_answer(kind, value, few):
    found = feature_maps(diverged(kind, value, few))
    assert (found.nans + found.infinities + found.counts.sum(1)).tolist() == found.values.tolist()
    if math.isnan(value):
        assert found.nans.tolist() == found.values.tolist()
        assert np.isnan(found.bins).all()
    has_finite = found.counts.sum(1) > 0
    assert (np.diff(found.bins[has_finite]) > 0).all()
    assert np.isnan(found.bins[~has_finite]).all()
    if value == 0:
        assert found.dead.tolist() == found.channels.tolist()
