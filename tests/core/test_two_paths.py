"""The gradient through shortcut and branch: by hand, against a loop, and while a network trains."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.config import ModelConfig
from resnet_core.instruments.two_paths import two_paths
from resnet_core.models import build_model
from resnet_core.models.network import Unit
from resnet_core.probes import TwoPaths, attached
from tests.core.random_configs import members
from tests.core.split_gradients import RESIDUAL, are_equal, member, one_way, state_of, two_linear_blocks
from tests.core.whole_runs import assert_watching_changes_nothing

WITH_SKIPS = members(width=2, families=RESIDUAL).filter(lambda flat: flat["skip"] != "none")
TINY = {"depth": 8, "width": 2, "steps": 3, "batch": 8, "eval_images": 20}
KINDS = [
    {"skip": "gated", "gate": "exclusive"},
    {"skip": "gated", "gate": "shortcut", "order": "pre", "shortcut": "B"},
    {"skip": "dense", "depth": 7, "growth": 2},
    {"skip": "dropout", "norm": "group"},
    {"survival": 0.5, "shortcut": "C"},
    {"family": "mlp", "skip": "gated", "activation": "tanh", "norm": "layer"},
]


def seen_by_the_probe(network, images, labels) -> dict[str, np.ndarray]:
    probe = TwoPaths()
    with attached([probe], network):
        F.cross_entropy(network(images), labels).backward()
        return probe.readings()


# By hand.


def test_two_linear_blocks_by_hand():
    # Both logits are 0 at x = (1, 3), so their gradient is (-1/2, 1/2) and that at y2 is g = (3, 4). At y1
    # the shortcut brings g and the branch B^T g = (4, 3): cosine 24/25, together (7, 7). At x they bring
    # (7, 7) and A^T (7, 7) = (14, -14): at right angles, together (21, -7).
    found = two_paths(*two_linear_blocks())
    assert found.blocks.tolist() == ["block1", "block2"]
    assert found.depths.tolist() == [1, 2]
    assert found.is_identity.tolist() == [True, True]
    np.testing.assert_allclose(found.shortcut, [98**0.5, 5])
    np.testing.assert_allclose(found.branch, [392**0.5, 5])
    np.testing.assert_allclose(found.whole, [490**0.5, 98**0.5])
    np.testing.assert_allclose(found.cosine, [0, 0.96], atol=1e-15)
    assert (found.error < 1e-15).all()


def test_the_probe_of_two_linear_blocks_by_hand():
    network, picture, label = two_linear_blocks()
    seen = seen_by_the_probe(network, picture.requires_grad_(), label)
    np.testing.assert_allclose(seen["shortcut_gradient"], [98**0.5, 5], rtol=1e-6)
    np.testing.assert_allclose(seen["branch_gradient"], [392**0.5, 5], rtol=1e-6)
    np.testing.assert_allclose(seen["path_cosine"], [0, 0.96], rtol=1e-6, atol=1e-7)


def test_a_branch_that_is_multiplied_by_zero_brings_nothing_and_has_no_cosine():
    found = two_paths(*member({"depth": 8, "width": 2, "norm": "none", "init": "skipinit"}))
    assert (found.branch == 0).all()
    assert (found.shortcut == found.whole).all()
    assert np.isnan(found.cosine).all()


def test_the_shortcut_is_an_identity_or_it_pads_projects_scales_or_is_gated():
    def identities(**flat) -> list[bool]:
        return two_paths(*member({"depth": 8, "width": 2} | flat)).is_identity.tolist()

    assert identities() == identities(shortcut="B") == [True, False, False]
    assert identities(depth=7, skip="dense", growth=2) == [True] * 3
    assert identities(skip="scaled") == identities(skip="gated") == identities(shortcut="C") == [False] * 3


def test_a_plain_network_has_no_two_paths():
    network, images, labels = member({"depth": 8, "width": 2, "skip": "none"})
    assert all(len(values) == 0 for values in two_paths(network, images, labels))
    assert seen_by_the_probe(network, images, labels) == {}
    assert seen_by_the_probe(nn.Sequential(nn.Flatten(), nn.Linear(768, 10)).double(), images, labels) == {}


# Against slow obvious twins.


@given(WITH_SKIPS)
@settings(max_examples=15)
def test_both_norms_and_the_cosine_are_what_a_loop_over_blocks_finds(flat):
    network, images, labels = member(flat)
    found, expected = two_paths(network, images, labels), []
    for index, unit in enumerate(network.plan.units):
        if unit.has_skip:
            ways = [one_way(network, images, labels, index, way).flatten().numpy() for way in (True, False)]
            s, b = map(np.linalg.norm, ways)
            expected.append(
                (s, b, np.linalg.norm(ways[0] + ways[1]), ways[0] @ ways[1] / s / b if s * b else np.nan)
            )
    ours = [found.shortcut, found.branch, found.whole, found.cosine]
    np.testing.assert_allclose(np.transpose(ours), expected, rtol=1e-9, atol=1e-14)


@given(WITH_SKIPS)
@settings(max_examples=25)
def test_the_probe_sees_what_the_instrument_finds_and_changes_no_bit(flat):
    watched, images, labels = member(flat, torch.float32)
    unwatched, _, _ = member(flat, torch.float32)
    found = two_paths(watched, images, labels)
    seen = seen_by_the_probe(watched, images, labels)
    F.cross_entropy(unwatched(images), labels).backward()
    assert are_equal(state_of(watched), state_of(unwatched))
    np.testing.assert_allclose(seen["shortcut_gradient"], found.shortcut, rtol=1e-6)
    np.testing.assert_allclose(seen["branch_gradient"], found.branch, rtol=1e-6)
    np.testing.assert_allclose(seen["path_cosine"], found.cosine, rtol=1e-5, atol=1e-7)


# They change nothing.


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_watching_the_two_paths_does_not_change_how_a_member_trains(few, kind):
    _, seen = assert_watching_changes_nothing(TINY | kind, few)
    for record in seen:
        assert all(np.isfinite(record.quantities[name]).any() for name in TwoPaths.quantities)


@pytest.mark.parametrize("kind", KINDS[:2] + KINDS[-1:], ids=lambda kind: "-".join(map(str, kind.values())))
def test_gradients_of_three_ways_add_up_in_the_same_order_when_watched(kind, monkeypatch):
    def gradients(*probes: TwoPaths) -> list[Tensor]:
        network, images, labels = member({"depth": 8, "width": 4} | kind, torch.float32)
        with attached(probes, network):
            return torch.autograd.grad(F.cross_entropy(network(images), labels), list(network.parameters()))

    def begin_apart(self: Unit, x: Tensor) -> Tensor:
        x = self.begin(x)
        return self.end(*self.ways(*[x.view_as(x) for _ in self._paths]))

    expected = gradients()
    assert all(map(torch.equal, gradients(TwoPaths()), expected))
    monkeypatch.setattr(Unit, "forward", begin_apart)  # aliases that are made too early change some bits
    assert not all(map(torch.equal, gradients(), expected))


@pytest.mark.parametrize("is_training", [True, False])
def test_the_instrument_leaves_weights_buffers_and_gradients_as_they_were(is_training):
    network, images, labels = member({"depth": 8, "width": 2})
    network.train(is_training)
    next(network.parameters()).grad = torch.ones_like(next(network.parameters()))
    before, objects = state_of(network), [id(buffer) for buffer in network.buffers()]
    two_paths(network, images, labels)
    assert are_equal(before, state_of(network))
    assert objects == [id(buffer) for buffer in network.buffers()]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_a_network_without_gradients_has_no_finite_reading():
    network = build_model(ModelConfig(depth=8, width=2), 3, 10, seed=0).requires_grad_(False)
    probe = TwoPaths()
    with attached([probe], network):
        network(torch.zeros(2, 3, 16, 16))
        assert np.isnan(probe.read()).all()
