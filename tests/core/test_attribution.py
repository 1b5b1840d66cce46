"""Class activation maps: by hand, the identities between methods, and what is refused."""

import math

import pytest
import torch
from torch import nn

from resnet_core.attribution import (
    CAMS,
    chosen_unit,
    convergence_delta,
    deep_lift,
    eigen_cam,
    feature_ablation,
    grad_cam,
    grad_cam_plus_plus,
    guided_backprop,
    hires_cam,
    integrated_gradients,
    layer_cam,
    method_map,
    occlusion,
    saliency,
    score_cam,
    smooth_grad,
    upsampled,
    usual_layer,
    watched,
    xgrad_cam,
)
from resnet_core.attribution.masking import patches
from resnet_core.config import from_flat
from resnet_core.models import build_model
from resnet_core.options import METHODS
from tests.core.attribution_scene import KINDS, scene

PICTURE = torch.tensor([[[[1.0, -2.0], [3.0, 0.0]]]], dtype=torch.float64)
FIRST = torch.tensor([0])


def network_by_hand() -> nn.Sequential:
    """Channels x and -x, ReLUs A = [1 0; 3 0] and B = [0 2; 0 0], the logit 4 mean(A) - 8 mean(B)."""
    conv, linear = nn.Conv2d(1, 2, 1, bias=False), nn.Linear(2, 2, bias=False)
    conv.weight.data = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)
    linear.weight.data = torch.tensor([[4.0, -8.0], [0.0, 4.0]])
    layers = (conv, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear)
    return nn.Sequential(*layers).double().eval()


def lab(**flat) -> nn.Module:
    return build_model(from_flat({"depth": 8, "width": 4} | flat).model, 3, 10, 0, 16).eval()


# --- by hand ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        # Behind the ReLU gradients are 4/4 = 1 on A and -8/4 = -2 on B: A - 2 B.
        (grad_cam, [[1, -4], [3, 0]]),
        (hires_cam, [[1, -4], [3, 0]]),
        (xgrad_cam, [[1, -4], [3, 0]]),
        (layer_cam, [[1, 0], [3, 0]]),  # of A alone: the gradient on B is negative
        # Shares on A: 1 / (2 + 4 * 1) = 1/6 at four places, so its weight is 4/6; B has none.
        (grad_cam_plus_plus, [[4 / 6, 0], [2, 0]]),
    ],
)
def test_maps_behind_the_relu_by_hand(method, expected):
    network = network_by_hand()
    found = method(network, network[1], PICTURE, FIRST, relu=False)
    expected = torch.tensor([expected], dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
    positive = method(network, network[1], PICTURE, FIRST)
    torch.testing.assert_close(positive, expected.relu(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        # Before the ReLU the gradient is 1 where x > 0, [1 0; 1 0], and -2 where -x > 0, [0 -2; 0 0].
        (grad_cam, [[1, -2], [3, 0]]),  # their means 1/2 and -1/2: x / 2 - (-x) / 2 = x
        (hires_cam, [[1, -4], [3, 0]]),  # place by place: 1 * 1, -2 * 2, 1 * 3
        (xgrad_cam, [[0, 0], [0, 0]]),  # weights (1 + 3) / 2 = 2 and -4 / -2 = 2: 2 x + 2 (-x)
        (layer_cam, [[1, 0], [3, 0]]),
        (grad_cam_plus_plus, [[0.5, -1], [1.5, 0]]),  # shares 1 / (2 + 2) at two places: x / 2
    ],
)
def test_maps_before_the_relu_by_hand(method, expected):
    network = network_by_hand()
    found = method(network, network[0], PICTURE, FIRST, relu=False)
    torch.testing.assert_close(found, torch.tensor([expected], dtype=torch.float64), rtol=1e-6, atol=1e-6)


def test_the_first_component_by_hand_agrees_with_the_mean_over_channels():
    # [1 2; 3 6] less its mean 3 is [-2 -1; 0 3]. With channels a and -3 a the direction is (1, -3) /
    # sqrt(10), so that the map is sqrt(10) a, and the mean over channels is -a.
    one = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    centred = torch.tensor([[[-2.0, -1.0], [0.0, 3.0]]])
    torch.testing.assert_close(CAMS["eigen-cam"](one, one), centred)
    two = torch.cat([one, -3 * one], 1)
    torch.testing.assert_close(CAMS["eigen-cam"](two, two), -math.sqrt(10) * centred)


def test_masks_are_scored_by_hand():
    # Masks of A and B are A / 3 and B / 2. x under them: [1/3 0; 3 0], whose logit is 10/3, and [0 -2; 0 0],
    # whose logit is -8 * 2/4 = -4.
    network = network_by_hand()
    weights = torch.tensor([10 / 3, -4.0], dtype=torch.float64).softmax(0)
    expected = PICTURE[0].relu() * weights[0] + (-PICTURE[0]).relu() * weights[1]
    torch.testing.assert_close(score_cam(network, network[1], PICTURE, FIRST), expected)


def test_pixels_by_hand():
    # The logit is sum(ReLU(x)) - 2 sum(ReLU(-x)): the gradient is 1 at 1 and 3, 2 at -2, 0 at 0.
    network = network_by_hand()
    gradient = torch.tensor([[[1.0, 2.0], [1.0, 0.0]]], dtype=torch.float64)
    torch.testing.assert_close(saliency(network, PICTURE, FIRST), gradient)
    # From 0 on the gradient stays as it is, so each pixel has its own part of the logit.
    parts = torch.tensor([[[1.0, -4.0], [3.0, 0.0]]], dtype=torch.float64)
    for method in (integrated_gradients, deep_lift, occlusion, feature_ablation):
        found = method(network, PICTURE, FIRST)
        torch.testing.assert_close(found, parts, check_dtype=False, msg=f"{method.__name__}: {found}")
    # ReLUs stop the negative gradient on B.
    guided = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]], dtype=torch.float64)
    torch.testing.assert_close(guided_backprop(network, PICTURE, FIRST), guided)


