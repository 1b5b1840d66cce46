"""The small modules that PyTorch does not have, each written out only where a network needs it."""

from resnet_core.architecture import Plan

_PAD = '''class PaddedShortcut(nn.Module):
    """Option A (He et al. 2015): every second pixel, and new channels of zeros, half of them in front."""

    def __init__(self, in_channels: int, channels: int, stride: int):
        super().__init__()
        self.stride = stride
        self.front = (channels - in_channels) // 2
        self.behind = channels - in_channels - self.front

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, :, :: self.stride, :: self.stride]
        return F.pad(x, (0, 0, 0, 0, self.front, self.behind))'''

_SCALE = '''class Scale(nn.Module):
    """One learned number that everything is multiplied by."""

    def __init__(self, value: float):
        super().__init__()
        self.weight = nn.Parameter(torch.full((1,), value))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight'''

_SHIFT = '''class Shift(nn.Module):
    """One learned number that is added to everything."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias'''

_DROP_PATH = '''class DropPath(nn.Module):
    """Stochastic depth (Huang et al. 2016): in each step the whole branch takes part or not, by chance.

    In evaluation it is weighted with that chance.
    """

    def __init__(self, survival: float):
        super().__init__()
        self.survival = survival

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return self.survival * x
        return x if torch.rand(()) < self.survival else 0.0 * x'''

_CLASSES = {"pad": _PAD, "scale": _SCALE, "shift": _SHIFT, "drop path": _DROP_PATH}


def extra_classes(plan: Plan) -> list[str]:
    """The classes of the operations in `plan` that have no module in PyTorch."""
    kinds = {op.kind for op in plan.ops}
    return [text for kind, text in _CLASSES.items() if kind in kinds]
