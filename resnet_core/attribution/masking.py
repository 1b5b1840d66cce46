"""Maps from the answers to pictures of which parts are covered: no gradients.

B = pictures, C = channels, H, W = height and width, h, w = of a layer's output, k = its channels. What is
covered gets the value 0: after normalising that is the training set's mean colour.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.attribution.cams import placed
from resnet_core.attribution.watch import explained_logits, explaining, watched

WINDOWS = 4  # as many windows fit side by side
STRIDES = 8  # steps of a window along a side, and patches of the grid along one
AT_ONCE = 64  # pictures in one pass


def occlusion(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """By how much the logit falls while a window covers a pixel, mean over windows (arXiv:1311.2901).

    Zeiler and Fergus 2014. The window is a quarter of the side wide and moves by an eighth of it. `images`
    (B, C, H, W) normalised, `targets` (B,) class indices. Returns (B, H, W) in units of the logit; below 0
    where the logit rises. Leaves every `.grad` as it was. Raises ValueError in training mode.
    """
    from captum.attr import Occlusion

    channels, *sides = images.shape[1:]
    window = (channels, *(max(side // WINDOWS, 1) for side in sides))
    strides = (channels, *(max(side // STRIDES, 1) for side in sides))
    with explaining(model, images) as copies, torch.no_grad():
        found = Occlusion(model).attribute(
            copies, window, strides, target=targets, perturbations_per_eval=_at_once(images)
        )
    return found[:, 0]  # channels go together, and each has the whole


def feature_ablation(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """By how much the logit falls without a patch, on a grid of 8 x 8 patches that do not overlap.

    A smaller picture has patches of one pixel. Else like `occlusion`.
    """
    from captum.attr import FeatureAblation

    with explaining(model, images) as copies, torch.no_grad():
        found = FeatureAblation(model).attribute(
            copies, target=targets, feature_mask=patches(*images.shape[2:]).to(images.device),
            perturbations_per_eval=_at_once(images),
        )  # fmt: skip
    return found[:, 0]


def patches(height: int, width: int) -> Tensor:
    """The number of each pixel's patch, (1, 1, H, W), row by row from 0."""
    rows, columns = (torch.arange(side) * min(STRIDES, side) // side for side in (height, width))
    return (rows[:, None] * min(STRIDES, width) + columns)[None, None]


def score_cam(
    model: nn.Module, layer: nn.Module, images: Tensor, targets: Tensor, *, relu: bool = True
) -> Tensor:
    """Score-CAM (Wang et al., arXiv:1910.01279): channels weighted by the answers to what they uncover.

    Each channel of `layer`'s output (B, k, h, w), upsampled and stretched to 0 .. 1, is laid over the
    picture; weights are the softmax over channels of the logits that come out, one pass a channel. Returns
    (B, h, w) at the layer's own resolution, in units of its values, not of the logit. As in the package
    grad-cam; else like `grad_cam`.
    """
    (found,) = watched(model, [layer], images, targets)
    weights = [
        _scores(model, picture * masks[:, None], target).softmax(0)
        for picture, masks, target in zip(images, _masks(placed(found.values), images), targets, strict=True)
    ]
    maps = (torch.stack(weights)[:, :, None, None] * found.values).sum(1)
    return maps.relu() if relu else maps


def _masks(values: Tensor, images: Tensor) -> Tensor:
    # Corners on corners, as in the package grad-cam.
    large = F.interpolate(values, images.shape[2:], mode="bilinear", align_corners=True)  # (B, k, H, W)
    low, high = large.amin((2, 3), keepdim=True), large.amax((2, 3), keepdim=True)
    return (large - low) / (high - low + 1e-8)


def _scores(model: nn.Module, pictures: Tensor, target: Tensor) -> Tensor:
    with explaining(model, pictures) as copies, torch.no_grad():
        logits = torch.cat([model(some) for some in copies.split(AT_ONCE)])
    return explained_logits(logits, target.expand(len(logits)))


def _at_once(images: Tensor) -> int:
    return max(AT_ONCE // len(images), 1)
