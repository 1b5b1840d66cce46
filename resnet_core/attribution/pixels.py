"""Maps of a picture's own pixels from gradients, through Captum.

B = pictures, C = channels, H, W = height and width. Baselines are 0: after normalising that is the training
set's mean colour.
"""

import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import torch
from torch import Tensor, nn

from resnet_core.attribution.watch import explained_logits, explaining
from resnet_core.models.merges import ExclusiveGate, ShortcutGate

NOISE = 0.15  # of the range of a picture's values
SAMPLES = 32
STEPS = 50  # of the integral
AT_ONCE = 64  # pictures in one pass
LARGEST_SHARE_OFF = 0.01  # of all contributions' sizes, by which DeepLIFT may miss the difference of logits
ROUNDINGS = 16  # of a logit, on the way through the network

# Captum has a rule for max pooling, but behind a convolution its contributions do not add up.
_WITHOUT_RULE: dict[type[nn.Module], str] = {
    nn.GELU: "GELU",
    nn.GroupNorm: "group or layer norm",
    nn.LayerNorm: "layer norm",
    nn.MaxPool2d: "max pooling",
    ExclusiveGate: "gates",
    ShortcutGate: "gates",
}
_WITH_RULE = (nn.ReLU, nn.Sigmoid, nn.Tanh)
_NO_DEEP_LIFT = "method: DeepLIFT does not apply to this network"


