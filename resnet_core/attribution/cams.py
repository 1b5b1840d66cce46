"""Class activation maps: weighted sums of a layer's feature maps, from its output A and the gradient g there.

    Grad-CAM     sum_k mean(g^k) A^k                     Selvaraju et al., arXiv:1610.02391, equations 1 and 2
    Grad-CAM++   sum_k (sum a^k ReLU(g^k)) A^k           Chattopadhay et al., arXiv:1710.11063, equation 19
    HiResCAM     sum_k g^k A^k                           Draelos and Carin, arXiv:2011.08891
    LayerCAM     sum_k ReLU(g^k) A^k                     Jiang et al. 2021, IEEE 9462463
    XGrad-CAM    sum_k (sum g^k A^k / sum A^k) A^k       Fu et al., arXiv:2008.02312
    Eigen-CAM    A on its first principal component      Muhammad and Yeasin, arXiv:2008.00299

B = pictures, C = channels (k), h, w = height and width of the layer's output, H, W = of a picture. Products
without a dot are place by place.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from resnet_core.attribution.watch import watched

Cam = Callable[[Tensor, Tensor], Tensor]


def _grad_cam(values: Tensor, gradients: Tensor) -> Tensor:
    return _weighted(values, gradients.mean((2, 3), keepdim=True))


def _grad_cam_plus_plus(values: Tensor, gradients: Tensor) -> Tensor:
    squares = gradients.square()
    sums = values.sum((2, 3), keepdim=True)  # (B, C, 1, 1)
    shares = squares / (2 * squares + sums * squares * gradients + 1e-6)  # as in the package grad-cam
    return _weighted(values, (shares * gradients.relu()).sum((2, 3), keepdim=True))


def _hires_cam(values: Tensor, gradients: Tensor) -> Tensor:
    return _weighted(values, gradients)


def _layer_cam(values: Tensor, gradients: Tensor) -> Tensor:
    return _weighted(values, gradients.relu())


def _xgrad_cam(values: Tensor, gradients: Tensor) -> Tensor:
    shares = values / (values.sum((2, 3), keepdim=True) + 1e-7)  # as in the package grad-cam
    return _weighted(values, (gradients * shares).sum((2, 3), keepdim=True))


def _eigen_cam(values: Tensor, gradients: Tensor) -> Tensor:
    rows = values.flatten(2).transpose(1, 2)  # (B, h w, C)
    centred = rows - rows.mean(1, keepdim=True)
    is_finite = centred.isfinite().all(2).all(1)[:, None]  # (B, 1)
    rightmost = torch.linalg.svd(centred.where(is_finite[..., None], 0), full_matrices=False)[2]
    maps = (centred @ rightmost[:, 0, :, None])[..., 0]  # (B, h w)
    agreement = (maps * rows.mean(2)).sum(1, keepdim=True)  # maps are centred: their covariance
    maps = torch.where(agreement < 0, -maps, maps).where(is_finite, torch.nan)
    return maps.view(len(values), *values.shape[2:])


def _weighted(values: Tensor, weights: Tensor) -> Tensor:
    return (weights * values).sum(1)


CAMS: dict[str, Cam] = {
    "grad-cam": _grad_cam,
    "grad-cam++": _grad_cam_plus_plus,
    "hires-cam": _hires_cam,
    "layer-cam": _layer_cam,
    "xgrad-cam": _xgrad_cam,
    "eigen-cam": _eigen_cam,
}
"""From a layer's output and the gradient there, (B, C, h, w), to maps (B, h, w) before the last ReLU."""


def grad_cam(
    model: nn.Module, layer: nn.Module, images: Tensor, targets: Tensor, *, relu: bool = True
) -> Tensor:
    """Gradient-weighted class activation maps (Selvaraju et al., arXiv:1610.02391, equations 1 and 2).

    The output of `layer` is (B, C, h, w); `images` (B, 3, H, W), normalised; `targets` (B,) class indices.
    Returns (B, h, w) maps in units of the logit, at the layer's own resolution, not rescaled: scaling is the
    figure's business. They are >= 0; without `relu` evidence against the class stays there, below 0. Leaves
    every `.grad` as it was. Raises ValueError in training mode, and for a layer whose output has no place.
    """
    return _map("grad-cam", (model, layer, images, targets), relu)


def grad_cam_plus_plus(
    model: nn.Module, layer: nn.Module, images: Tensor, targets: Tensor, *, relu: bool = True
) -> Tensor:
    """Grad-CAM++ of the exponential of the logit (Chattopadhay et al., arXiv:1710.11063, equation 19).

    Like `grad_cam`, but that each place has its own share in a channel's weight, and only positive gradients.
    """
    return _map("grad-cam++", (model, layer, images, targets), relu)


def hires_cam(
    model: nn.Module, layer: nn.Module, images: Tensor, targets: Tensor, *, relu: bool = True
) -> Tensor:
    """HiResCAM (Draelos and Carin, arXiv:2011.08891): like `grad_cam`, but gradients are not averaged."""
    return _map("hires-cam", (model, layer, images, targets), relu)


def layer_cam(
    model: nn.Module, layer: nn.Module, images: Tensor, targets: Tensor, *, relu: bool = True
) -> Tensor:
    """LayerCAM (Jiang et al. 2021): like `hires_cam`, but only positive gradients count."""
    return _map("layer-cam", (model, layer, images, targets), relu)


def xgrad_cam(
    model: nn.Module, layer: nn.Module, images: Tensor, targets: Tensor, *, relu: bool = True
) -> Tensor:
    """XGrad-CAM (Fu et al., arXiv:2008.02312): like `grad_cam`, but each place counts by its value."""
    return _map("xgrad-cam", (model, layer, images, targets), relu)


def eigen_cam(
    model: nn.Module, layer: nn.Module, images: Tensor, targets: Tensor, *, relu: bool = True
) -> Tensor:
    """Eigen-CAM (Muhammad and Yeasin, arXiv:2008.00299): the first principal component over places.

    The same for every class, and in units of the layer's values, not of the logit. Each channel's mean over
    places is taken off first, as in the package grad-cam. A component has no sign of its own: here the map
    agrees with the mean over channels (covariance >= 0). NaN where values are not finite. Else like
    `grad_cam`.
    """
    return _map("eigen-cam", (model, layer, images, targets), relu)


def placed(values: Tensor) -> Tensor:
    """`values` if they are (B, C, h, w). Raises ValueError where features have no place."""
    if values.ndim != 4:
        shape = tuple(values.shape[1:])
        raise ValueError(f"layer: its output {shape} has no place; a class activation map needs (C, h, w)")
    return values


def _map(method: str, explained: tuple[nn.Module, nn.Module, Tensor, Tensor], relu: bool) -> Tensor:
    model, layer, images, targets = explained
    (found,) = watched(model, [layer], images, targets)
    maps = CAMS[method](placed(found.values), found.gradients)
    return maps.relu() if relu else maps
