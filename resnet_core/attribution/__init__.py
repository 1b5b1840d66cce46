"""Where a network looks: tensors in, tensors out, nothing changed.

`images` are normalised (B, C, H, W), `targets` (B,) class indices; the network is in evaluation mode. Class
activation maps are (B, h, w) at their layer's own resolution, the others (B, H, W).
"""

from resnet_core.attribution.cams import (
    CAMS,
    eigen_cam,
    grad_cam,
    grad_cam_plus_plus,
    hires_cam,
    layer_cam,
    xgrad_cam,
)
from resnet_core.attribution.maps import chosen_unit, method_map, placed_units, upsampled, usual_layer
from resnet_core.attribution.masking import feature_ablation, occlusion, score_cam
from resnet_core.attribution.pixels import (
    convergence_delta,
    deep_lift,
    guided_backprop,
    guided_grad_cam,
    integrated_gradients,
    saliency,
    smooth_grad,
)
from resnet_core.attribution.watch import Watched, watched

__all__ = [
    "CAMS",
    "Watched",
    "chosen_unit",
    "convergence_delta",
    "deep_lift",
    "eigen_cam",
    "feature_ablation",
    "grad_cam",
    "grad_cam_plus_plus",
    "guided_backprop",
    "guided_grad_cam",
    "hires_cam",
    "integrated_gradients",
    "layer_cam",
    "method_map",
    "occlusion",
    "placed_units",
    "saliency",
    "score_cam",
    "smooth_grad",
    "upsampled",
    "usual_layer",
    "watched",
    "xgrad_cam",
]
