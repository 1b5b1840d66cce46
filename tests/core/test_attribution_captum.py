"""Every method that Captum has, against Captum with the same settings, to 1e-5 of the largest value."""

import warnings
from copy import deepcopy

import pytest
import torch
from captum import attr
from torch import Tensor

from resnet_core.attribution import (
    convergence_delta,
    deep_lift,
    feature_ablation,
    grad_cam,
    guided_backprop,
    guided_grad_cam,
    hires_cam,
    integrated_gradients,
    layer_cam,
    occlusion,
    saliency,
    smooth_grad,
)
from resnet_core.attribution.masking import patches
from tests.core.attribution_scene import KINDS, Scene, scene


@pytest.fixture(params=KINDS)
def asked(request) -> Scene:
    return scene(request.param)


@pytest.fixture(autouse=True)
def captum_may_warn_of_its_hooks():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting (forward, )?backward hooks")
        yield


def inputs_of(asked: Scene) -> tuple:
    return asked.network, asked.images, asked.targets


def in_float32(asked: Scene) -> Scene:
    """For what takes a hundred passes: as many pictures in each give the same numbers, sooner."""
    network = deepcopy(asked.network).float()
    return Scene(network, network, network, asked.images.float(), asked.targets)


def leaf(asked: Scene) -> Tensor:
    return asked.images.clone().requires_grad_()


def assert_close(found: Tensor, expected: Tensor) -> None:
    assert expected.abs().max() > 0
    limit = 1e-5 * expected.abs().max().item()
    torch.testing.assert_close(found, expected.detach().to(found.dtype), rtol=0, atol=limit)


@pytest.mark.parametrize("place", ["middle", "last"])
def test_class_activation_maps(asked, place):
    layer = getattr(asked, place)
    inputs = (asked.network, layer, asked.images, asked.targets)
    captum = attr.LayerGradCam(asked.network, layer)
    signed = captum.attribute(leaf(asked), target=asked.targets)[:, 0]
    assert_close(grad_cam(*inputs, relu=False), signed)
    assert_close(
        grad_cam(*inputs), captum.attribute(leaf(asked), asked.targets, relu_attributions=True)[:, 0]
    )
    products = attr.LayerGradientXActivation(asked.network, layer).attribute(leaf(asked), asked.targets)
    assert_close(hires_cam(*inputs, relu=False), products.sum(1))
    values = attr.LayerActivation(asked.network, layer).attribute(asked.images)
    gradients = (products / values).nan_to_num()
    assert_close(layer_cam(*inputs, relu=False), (gradients.relu() * values).sum(1))


def test_saliency(asked):
    expected = attr.Saliency(asked.network).attribute(leaf(asked), target=asked.targets).amax(1)
    assert_close(saliency(*inputs_of(asked)), expected)
    images = leaf(asked)
    logits = asked.network(images)
    explained = logits.gather(1, asked.targets[:, None]).sum()
    (gradient,) = torch.autograd.grad(explained, images)
    assert_close(saliency(*inputs_of(asked)), gradient.abs().amax(1))


def test_smooth_grad(asked):
    # The noise of each picture's copies is the first that the seed gives, 0.15 of its range wide.
    found = smooth_grad(*inputs_of(asked), samples=4, seed=3)
    tunnel = attr.NoiseTunnel(attr.Saliency(asked.network))
    for picture, target, map in zip(asked.images, asked.targets, found, strict=True):
        settings = {"nt_samples": 4, "stdevs": 0.15 * (picture.max() - picture.min()).item(), "abs": False}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            picture = picture[None].clone().requires_grad_()
            expected = tunnel.attribute(picture, target=target[None], **settings)
        assert_close(map, expected.abs().amax(1)[0])


def test_integrated_gradients_and_their_delta(asked):
    maps = integrated_gradients(*inputs_of(asked), steps=8)
    method = attr.IntegratedGradients(asked.network)
    expected, delta = method.attribute(
        leaf(asked), target=asked.targets, n_steps=8, return_convergence_delta=True
    )
    assert_close(maps, expected.sum(1))
    assert_close(convergence_delta(asked.network, maps, asked.images, asked.targets), delta)


def test_guided_backprop_and_guided_grad_cam(asked):
    expected = attr.GuidedBackprop(asked.network).attribute(leaf(asked), target=asked.targets)
    assert_close(guided_backprop(*inputs_of(asked)), expected.sum(1))
    method = attr.GuidedGradCam(asked.network, asked.middle)
    expected = method.attribute(leaf(asked), target=asked.targets, interpolate_mode="bilinear").sum(1)
    assert_close(guided_grad_cam(asked.network, asked.middle, asked.images, asked.targets), expected)


def test_deep_lift(asked):
    if hasattr(asked.network, "maxpool"):
        with pytest.raises(ValueError, match="DeepLIFT does not apply"):
            deep_lift(*inputs_of(asked))
        return
    expected = attr.DeepLift(asked.network).attribute(leaf(asked), target=asked.targets)
    assert_close(deep_lift(*inputs_of(asked)), expected.sum(1))


def test_occlusion(asked):
    asked = in_float32(asked)
    side = asked.images.shape[-1]
    window, stride = (3, side // 4, side // 4), (3, side // 8, side // 8)
    method = attr.Occlusion(asked.network)
    at_once = 64 // len(asked.images)
    expected = method.attribute(
        asked.images, window, stride, target=asked.targets, perturbations_per_eval=at_once
    )
    assert_close(occlusion(*inputs_of(asked)), expected[:, 1])


def test_occlusion_is_the_mean_over_the_windows_that_cover_a_pixel():
    asked = scene("ResNet-20")
    images, targets = asked.images[:1], asked.targets[:1]
    logit = asked.network(images)[0, targets[0]]
    fall, count = torch.zeros(2, 16, 16, dtype=torch.float64)
    for top in range(0, 13, 2):
        for left in range(0, 13, 2):
            window = (slice(top, top + 4), slice(left, left + 4))
            covered = images.clone()
            covered[(slice(None), slice(None), *window)] = 0
            fall[window] += (logit - asked.network(covered)[0, targets[0]]).detach()
            count[window] += 1
    assert_close(occlusion(asked.network, images, targets)[0], fall / count)


def test_feature_ablation(asked):
    asked = in_float32(asked)
    grid = patches(*asked.images.shape[2:])
    method = attr.FeatureAblation(asked.network)
    at_once = 64 // len(asked.images)
    expected = method.attribute(
        asked.images, target=asked.targets, feature_mask=grid, perturbations_per_eval=at_once
    )
    assert_close(feature_ablation(*inputs_of(asked)), expected[:, 2])
