"""Class activation maps against the package grad-cam, before its rescaling, to 1e-5 of the largest value."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from pytorch_grad_cam import (
    EigenCAM,
    GradCAM,
    GradCAMPlusPlus,
    HiResCAM,
    LayerCAM,
    ScoreCAM,
    XGradCAM,
)
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from benchmarks.saliency import captum_loop, grad_cam_loop, ours
from resnet_core.attribution import (
    eigen_cam,
    grad_cam,
    grad_cam_plus_plus,
    hires_cam,
    layer_cam,
    score_cam,
    xgrad_cam,
)
from resnet_core.config import from_flat
from resnet_core.models import build_model
from tests.core.attribution_scene import KINDS, scene

PAIRS = {
    grad_cam: GradCAM,
    grad_cam_plus_plus: GradCAMPlusPlus,
    hires_cam: HiResCAM,
    layer_cam: LayerCAM,
    xgrad_cam: XGradCAM,
    eigen_cam: EigenCAM,
    score_cam: ScoreCAM,
}


@pytest.mark.parametrize("kind", KINDS)
def test_class_activation_maps_are_those_of_the_package(kind):
    asked = scene(kind)
    network, layer = deepcopy((asked.network, asked.middle))  # the package fills every .grad
    chosen = [ClassifierOutputTarget(int(target)) for target in asked.targets]
    with GradCAM(network, [layer]) as package:
        package(asked.images, chosen)
        (values,), (gradients,) = (
            package.activations_and_grads.activations,
            package.activations_and_grads.gradients,
        )
    given = (layer, chosen, values.numpy(), gradients.numpy(), False)
    for method, kind_of_package in PAIRS.items():
        with kind_of_package(network, [layer]) as package:
            expected = package.get_cam_image(asked.images, *given)
        maps = method(network, layer, asked.images, asked.targets, relu=False).numpy()
        if method is eigen_cam:  # whose sign there is as it comes
            expected *= np.sign((maps * expected).sum((1, 2), keepdims=True))
        limit = 1e-5 * np.abs(expected).max()
        assert limit > 0
        np.testing.assert_allclose(maps, expected, rtol=0, atol=limit, err_msg=method.__name__)


def test_the_sides_of_the_benchmark_make_the_same_maps(few):
    # Those of the package are stretched to 0 .. 1 and to the picture's size.
    config = from_flat({"depth": 8, "width": 2})
    network = build_model(config.model, 1, 10, 0, 16).eval()
    inputs = (network, list(network.units[1:4]), few.normalize(few.test_images[:3]), few.test_labels[:3])
    for one, other, scaled in zip(ours(*inputs), captum_loop(*inputs), grad_cam_loop(*inputs), strict=True):
        torch.testing.assert_close(one, other)
        assert scaled.shape == (3, 16, 16)
        if one.shape == scaled.shape:
            low, high = one.amin((1, 2), keepdim=True), one.amax((1, 2), keepdim=True)
            torch.testing.assert_close(scaled, (one - low) / (high - low), rtol=1e-3, atol=1e-3)
