"""Plain and residual networks for small pictures (He et al., arXiv:1512.03385, section 4.2).

B = batch, C = channels, S = side, W = width. Module names are torchvision's. Every addition is out of place
and no ReLU is in place: probes look at those tensors.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.config import ModelConfig


class CifarNet(nn.Module):
    """A 3x3 stem, three stages of `(depth - 2) / 6` blocks at W, 2W and 4W channels, a classifier."""

    def __init__(self, model: ModelConfig, in_channels: int, num_classes: int):
        super().__init__()
        width, blocks = model.width, model.blocks_per_stage
        self.conv1 = _conv3x3(in_channels, width, 1, model)
        self.bn1 = _norm(width, model)
        self.relu = nn.ReLU()
        self.layer1 = _stage(width, width, blocks, 1, model)
        self.layer2 = _stage(width, 2 * width, blocks, 2, model)
        self.layer3 = _stage(2 * width, 4 * width, blocks, 2, model)
        self.fc = nn.Linear(4 * width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))  # (B, W, S, S)
        x = self.layer3(self.layer2(self.layer1(x)))  # (B, 4W, S/4, S/4)
        return self.fc(x.mean(dim=(2, 3)))  # (B, classes)


class BasicBlock(nn.Module):
    """`relu(shortcut(x) + branch(x))`; a plain block is the same without `shortcut(x) +`."""

    def __init__(self, in_channels: int, channels: int, stride: int, model: ModelConfig):
        super().__init__()
        self.conv1 = _conv3x3(in_channels, channels, stride, model)
        self.bn1 = _norm(channels, model)
        self.relu1 = nn.ReLU()
        self.conv2 = _conv3x3(channels, channels, 1, model)
        self.bn2 = _norm(channels, model)
        self.relu2 = nn.ReLU()
        if model.skip == "identity":
            self.downsample = _shortcut(in_channels, channels, stride, model)
            self.add = Addition()

    def forward(self, x: Tensor) -> Tensor:
        branch = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        if hasattr(self, "add"):
            return self.relu2(self.add(self.downsample(x), branch))
        return self.relu2(branch)


class Addition(nn.Module):
    """The seam of a residual unit: where the two paths meet, and where probes look."""

    def forward(self, shortcut: Tensor, branch: Tensor) -> Tensor:
        return shortcut + branch


class PaddedShortcut(nn.Module):
    """Option A: every second pixel, and new channels of zeros, half of them in front. No parameters."""

    def __init__(self, in_channels: int, channels: int, stride: int):
        super().__init__()
        self.stride, self.front = stride, (channels - in_channels) // 2
        self.behind = channels - in_channels - self.front

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.front, self.behind))


def _stage(in_channels: int, channels: int, blocks: int, stride: int, model: ModelConfig) -> nn.Sequential:
    first = BasicBlock(in_channels, channels, stride, model)
    return nn.Sequential(first, *(BasicBlock(channels, channels, 1, model) for _ in range(blocks - 1)))


def _shortcut(in_channels: int, channels: int, stride: int, model: ModelConfig) -> nn.Module:
    if in_channels == channels and stride == 1:
        return nn.Identity()
    if model.shortcut == "A":
        return PaddedShortcut(in_channels, channels, stride)
    projection = nn.Conv2d(in_channels, channels, 1, stride, bias=model.norm == "none")
    return nn.Sequential(projection, _norm(channels, model))


def _conv3x3(in_channels: int, channels: int, stride: int, model: ModelConfig) -> nn.Conv2d:
    # BN has a shift of its own; without it the convolution needs a bias.
    return nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=model.norm == "none")


def _norm(channels: int, model: ModelConfig) -> nn.Module:
    return nn.BatchNorm2d(channels) if model.norm == "batch" else nn.Identity()
