"""Any method by its name, at the picture's resolution, and the unit whose maps are usually shown.

B = pictures, H, W = height and width of a picture, h, w = of a layer's output.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.attribution import masking, pixels
from resnet_core.attribution.cams import CAMS, placed
from resnet_core.attribution.watch import watched
from resnet_core.options import METHODS

SMALLEST = 4  # pixels along a side of maps that are worth showing alone
_OF_PIXELS = {
    "saliency": pixels.saliency,
    "smooth-grad": pixels.smooth_grad,
    "integrated-gradients": pixels.integrated_gradients,
    "guided-backprop": pixels.guided_backprop,
    "deep-lift": pixels.deep_lift,
    "occlusion": masking.occlusion,
    "feature-ablation": masking.feature_ablation,
}
OF_A_LAYER = (*CAMS, "guided-grad-cam", "score-cam")  # methods that look at one


def method_map(
    model: nn.Module, layer: nn.Module | None, method: str, images: Tensor, targets: Tensor
) -> Tensor:
    """The map of `method`, a name of `METHODS`, as large as `images` (B, C, H, W): (B, H, W).

    Class activation maps of `layer` come before their last ReLU and are upsampled bilinearly; other methods
    leave `layer` alone. `targets` (B,) are class indices. Raises ValueError where the method cannot be used.
    """
    if method in _OF_PIXELS:
        return _OF_PIXELS[method](model, images, targets)
    if method == "guided-grad-cam":
        return pixels.guided_grad_cam(model, layer, images, targets)
    if method == "score-cam":
        return upsampled(masking.score_cam(model, layer, images, targets, relu=False), images)
    if method not in CAMS:
        raise ValueError(f"method: {method!r} is not one of {', '.join(METHODS)}")
    (found,) = watched(model, [layer], images, targets)
    return upsampled(CAMS[method](placed(found.values), found.gradients), images)


def upsampled(maps: Tensor, images: Tensor) -> Tensor:
    """Maps (B, h, w) as large as `images` (B, C, H, W), bilinearly, edges upon edges: (B, H, W)."""
    return F.interpolate(maps[:, None], images.shape[2:], mode="bilinear", align_corners=False)[:, 0]


def placed_units(network: nn.Module) -> list[int]:
    """Which units of a lab network hand on feature maps with a place, by their number in the plan."""
    return [number for number, unit in enumerate(network.plan.units) if len(unit.outputs) == 3]


def chosen_unit(network: nn.Module, name: str = "") -> int:
    """The number of the unit called `name` in the plan; without a name the last with at least 4 x 4 pixels.

    Where no unit has as many: the last of those that have a place. Raises ValueError where none has one.
    """
    plan, there = network.plan, placed_units(network)
    names = {plan.unit_names[number]: number for number in there}
    if not there:
        raise ValueError("unit: no unit of this network has feature maps with a place")
    if name and name not in names:
        raise ValueError(f"unit: {name!r} has no feature maps in this network; there are {', '.join(names)}")
    large = [number for number in there if min(plan.units[number].outputs[1:]) >= SMALLEST]
    return names[name] if name else (large or there)[-1]


def usual_layer(network: nn.Module) -> nn.Module:
    """The last unit of a lab network whose output is at least 4 x 4 pixels (`chosen_unit`)."""
    return network.units[chosen_unit(network)]
