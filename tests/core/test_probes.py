"""What probes read: each by hand, each against a slow obvious twin, and at the edges of float32."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.config import ModelConfig
from resnet_core.models import build_model
from resnet_core.models.layout import layout_of
from resnet_core.models.merges import Addition
from resnet_core.probes import Activations, BranchRatio, GradientNorm, UpdateRatio, attached
from tests.core.random_configs import networks


def network_of(flat: dict) -> nn.Module:
    return build_model(ModelConfig(**flat), 3, 10, seed=2)


def batch_of(count: int = 6) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    return torch.randn(count, 3, 16, 16, generator=draw), torch.randint(0, 10, (count,), generator=draw)


def loss_of(network: nn.Module) -> Tensor:
    images, labels = batch_of()
    return F.cross_entropy(network(images), labels)


# By hand.


def test_gradient_norm_of_a_hand_computed_case():
    # y = w x with w = 2, x = 3, loss = y^2 / 2, so dloss/dw = y x = 6 * 3 = 18
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 2.0)
    probe = GradientNorm()
    with attached([probe], model):
        (model(torch.tensor([[3.0]])) ** 2 / 2).sum().backward()
        assert probe.read() == pytest.approx([18.0])


def test_update_ratio_of_a_hand_computed_case():
    # The same network moved by SGD with learning rate 0.1: from 2 by 0.1 * 18, so the ratio is 1.8 / 2.
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 2.0)
    optimizer, probe = torch.optim.SGD(model.parameters(), lr=0.1), UpdateRatio()
    with attached([probe], model):
        (model(torch.tensor([[3.0]])) ** 2 / 2).sum().backward()
        optimizer.step()
        assert probe.read() == pytest.approx([0.9])


def test_activations_of_a_hand_computed_case():
    # Channels 1 x and -1 x of the pixels 1, 2, 3, 4: behind the ReLU 1, 2, 3, 4 and four zeros.
    # Mean 10 / 8 = 1.25, mean square 30 / 8 = 3.75, std sqrt(3.75 - 1.25^2) = sqrt(2.1875), one of two dead.
    model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.ReLU())
    model[0].weight.data[:] = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)
    probe = Activations()
    with attached([probe], model):
        model(torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2))
        assert probe.read().flatten() == pytest.approx([1.25, math.sqrt(2.1875), 0.5])


def test_branch_ratio_of_a_hand_computed_case():
    # Two pictures: |F| / |x| is |(3, 4)| / |(0, 1)| = 5 and |(0, 0)| / |(1, 0)| = 0, on average 2.5.
    model, probe = nn.Sequential(Addition()), BranchRatio()
    with attached([probe], model):
        model[0](torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        assert probe.read() == pytest.approx([2.5])


def test_a_unit_that_one_picture_wakes_somewhere_is_not_dead():
    model, probe = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.ReLU()), Activations()
    nn.init.constant_(model[0].weight, 1.0)
    images = torch.full((5, 1, 4, 4), -1.0)
    with attached([probe], model):
        model(images)
        assert probe.readings()["dead_share"] == [1.0]
        images[3, 0, 2, 1] = 0.01
        model(images)
        assert probe.readings()["dead_share"] == [0.0]


# Against slow obvious twins.


@given(networks())
@settings(max_examples=15)
def test_gradient_norm_is_what_a_loop_with_autograd_finds(flat):
    network, probe, expected = network_of(flat), GradientNorm(), []
    for layer in layout_of(network).layers:
        (gradient,) = torch.autograd.grad(loss_of(network), network.get_submodule(layer.name).weight)
        expected.append(math.sqrt(sum(value**2 for value in gradient.flatten().tolist())))
    with attached([probe], network):
        loss_of(network).backward()
        assert probe.read() == pytest.approx(expected, rel=1e-6)
        assert not probe.readings()["nonfinite_gradients"].any()


def normed(module: nn.Module, name: str, x: Tensor) -> Tensor:
    return getattr(module, name)(x) if hasattr(module, name) else x


def walk(network: nn.Module, x: Tensor) -> tuple[dict[str, Tensor], dict[str, tuple[Tensor, Tensor]]]:
    """The forward pass written out: what each layer hands on, and what meets in each block, by name."""
    outputs, meetings = {}, {}
    x = outputs["conv1"] = F.relu(normed(network, "bn1", network.conv1(x)))
    for name in ("layer1", "layer2", "layer3"):
        for i, block in enumerate(network.get_submodule(name)):
            place = f"{name}.{i}"
            hidden = outputs[f"{place}.conv1"] = F.relu(normed(block, "bn1", block.conv1(x)))
            branch = normed(block, "bn2", block.conv2(hidden))
            if hasattr(block, "add"):
                if isinstance(getattr(block, "downsample", None), nn.Sequential):
                    outputs[f"{place}.downsample.0"] = block.downsample[0](x)
                meetings[place] = (block.downsample(x) if hasattr(block, "downsample") else x, branch)
                x = meetings[place][0] + branch
            else:
                x = branch
            x = outputs[f"{place}.conv2"] = F.relu(x)
    outputs["fc"] = network.fc(x.mean((2, 3)))
    return outputs, meetings


@given(networks())
@settings(max_examples=15)
def test_activations_are_what_a_loop_over_layers_and_channels_finds(flat):
    network, probe = network_of(flat), Activations()
    with torch.no_grad():
        outputs, _ = walk(network, batch_of()[0])
    expected = []
    for layer in layout_of(network).layers:
        values = outputs[layer.name].double().numpy()
        dead = [bool((values[:, channel] == 0).all()) for channel in range(values.shape[1])]
        expected.append([values.mean(), values.std(), sum(dead) / len(dead)])
    with attached([probe], network):
        network(batch_of()[0])
        np.testing.assert_allclose(probe.read().T, expected, rtol=1e-4, atol=1e-6)


@given(networks())
@settings(max_examples=15)
def test_branch_ratio_is_what_a_loop_over_blocks_and_pictures_finds(flat):
    network, probe, expected = network_of(flat), BranchRatio(), []
    with torch.no_grad():
        _, meetings = walk(network, batch_of()[0])
    for shortcut, branch in meetings.values():
        pairs = zip(shortcut.double().numpy(), branch.double().numpy(), strict=True)
        with np.errstate(divide="ignore"):
            expected.append(np.mean([np.linalg.norm(f) / np.linalg.norm(x) for x, f in pairs]))
    with attached([probe], network):
        network(batch_of()[0])
        np.testing.assert_allclose(probe.read(), expected, rtol=1e-4)
    assert list(meetings) == list(layout_of(network).blocks)


@given(networks())
@settings(max_examples=15)
def test_update_ratio_is_what_a_loop_over_layers_finds(flat):
    network, probe = network_of(flat), UpdateRatio()
    layers = [network.get_submodule(layer.name) for layer in layout_of(network).layers]
    before = [layer.weight.detach().double().numpy() for layer in layers]
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    with attached([probe], network):
        loss_of(network).backward()
        optimizer.step()
        found = probe.read()
    for ratio, layer, old in zip(found, layers, before, strict=True):
        moved = np.linalg.norm(layer.weight.detach().double().numpy() - old)
        assert ratio == pytest.approx(moved / np.linalg.norm(old), rel=1e-3, abs=1e-7)


# At the edges of float32.


@pytest.mark.parametrize("size", [1e30, 1e-30, 3e38, 1e-38, 0.0])
def test_a_norm_survives_where_squares_of_float32_do_not(size):
    model, probe = nn.Linear(4, 1, bias=False), GradientNorm()
    with attached([probe], model):
        model.weight.grad = torch.full((1, 4), size)
        assert probe.read() == pytest.approx([2 * size], rel=1e-6)
        assert not probe.readings()["nonfinite_gradients"].any()


def test_a_finite_gradient_whose_norm_no_float32_holds_reads_infinity_but_counts_as_finite():
    model, probe = nn.Linear(4, 1, bias=False), GradientNorm()
    with attached([probe], model):
        model.weight.grad = torch.full((1, 4), 3e38)
        found = probe.readings()
    assert found["gradient_norm"] == [np.inf]
    assert found["nonfinite_gradients"] == [0]


def test_values_that_are_not_finite_are_counted_layer_by_layer():
    model, probe = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)), GradientNorm()
    with attached([probe], model):
        for layer, gradient in zip(model, ([1, 1], [math.nan, math.inf], [-math.inf, 1]), strict=True):
            layer.weight.grad = torch.tensor([gradient, [0.0, 0.0]])
        found = probe.readings()
    assert found["nonfinite_gradients"].tolist() == [0, 2, 1]
    assert np.isfinite(found["gradient_norm"]).tolist() == [True, False, False]
    assert np.isnan(found["gradient_norm"][1])
    assert np.isposinf(found["gradient_norm"][2])


def test_weights_of_zero_have_an_infinite_or_undefined_update():
    model, probe = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1)), UpdateRatio()
    for layer in model:
        nn.init.zeros_(layer.weight)
    with attached([probe], model):
        model[0].weight.data.fill_(1.0)
        found = probe.read()
    assert np.isposinf(found[0])
    assert np.isnan(found[1])


@pytest.mark.parametrize("scale", [1e-30, 1e-16, 1e-8, 1.0, 1e8, 1e16, 1e30])
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_mean_and_std_of_activations_survive_at_any_scale(scale, offset):
    model, probe = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False)), Activations()
    nn.init.constant_(model[0].weight, 1.0)
    images = (torch.randn(6, 1, 8, 8, generator=torch.Generator().manual_seed(0)) + offset) * scale
    with attached([probe], model):
        values = model(images).double().detach().numpy()
        mean, std, _ = probe.read().flatten()
    assert mean == pytest.approx(values.mean(), rel=1e-4, abs=1e-5 * values.std())
    assert std == pytest.approx(values.std(), rel=1e-4)


def test_activations_that_are_all_alike_have_no_spread():
    model, probe = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False)), Activations()
    nn.init.constant_(model[0].weight, 0.1)
    for value in (0.0, 3.0):
        with attached([probe], model):
            model(torch.full((4, 1, 8, 8), value))
            assert probe.read().flatten()[:2] == pytest.approx([0.1 * value, 0.0], abs=1e-6)


def test_infinity_and_nan_pass_through_activations():
    network, probe = network_of({"depth": 8, "width": 2}), Activations()
    images, _ = batch_of()
    images[0, 0, 0, 0] = math.inf
    with attached([probe], network):
        network(images)
        assert np.isnan(probe.readings()["activation_mean"]).all()