# --- identities ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_before_the_global_mean_three_methods_are_the_class_activation_map(kind):
    # g = w / Z at every place (Z places), so all are sum_k w_k A^k / Z, with the classifier's weights w.
    asked = scene(kind)
    inputs = (asked.network, asked.last, asked.images, asked.targets)
    (found,) = watched(asked.network, [asked.last], asked.images, asked.targets)
    weights = asked.network.fc if hasattr(asked.network, "fc") else asked.network.get_submodule("classifier")
    rows = weights.weight[asked.targets].detach()  # (B, C)
    cam = torch.einsum("bk,bkhw->bhw", rows, found.values) / found.values[0, 0].numel()
    for method in (grad_cam, hires_cam, xgrad_cam):
        torch.testing.assert_close(method(*inputs, relu=False), cam, rtol=1e-6, atol=1e-6)


def test_integrated_gradients_are_complete():
    network = lab(family="mlp", activation="tanh", norm="none").double()
    images = torch.randn(3, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([0, 5, 9])
    maps = integrated_gradients(network, images, targets)
    assert convergence_delta(network, maps, images, targets).abs().max() < 1e-7
    logits = network(images) - network(torch.zeros_like(images))
    there = logits.gather(1, targets[:, None])[:, 0]
    assert there.abs().min() > 1e-3
    torch.testing.assert_close(maps.sum((1, 2)), there, rtol=1e-5, atol=1e-7)


def test_all_layers_at_once_have_what_each_has_alone():
    asked = scene("ResNet-20")
    layers = [*asked.network.units, asked.last]
    together = watched(asked.network, layers, asked.images, asked.targets)
    for layer, found in zip(layers, together, strict=True):
        (alone,) = watched(asked.network, [layer], asked.images, asked.targets)
        assert all(map(torch.equal, found, alone))


def test_a_picture_has_the_same_maps_alone_and_in_a_batch():
    asked = scene("ResNet-20")
    for method in METHODS:
        inputs = (asked.network, asked.middle, method)
        both = method_map(*inputs, asked.images, asked.targets)
        second = method_map(*inputs, asked.images[1:], asked.targets[1:])
        torch.testing.assert_close(both[1:], second, msg=method)


def test_a_layer_is_seen_before_what_comes_next_overwrites_it():
    # Channels 2 x and -x of x = [1 -2], ReLU in place, their sum.
    conv = nn.Conv2d(1, 2, 1, bias=False)
    conv.weight.data = torch.tensor([2.0, -1.0]).view(2, 1, 1, 1)
    network = nn.Sequential(conv, nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(4, 1, bias=False)).eval()
    nn.init.ones_(network[3].weight)
    (found,) = watched(network, [conv], torch.tensor([[[[1.0, -2.0]]]]), FIRST)
    assert found.values.flatten().tolist() == [2, -4, -1, 2]
    assert found.gradients.flatten().tolist() == [1, 0, 0, 1]


# --- shapes and choices ----------------------------------------------------------------------------------


def test_upsampling_goes_from_edge_to_edge():
    # Two pixels on four: the outer quarters stay, between them the way is a quarter and three quarters.
    found = upsampled(torch.tensor([[[0.0, 4.0]]]), torch.zeros(1, 1, 1, 4))
    assert found.tolist() == [[[0, 1, 3, 4]]]


def test_patches_are_an_eighth_of_the_side_or_a_pixel():
    assert patches(2, 2).tolist() == [[[[0, 1], [2, 3]]]]
    found = patches(28, 28)
    assert found.unique().tolist() == list(range(64))
    assert set(torch.bincount(found.flatten()).tolist()) == {9, 12, 16}  # 3 or 4 pixels along a side


@pytest.mark.parametrize(("side", "unit"), [(32, "layer3.0"), (8, "layer2.0")])
def test_the_usual_unit_is_the_last_of_four_pixels(side, unit):
    network = build_model(from_flat({"depth": 8, "width": 2}).model, 3, 10, 0, side)
    assert network.plan.unit_names[chosen_unit(network)] == unit
    assert usual_layer(network) is network.get_submodule(unit)
    assert chosen_unit(network, "layer1.0") == 1


@pytest.mark.parametrize(
    ("flat", "name", "words"),
    [
        ({}, "layer9.0", "'layer9.0' has no feature maps in this network; there are"),
        ({}, "head", "no feature maps"),
        ({"family": "mlp", "depth": 6}, "", "no unit of this network has feature maps with a place"),
    ],
)
def test_a_unit_that_is_not_there_is_a_sentence(flat, name, words):
    with pytest.raises(ValueError, match=words):
        chosen_unit(lab(**flat), name)


def test_where_the_caller_wants_no_gradients_maps_are_the_same():
    asked = scene("ResNet-20")
    inputs = (asked.network, asked.middle, asked.images, asked.targets)
    expected = grad_cam(*inputs)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            assert torch.equal(grad_cam(*inputs), expected)
            assert torch.equal(eigen_cam(*inputs), eigen_cam(*inputs))
    frozen = lab().requires_grad_(False)
    assert grad_cam(frozen, frozen.units[0], asked.images.float(), asked.targets).any()


def test_noise_is_that_of_the_seed():
    asked = scene("ResNet-20")
    inputs = (asked.network, asked.images, asked.targets)
    one, same, other = (smooth_grad(*inputs, samples=4, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


# --- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_network_in_training_mode_is_refused(method):
    network = network_by_hand().train()
    with pytest.raises(ValueError, match="put it into evaluation mode first"):
        method_map(network, network[1], method, PICTURE, FIRST)


@pytest.mark.parametrize("target", [-1, 2])
def test_a_class_that_is_not_there_is_refused(target):
    network = network_by_hand()
    with pytest.raises(ValueError, match=f"target: {target} is not there; the classes are 0 to 1"):
        grad_cam(network, network[1], PICTURE, torch.tensor([target]))


def test_a_layer_without_a_place_or_that_is_not_used_once_is_refused():
    network = network_by_hand()
    with pytest.raises(ValueError, match=r"its output \(2,\) has no place"):
        grad_cam(network, network[3], PICTURE, FIRST)
    with pytest.raises(ValueError, match="takes part 0 times"):
        grad_cam(network, nn.ReLU(), PICTURE, FIRST)
    again = nn.Sequential(network[1], network).eval()
    with pytest.raises(ValueError, match="this ReLU takes part 2 times"):
        grad_cam(again, network[1], PICTURE, FIRST)


def test_a_method_without_a_name_is_refused():
    network = network_by_hand()
    with pytest.raises(ValueError, match="method: 'x-ray' is not one of grad-cam, "):
        method_map(network, network[1], "x-ray", PICTURE, FIRST)


def test_guided_backprop_needs_relus():
    with pytest.raises(ValueError, match="this network has none"):
        guided_backprop(lab(activation="tanh"), torch.zeros(1, 3, 16, 16), FIRST)


@pytest.mark.parametrize(
    ("flat", "words"),
    [
        ({"activation": "gelu"}, "no rule for GELU"),
        ({"norm": "layer"}, "no rule for group or layer norm"),
        ({"skip": "gated"}, "no rule for gates"),
        ({"family": "alexnet"}, "no rule for max pooling"),
    ],
)
def test_deep_lift_says_what_it_has_no_rule_for(flat, words):
    with pytest.raises(ValueError, match=words):
        deep_lift(lab(**flat), torch.zeros(1, 3, 16, 16), FIRST)


def test_deep_lift_says_that_a_relu_is_used_twice_or_that_its_sum_is_off():
    class Squared(nn.Module):
        def forward(self, x):
            return x**2

    network = network_by_hand()
    with pytest.raises(ValueError, match="one ReLU is used more than once"):
        deep_lift(nn.Sequential(network[1], network).eval(), PICTURE, FIRST)
    with pytest.raises(ValueError, match="contributions are off by"):
        deep_lift(nn.Sequential(Squared(), network).eval(), PICTURE, FIRST)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("family", ["resnet", "mlp"])
def test_deep_lift_is_complete_where_it_is_allowed(activation, family):
    network = lab(activation=activation, family=family).double()
    images = torch.randn(2, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([1, 2])
    maps = deep_lift(network, images, targets)
    assert maps.abs().sum() > 0
    assert convergence_delta(network, maps, images, targets).abs().max() < 1e-9 * maps.abs().sum()
