"""One module for each operation of a plan. B = batch, C = channels."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.architecture.plan import Op
from resnet_core.models.seeds import seed_of


class PaddedShortcut(nn.Module):
    """Option A: every second pixel, and new channels of zeros, half of them in front. No parameters."""

    def __init__(self, in_channels: int, channels: int, stride: int):
        super().__init__()
        self.stride, self.front = stride, (channels - in_channels) // 2
        self.behind = channels - in_channels - self.front

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.front, self.behind))


class GlobalMean(nn.Module):
    """The mean of each channel, (B, C)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3))


class Scale(nn.Module):
    """One learned number that everything is multiplied by (SkipInit's and ReZero's alpha, Fixup's scale)."""

    def __init__(self, value: float):
        super().__init__()
        self.weight = nn.Parameter(torch.full((1,), value))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


class Shift(nn.Module):
    """One learned number that is added to everything (Fixup)."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


class Factor(nn.Module):
    """A number that stays as it is. 1 changes no bit, and 0 times anything finite is 0."""

    def __init__(self, value: float):
        super().__init__()
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        return self.value * x


class Chance(nn.Module):
    """Base of what happens by chance while training: drawn from (seed, step, name), so it can be repeated."""

    _number = 0  # 0 <= number < 2^63, the same at every pass until the next is drawn

    def draw_for(self, seed: int, step: int, name: str) -> None:
        """Sets what chance brings in this step."""
        self._number = seed_of(f"{seed}:{step}:{name}")


class Dropout(Chance):
    """Drops each value with the given chance while training; what is left grows to keep the mean."""

    def __init__(self, share: float):
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.share == 0:
            return x
        generator = torch.Generator(x.device).manual_seed(self._number)
        drawn = torch.rand(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        return x * (drawn >= self.share) / (1 - self.share)


class DropPath(Chance):
    """Stochastic depth: the whole branch takes part in a step with the chance to survive, else it is 0.

    In evaluation the branch is weighted with that chance (Huang et al. 2016, equation 5). A branch that is
    dropped is computed all the same: its running statistics go on, its gradients are 0.
    """

    def __init__(self, survival: float):
        super().__init__()
        self.survival = survival

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return self.survival * x
        return x if self._number < self.survival * 2**63 else 0.0 * x


_ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


def module_of(op: Op) -> nn.Module:
    """The module of an operation; its initial values are set elsewhere."""
    if op.kind == "conv":
        return nn.Conv2d(
            op.inputs[0], op.outputs[0], op.kernel, op.stride, op.padding, groups=op.groups, bias=op.bias
        )
    if op.kind == "linear":
        return nn.Linear(op.inputs[0], op.outputs[0], bias=op.bias)
    if op.kind == "batch":
        norm = nn.BatchNorm2d if len(op.inputs) == 3 else nn.BatchNorm1d
        return norm(op.inputs[0], eps=op.value or 1e-5)
    if op.kind in ("group", "layer"):
        return nn.GroupNorm(op.groups_of_norm, op.inputs[0])
    if op.kind in _ACTIVATIONS:
        return _ACTIVATIONS[op.kind]()
    return _without_weights(op)


def _without_weights(op: Op) -> nn.Module:
    if op.kind == "max pool":
        return nn.MaxPool2d(op.kernel, op.stride, op.padding, ceil_mode=op.is_ceiled)
    if op.kind == "mean pool":
        return nn.AvgPool2d(op.kernel, op.stride, op.padding)
    make = {
        "pad": lambda: PaddedShortcut(op.inputs[0], op.outputs[0], op.stride),
        "global mean": GlobalMean,
        "adaptive mean": lambda: nn.AdaptiveAvgPool2d(op.outputs[1:]),
        "flatten": nn.Flatten,
        "scale": lambda: Scale(op.value),
        "shift": Shift,
        "factor": lambda: Factor(op.value),
        "dropout": lambda: Dropout(op.value),
        "drop path": lambda: DropPath(op.value),
    }
    return make[op.kind]()
