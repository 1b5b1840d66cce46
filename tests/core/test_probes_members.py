"""Probes on every member: by hand where a merge is not a sum, else against slow obvious twins."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.architecture import Op, Unit
from resnet_core.architecture.plan import ACTIVATIONS, WEIGHTED
from resnet_core.config import ModelConfig
from resnet_core.models import build_model
from resnet_core.models.layout import layout_of, weights
from resnet_core.models.merges import Concatenation, ExclusiveGate, ShortcutGate
from resnet_core.probes import Activations, BranchRatio, GradientNorm, UpdateRatio, attached
from tests.core.random_configs import members
from tests.core.whole_runs import assert_watching_changes_nothing

TINY = {"depth": 8, "width": 2, "steps": 3, "batch": 8, "eval_images": 20}
KINDS = [
    {"skip": "scaled"},
    {"skip": "gated", "order": "pre"},
    {"skip": "conv1x1", "activation": "sigmoid"},
    {"skip": "dense", "depth": 7, "growth": 2},
    {"init": "skipinit", "norm": "none", "activation": "gelu"},
    {"init": "fixup", "norm": "none"},
    {"block": "bottleneck", "depth": 11, "norm": "group", "order": "relu-pre"},
    {"family": "mlp", "skip": "gated", "activation": "tanh", "norm": "layer"},
    {"family": "alexnet"},
    {"family": "vgg", "depth": 11, "activation": "gelu"},
]


def network_of(flat: dict) -> nn.Module:
    return build_model(ModelConfig(**flat), 3, 10, seed=2, side=16)


def images() -> Tensor:
    return torch.randn(5, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def loss_of(network: nn.Module) -> Tensor:
    return F.cross_entropy(network(images()), torch.arange(5))


# By hand.


@pytest.mark.parametrize(("seam", "ratio"), [(ExclusiveGate(), 5.5), (ShortcutGate(), 9.0)])
def test_branch_ratio_of_a_gated_merge_by_hand(seam, ratio):
    # |x| = 1 and |F| = 5, 2 in two pictures with gates 1/2 and 3/4. Exclusive: (5/2) / (1/2) = 5 and
    # (3/4 2) / (1/4) = 6. On the shortcut alone: 5 / (1/2) = 10 and 2 / (1/4) = 8.
    model, probe = nn.Sequential(seam), BranchRatio()
    x, f = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 2.0]])
    with attached([probe], model):
        model[0](x, f, torch.tensor([[0.5, 0.5], [0.75, 0.75]]))
        assert probe.read() == pytest.approx([ratio])


def test_branch_ratio_of_a_concatenation_by_hand():
    # What was there has the length 5 and 1, what is added 10 and 1: 2 and 1, on average 1.5.
    network, probe = network_of({"depth": 7, "skip": "dense", "growth": 1}), BranchRatio()
    seam = network.get_submodule(network.plan.skip_units[0].merge_name)
    assert isinstance(seam, Concatenation)
    with attached([probe], network):
        network(images())
        seam(torch.tensor([[3.0, 4.0], [0.0, 1.0]]), torch.tensor([[10.0], [-1.0]]))
        assert probe.read()[0] == pytest.approx(1.5)


def test_activations_of_features_by_hand():
    # Features x and -x of two pictures, 1 and 3, behind a ReLU: 1, 0, 3, 0. Mean 1, mean square 10 / 4.
    model, probe = nn.Sequential(nn.Linear(1, 2, bias=False), nn.ReLU()), Activations()
    model[0].weight.data[:] = torch.tensor([[1.0], [-1.0]])
    with attached([probe], model):
        model(torch.tensor([[1.0], [3.0]]))
        assert probe.read().flatten() == pytest.approx([1.0, math.sqrt(1.5), 0.5])


@pytest.mark.parametrize(
    ("activation", "dead"), [(nn.ReLU(), 2), (nn.GELU(), 1), (nn.Tanh(), 0), (nn.Sigmoid(), 1), (None, 0)]
)
def test_only_what_is_zero_for_every_picture_is_dead(activation, dead):
    # Inputs of -1000 and of about -1 and 1: a ReLU makes two zeros of them, a GELU and a sigmoid one.
    linear, probe = nn.Linear(1, 3, bias=False), Activations()
    model = nn.Sequential(linear, *([activation] if activation else []))
    linear.weight.data[:] = torch.tensor([[-1000.0], [-1.0], [1.0]])
    with attached([probe], model):
        model(torch.tensor([[1.0], [1.1]]))
        assert probe.readings()["dead_share"] == pytest.approx([dead / 3])


# Against slow obvious twins.


class Walk:
    """A plan walked operation by operation: what each layer hands on, and what meets in each unit, by name.

    A layer hands on what the activation behind it makes of its output, or its output. A way past others ends
    where it meets them.
    """

    def __init__(self, network: nn.Module):
        self.network, self.handed, self.meetings = network, {}, {}
        x, waiting = images(), []
        for unit in network.plan.units:
            x, waiting = self.unit(unit, x, waiting)

    def unit(self, unit: Unit, x: Tensor, waiting: list[str]) -> tuple[Tensor, list[str]]:
        x = self.through(unit.before, x, waiting)
        ends, behind = [], []
        for path in unit.paths:
            left = list(waiting) if path is unit.branches[0] else []
            ends.append(self.through(path.ops, x, left))
            behind += left if path.role == "branch" else []
        if unit.has_skip:
            self.meetings[unit.name] = brought(unit, ends)
        return self.through(unit.after, met(unit, ends), behind), behind

    def through(self, ops: tuple[Op, ...], x: Tensor, waiting: list[str]) -> Tensor:
        """Also keeps `waiting`, the layers behind which there has not been an activation yet."""
        for op in ops:
            x = self.network.get_submodule(op.name)(x)
            if op.kind in WEIGHTED:
                waiting[:] = [op.name]
            if op.kind in (*WEIGHTED, *ACTIVATIONS):
                self.handed.update(dict.fromkeys(waiting, x))
            if op.kind in ACTIVATIONS:
                waiting.clear()
        return x


def brought(unit: Unit, ends: list[Tensor]) -> tuple[Tensor, Tensor]:
    """What the shortcut and what the branch bring to where they meet."""
    parts = dict(zip((path.role for path in unit.paths), ends, strict=True))
    shortcut, branch = parts["shortcut"], parts["branch"]
    if unit.merge in ("exclusive gate", "shortcut gate"):
        shortcut = (1 - parts["gate"]) * shortcut
    return shortcut, parts["gate"] * branch if unit.merge == "exclusive gate" else branch


def met(unit: Unit, ends: list[Tensor]) -> Tensor:
    if unit.merge is None:
        return ends[0]
    return torch.cat(ends, 1) if unit.merge == "concatenate" else sum(brought(unit, ends))


@given(members())
@settings(max_examples=15)
def test_activations_are_what_a_walk_through_the_plan_finds(flat):
    network, probe, expected = network_of(flat), Activations(), []
    with torch.no_grad():
        handed = Walk(network).handed
    for layer in layout_of(network).layers:
        values = handed[layer.name].double().numpy()
        dead = [not values[:, unit].any() for unit in range(values.shape[1])]
        expected.append([values.mean(), values.std(), sum(dead) / len(dead)])
    with attached([probe], network):
        network(images())
        np.testing.assert_allclose(probe.read().T, expected, rtol=1e-4, atol=1e-6)


@given(members())
@settings(max_examples=15)
def test_branch_ratio_is_what_a_loop_over_units_and_pictures_finds(flat):
    network, probe, expected = network_of(flat), BranchRatio(), []
    with torch.no_grad():
        meetings = Walk(network).meetings
    with np.errstate(divide="ignore", invalid="ignore"):
        for shortcut, branch in meetings.values():
            pairs = zip(shortcut.double().numpy(), branch.double().numpy(), strict=True)
            expected.append(np.mean([np.linalg.norm(f) / np.linalg.norm(x) for x, f in pairs]))
    with attached([probe], network):
        network(images())
        np.testing.assert_allclose(probe.read(), expected, rtol=1e-4)
    assert list(meetings) == list(layout_of(network).blocks)


@given(members())
@settings(max_examples=15)
def test_gradient_norms_of_all_layers_are_what_autograd_finds_gates_and_projections_as_well(flat):
    network, probe = network_of(flat), GradientNorm()
    found = [network.get_submodule(layer.name).weight for layer in layout_of(network).layers]
    assert all(one is other for one, other in zip(found, weights(network), strict=True))
    expected = [float(g.double().square().sum().sqrt()) for g in torch.autograd.grad(loss_of(network), found)]
    with attached([probe], network):
        loss_of(network).backward()
        np.testing.assert_allclose(probe.read(), expected, rtol=1e-5)


@given(members())
@settings(max_examples=15)
def test_update_ratios_are_what_a_loop_over_layers_finds(flat):
    network, probe, expected = network_of(flat), UpdateRatio(), []
    before = [weight.detach().double().numpy() for weight in weights(network)]
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    with attached([probe], network):
        loss_of(network).backward()
        optimizer.step()
        found = probe.read()
    with np.errstate(divide="ignore", invalid="ignore"):
        for weight, old in zip(weights(network), before, strict=True):
            moved = np.linalg.norm(weight.detach().double().numpy() - old)
            expected.append(moved / np.linalg.norm(old))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7)


# They change nothing.


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_watching_a_member_does_not_change_how_it_trains(few, kind):
    _, seen = assert_watching_changes_nothing(TINY | kind, few)
    assert all(len(record.quantities) >= 6 for record in seen)
