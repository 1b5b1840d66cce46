"""The gradient profile: by hand, against a slow twin, and the same numbers as a run's own."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.architecture.plan import Chain, Plan
from resnet_core.config import ModelConfig, from_flat
from resnet_core.instruments import answer
from resnet_core.instruments.profile import profile
from resnet_core.models import build_model
from resnet_core.models.layout import activations, layout_of, weights
from resnet_core.models.network import Network
from resnet_core.questions import question
from resnet_core.runs.store import RunStore
from resnet_core.runs.worker import train_in_foreground
from tests.core.given_weights import TINY
from tests.core.random_configs import members
from tests.core.twins import pictures

LABELS = torch.arange(3)


def norm(tensor: Tensor) -> float:
    return math.sqrt((tensor.detach().double().numpy() ** 2).sum())


def test_a_profile_of_a_hand_computed_case():
    # h = w x with w = 2, x = 3; logits (0, h ln(3) / 6) = (0, ln 3), so p = (1/4, 3/4). With label 0 the
    # loss is ln 4, its gradient at the logits (-3/4, 3/4): 6 times that at the last weights, ln(3) / 8 at h.
    stem = Chain((1, 1, 1)).flatten().linear("linear1", 1, bias=False).unit("stem")
    network = Network(Plan((1, 1, 1), 2, (stem, Chain((1,)).linear("fc", 2, bias=False).unit("head"))))
    with torch.no_grad():
        network.linear1.weight.fill_(2)
        network.fc.weight.copy_(torch.tensor([[0.0], [math.log(3) / 6]]))
    found = profile(network, torch.full((1, 1, 1, 1), 3.0), torch.tensor([0]))
    assert found.layers.tolist() == ["linear1", "fc"]
    assert found.gradients == pytest.approx([3 * math.log(3) / 8, 4.5 * math.sqrt(2)])
    assert found.signal_gradients == pytest.approx([math.log(3) / 8, 0.75 * math.sqrt(2)])
    assert found.signals == pytest.approx([6, math.log(3)])
    assert found.weights == pytest.approx([2, math.log(3) / 6])
    assert (found.sizes.tolist(), found.signal_sizes.tolist()) == ([1, 2], [1, 2])
    assert float(found.loss) == pytest.approx(math.log(4))


def at_signal(network: nn.Module, module: nn.Module) -> tuple[float, float]:
    """The norm of what a module puts out, and of the loss's gradient there, found in a pass of its own."""
    kept: list[Tensor] = []
    handle = module.register_forward_hook(lambda module, inputs, output: kept.append(output))
    loss = F.cross_entropy(network(pictures(3)), LABELS)
    handle.remove()
    return norm(kept[0]), norm(torch.autograd.grad(loss, kept[0])[0])


@given(members(width=2))
@settings(max_examples=5)
def test_a_profile_is_what_one_gradient_after_the_other_finds(flat):
    network = build_model(ModelConfig(**flat), 3, 10, seed=0, side=16)
    found = profile(network, pictures(3), LABELS)
    assert [parameter.grad for parameter in network.parameters()] == [None] * len(list(network.parameters()))
    loss = F.cross_entropy(network(pictures(3)), LABELS)
    gradients = [torch.autograd.grad(loss, weight, retain_graph=True)[0] for weight in weights(network)]
    assert found.gradients == pytest.approx([norm(gradient) for gradient in gradients], rel=1e-5)
    at_signals = [at_signal(network, module) for module in activations(network)[::6]]
    assert found.signals[::6] == pytest.approx([size for size, _ in at_signals], rel=1e-5)
    assert found.signal_gradients[::6] == pytest.approx([size for _, size in at_signals], rel=1e-5)
    assert found.layers.tolist() == [layer.name for layer in layout_of(network).layers]
    assert not any(module._forward_hooks for module in network.modules())


def test_a_gradient_that_is_there_already_stays_as_it_is():
    network = build_model(ModelConfig(depth=8, width=2), 3, 10, seed=0)
    for parameter in network.parameters():
        parameter.grad = torch.full_like(parameter, 7)
    profile(network, pictures(3), LABELS)
    assert all((parameter.grad == 7).all() for parameter in network.parameters())


KINDS = [
    {"skip": "dropout", "survival": 0.5},
    {"skip": "none", "norm": "none", "gain": 1.5, "init": "pytorch"},
    {"family": "mlp", "skip": "gated", "activation": "tanh"},
]


def assert_same_as_recorded(store: RunStore, images) -> None:
    """At every checkpoint of the store's run, as float32, but the last: no step comes after it."""
    run = store.runs()[0]
    recorded = {record.step: record.quantities["gradient_norm"] for record in store.steps(run.id)}
    steps = store.checkpoints(run.id)[:-1]
    assert len(steps) >= 2
    for step in steps:
        asked = question("profile", run.config, run_id=run.id, step=step)
        found = answer(asked, store.weights_file(run.id, step), images)
        np.testing.assert_array_equal(found.gradients.astype(np.float32), recorded[step])


def test_the_profile_of_kept_weights_is_what_the_run_recorded_in_that_step(trained, clothes):
    assert_same_as_recorded(trained, clothes)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_so_it_is_with_chance_and_in_any_member(store, clothes, worker_in_this_process, kind):
    train_in_foreground(store, from_flat(TINY | {"steps": 6} | kind), images=clothes)
    assert_same_as_recorded(store, clothes)