def saliency(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """The largest |gradient| of the logit over channels (Simonyan et al., arXiv:1312.6034).

    `images` (B, C, H, W) normalised, `targets` (B,) class indices. Returns (B, H, W) >= 0, logit per unit of
    the normalised input. Leaves every `.grad` as it was. Raises ValueError in training mode.
    """
    from captum.attr import Saliency

    with _explained_by_captum(model, images) as copies:
        return Saliency(model).attribute(copies, target=targets).amax(1).detach()


def smooth_grad(
    model: nn.Module, images: Tensor, targets: Tensor, *, samples: int = SAMPLES, seed: int = 0
) -> Tensor:
    """The mean gradient over noisy copies, largest absolute value over channels (Smilkov et al. 2017).

    SmoothGrad, arXiv:1706.03825. The noise is Gaussian; its deviation is 0.15 of the range of the picture's
    normalised values. Each picture gets the same noise from `seed`, so its map is its own; the global random
    numbers go on as they were. Else like `saliency`.
    """
    from captum.attr import NoiseTunnel, Saliency

    tunnel = NoiseTunnel(Saliency(model))
    found = []
    with _explained_by_captum(model, images) as copies, _own_random_numbers(images):
        for picture, target in zip(copies.detach(), targets, strict=True):
            torch.manual_seed(seed)
            gradient = tunnel.attribute(
                picture[None].clone().requires_grad_(), nt_samples=samples, nt_samples_batch_size=AT_ONCE,
                stdevs=NOISE * float(picture.max() - picture.min()), target=target[None], abs=False,
            )  # fmt: skip
            found.append(gradient.abs().amax(1))
    return torch.cat(found).detach()


def integrated_gradients(model: nn.Module, images: Tensor, targets: Tensor, *, steps: int = STEPS) -> Tensor:
    """Gradients averaged on the way from the mean colour to the picture, times that way (arXiv:1703.01365).

    Sundararajan et al. 2017; the integral by Gauss and Legendre with `steps` points. Returns (B, H, W),
    channels added up, in units of the logit: below 0 is evidence against the class. The map adds up to
    logit(picture) - logit(mean colour) but for `convergence_delta`. Else like `saliency`.
    """
    from captum.attr import IntegratedGradients

    with _explained_by_captum(model, images) as copies:
        method, at_once = IntegratedGradients(model), max(AT_ONCE, len(images))
        return (
            method.attribute(copies, target=targets, n_steps=steps, internal_batch_size=at_once)
            .sum(1).detach()
        )  # fmt: skip


def convergence_delta(model: nn.Module, maps: Tensor, images: Tensor, targets: Tensor) -> Tensor:
    """By how much `maps` (B, H, W) add up to more than logit(picture) - logit(mean colour): (B,).

    0 for a method that is complete, as integrated gradients with infinitely many steps and DeepLIFT are.
    """
    with explaining(model, images) as copies, torch.no_grad():
        logits = model(torch.cat([copies, torch.zeros_like(copies)]))
        there, baseline = explained_logits(logits, targets.repeat(2)).chunk(2)
    return maps.sum((1, 2)) - (there - baseline)


def guided_backprop(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """The gradient, of which every ReLU passes only what is positive (Springenberg et al., arXiv:1412.6806).

    Returns (B, H, W), channels added up. Only ReLUs that are modules take part. Raises ValueError where there
    is none. Else like `saliency`.
    """
    from captum.attr import GuidedBackprop

    _check_has_relu(model)
    with _explained_by_captum(model, images) as copies:
        return GuidedBackprop(model).attribute(copies, target=targets).sum(1).detach()


def guided_grad_cam(model: nn.Module, layer: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """Guided back-propagation times the Grad-CAM of `layer`, upsampled bilinearly.

    Selvaraju et al., arXiv:1610.02391. Returns (B, H, W), channels added up. Else like `guided_backprop`.
    """
    from captum.attr import GuidedGradCam

    _check_has_relu(model)
    with _explained_by_captum(model, images) as copies:
        method = GuidedGradCam(model, layer)
        return method.attribute(copies, target=targets, interpolate_mode="bilinear").sum(1).detach()


def deep_lift(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """DeepLIFT's Rescale rule against the mean colour (Shrikumar et al., arXiv:1704.02685).

    Returns (B, H, W), channels added up, in units of the logit: below 0 is evidence against the class. The
    map adds up to logit(picture) - logit(mean colour). Raises ValueError where Captum's rules cannot do that:
    GELU, group and layer norm, gates, max pooling, an activation module that is used twice in a pass (as in
    torchvision's ResNets), or anything else for which the sum is off. Works on a copy of `model`: Captum
    notes things on its modules. Else like `saliency`.
    """
    from captum.attr import DeepLift

    with _explained_by_captum(model, images) as copies:
        _check_rules(model, copies)
        maps = DeepLift(deepcopy(model)).attribute(copies, target=targets).sum(1).detach()
        largest = model(copies).detach().abs().amax(1)
    off = convergence_delta(model, maps, images, targets).abs()
    # An untrained deep network hardly tells the picture from the baseline: then the logits' rounding is left.
    rounding = ROUNDINGS * torch.finfo(maps.dtype).eps * largest
    if (off > LARGEST_SHARE_OFF * maps.abs().sum((1, 2)) + rounding).any():
        raise ValueError(f"{_NO_DEEP_LIFT}: its contributions are off by {off.max():.2g} in the sum")
    return maps


@contextmanager
def _explained_by_captum(model: nn.Module, images: Tensor) -> Iterator[Tensor]:
    with explaining(model, images) as copies, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting (forward, )?backward hooks", UserWarning)
        yield copies


@contextmanager
def _own_random_numbers(images: Tensor) -> Iterator[None]:
    devices = [images.device] if images.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        yield


def _check_has_relu(model: nn.Module) -> None:
    if not any(isinstance(module, nn.ReLU) for module in model.modules()):
        raise ValueError("method: guided back-propagation changes what ReLUs pass, and this network has none")


def _check_rules(model: nn.Module, images: Tensor) -> None:
    unruly = {_WITHOUT_RULE[type(module)] for module in model.modules() if type(module) in _WITHOUT_RULE}
    if unruly:
        raise ValueError(f"{_NO_DEEP_LIFT}: there is no rule for {', '.join(sorted(unruly))}")
    uses: Counter[nn.Module] = Counter()
    activations = [module for module in model.modules() if isinstance(module, _WITH_RULE)]
    handles = [module.register_forward_pre_hook(lambda one, _: uses.update([one])) for module in activations]
    try:
        with torch.no_grad():
            model(images[:1])
    finally:
        for handle in handles:
            handle.remove()
    if max(uses.values(), default=0) > 1:
        raise ValueError(
            f"{_NO_DEEP_LIFT}: one {type(max(uses, key=uses.get)).__name__} is used more than once"
        )
