"""How much each block does: by hand, at the start, as the probes have it, and against a slow twin."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.architecture import Path, Plan, Unit
from resnet_core.architecture.mlp import mlp_plan
from resnet_core.architecture.plan import Chain
from resnet_core.config import ModelConfig
from resnet_core.findings import Blocks
from resnet_core.instruments.blocks import blocks
from resnet_core.models import build_model
from resnet_core.models.initial import set_initial_values
from resnet_core.models.layout import layout_of, merges
from resnet_core.models.network import Network
from resnet_core.probes import BranchGain, BranchRatio, attached
from tests.core.diverged import KINDS, VALUES, diverged
from tests.core.random_configs import members
from tests.core.twins import pictures

LABELS = torch.tensor([1, 0, 3, 2])


def network_of(**flat) -> nn.Module:
    return build_model(ModelConfig(**({"depth": 8, "width": 4} | flat)), 3, 10, seed=2, side=16).train()


def found_of(**flat) -> Blocks:
    return blocks(network_of(**flat), pictures(), LABELS)


# By hand.


def test_a_hand_computed_block():
    # x = (3, 4), F(x) = 2 x = (6, 8): ratio 10 / 5. Deviations 1/2 and 1: share 1 / 3. The logits are
    # (9, 12), so the loss of class 0 grows along (-1, 1): cosine (8 - 6) / (10 sqrt 2).
    branch = Path("branch", tuple(Chain((2,), "b").linear("w", 2, bias=False).ops))
    unit = Unit("b", "b", (2,), (2,), (Path("shortcut"), branch), "add")
    network = Network(Plan((2,), 2, (unit, Chain((2,)).linear("fc", 2, bias=False).unit("head"))))
    network.b.w.weight.data = 2 * torch.eye(2)
    network.fc.weight.data = torch.eye(2)
    found = blocks(network, torch.tensor([[3.0, 4.0]]), torch.tensor([0]))
    assert (found.blocks.tolist(), found.depths.tolist()) == (["b"], [1])
    assert found.ratios == pytest.approx([2.0])
    assert found.shortcut_shares == pytest.approx([1 / 3])
    assert found.cosines == pytest.approx([2 / (10 * math.sqrt(2))])
    assert np.isnan([found.gains, found.alphas, found.gamma_lows, found.gamma_highs, found.gamma_sizes]).all()


def test_gains_of_a_hand_computed_case():
    # gamma = 1, -3, 0, 0: from -3 to 1 and on average 1 in size. With SkipInit alpha = -1/2 is what counts.
    network = network_of(init="skipinit")
    network.layer1[0].bn2.weight.data[:] = torch.tensor([1.0, -3.0, 0.0, 0.0])
    network.layer1[0].alpha.weight.data.fill_(-0.5)
    found = blocks(network, pictures(), LABELS)
    assert (found.gamma_lows[0], found.gamma_highs[0], found.gamma_sizes[0]) == (-3, 1, 1)
    assert (found.alphas[0], found.gains[0]) == (-0.5, 0.5)


# What is known of the start.


@pytest.mark.parametrize("chosen", [{"init": "zero-gamma"}, {"init": "skipinit"}])
def test_branches_that_begin_at_zero_do_nothing_and_have_no_direction(chosen):
    found = found_of(**chosen)
    assert found.ratios.tolist() == found.gains.tolist() == [0, 0, 0]
    assert found.shortcut_shares.tolist() == [1, 1, 1]
    assert np.isnan(found.cosines).all()


def test_with_batch_normalisation_the_variance_of_branch_l_is_1_over_l_of_its_input():
    # Var F_l / Var x_l = 1 / l, so the deviations are as 1 to sqrt(l).
    model = ModelConfig.model_construct(family="mlp", width=512, depth=22, order="pre")
    network = Network(mlp_plan(model, (512,), num_classes=10)).train()
    set_initial_values(network, model, seed=0)
    signals = torch.randn(256, 512, generator=torch.Generator().manual_seed(0)) / math.sqrt(2)
    found = blocks(network, signals, torch.zeros(256, dtype=torch.long))
    count = np.arange(1, 11)
    assert found.ratios**2 == pytest.approx(1 / count, rel=0.1)
    assert found.shortcut_shares == pytest.approx(np.sqrt(count) / (1 + np.sqrt(count)), rel=0.05)


def test_cosines_are_of_blocks_that_keep_the_shape():
    assert np.isnan(found_of().cosines).tolist() == [False, True, True]
    assert np.isnan(found_of(depth=7, skip="dense").cosines).all()


# Against the probes and a slow twin.


def picture_by_picture(network: nn.Module) -> list[tuple[float, float]]:
    """Cosine and share of each block, from what a hook sees at its merge."""
    places, seen = [name for name, _ in merges(network)], {}
    for name, merge in merges(network):
        network.get_submodule(name).register_forward_hook(
            lambda unit, inputs, y, name=name: seen.setdefault(name, []).append(inputs[0])
        )
        merge.register_forward_hook(
            lambda merge, inputs, y, name=name: seen.setdefault(name, []).append(merge.parts(*inputs))
        )
    loss, found = F.cross_entropy(network(pictures().requires_grad_()), LABELS), []
    for (shortcut, branch), x in (seen[name] for name in places):
        gradient = torch.autograd.grad(loss, x, retain_graph=True)[0]
        stds = [part.detach().double().numpy().std() for part in (shortcut, branch)]
        found.append((_mean_cosine(branch, gradient), stds[0] / sum(stds)))
    return found


def _mean_cosine(branch: Tensor, gradient: Tensor) -> float:
    if branch.shape != gradient.shape:
        return math.nan
    cosines = []
    for f, g in zip(branch.detach().double().numpy(), gradient.double().numpy(), strict=True):
        cosines.append((f * g).sum() / math.sqrt((f**2).sum() * (g**2).sum()))
    return sum(cosines) / len(cosines)


@pytest.mark.parametrize(
    "flat",
    [{}, {"order": "pre"}, {"skip": "gated"}, {"skip": "conv1x1"}, {"skip": "scaled"}, {"norm": "none"}],
)
def test_cosines_and_shares_are_what_a_loop_over_blocks_and_pictures_finds(flat):
    found, expected = found_of(**flat), picture_by_picture(network_of(**flat))
    np.testing.assert_allclose(found.cosines, [cosine for cosine, _ in expected], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.shortcut_shares, [share for _, share in expected], rtol=1e-4)


@given(members())
@settings(max_examples=15)
def test_ratios_and_gains_are_those_of_the_probes(flat):
    found, network = found_of(**flat), network_of(**flat)
    probes = [BranchRatio(), BranchGain()]
    with attached(probes, network):
        network(pictures())
        expected = [probe.read() for probe in probes]
    np.testing.assert_allclose(found.ratios, expected[0], rtol=1e-5)
    np.testing.assert_array_equal(found.gains, expected[1])
    assert tuple(found.blocks) == layout_of(network).blocks
    assert len({len(column) for column in found}) == 1


def test_no_gradient_is_left_behind():
    network, shown = network_of(), pictures()
    blocks(network, shown, LABELS)
    assert not shown.requires_grad
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("value", VALUES)
def test_a_diverged_network_has_an_answer(kind, value, few):
    subject = diverged(kind, value, few)
    found = blocks(subject.network, *subject.batch)
    assert len(found.ratios) == len(subject.network.plan.skip_units)
    if math.isnan(value):
        assert np.isnan(found.ratios).all()
