"""AlexNet and VGG in a form for pictures of 16 to 32 pixels, with torchvision's names.

AlexNet: Krizhevsky et al. 2012 (NIPS). VGG: Simonyan and Zisserman, arXiv:1409.1556, table 1. The channels
are the papers' in proportion to `width`, which is 16 and 64 in torchvision's networks. Every convolution is
followed by the chosen norm, if any, and the activation; there was none in AlexNet and VGG. AlexNet's local
response normalisation and its two separate halves are left out, as in torchvision. The layers in front of the
classifier have a bias and no norm.
"""

import itertools
from collections.abc import Iterator

from resnet_core.architecture.plan import Chain, Plan, Shape, Unit
from resnet_core.config import ModelConfig

ALEXNET_CHANNELS = ((4,), (12,), (24, 16, 16))  # in units of the width; a max pool ends each group
ALEXNET_KERNELS = ((5,), (5,), (3, 3, 3))  # the first is 11x11 with stride 4 in the paper
ALEXNET_HIDDEN = 64  # in units of the width; the paper's 4,096 are for maps of 6 x 6
VGG_CHANNELS = (1, 2, 4, 8, 8)
VGG_LAYERS = {11: (1, 1, 2, 2, 2), 13: (2,) * 5, 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}  # A, B, D, E
VGG_HIDDEN = 8
DROPPED = 0.5


def alexnet_plan(model: ModelConfig, inputs: Shape, num_classes: int) -> Plan:
    """Five convolutions in three groups, each with an overlapping 3x3 max pool, then three linear layers."""
    names, shape, units = _numbers("features"), inputs, []
    for i, (channels, kernels) in enumerate(zip(ALEXNET_CHANNELS, ALEXNET_KERNELS, strict=True), 1):
        chain = Chain(shape)
        for count, kernel in zip(channels, kernels, strict=True):
            _convolve(chain, names, model, channels=count * model.width, kernel=kernel)
        chain.pool(next(names), "max pool", 3, 2, padding=1)
        units.append(chain.unit(f"group{i}"))
        shape = chain.shape
    names, head = _numbers("classifier"), Chain(shape).flatten()
    for _ in range(2):
        head.add(next(names), "dropout", value=DROPPED)
        head.linear(next(names), ALEXNET_HIDDEN * model.width).add(next(names), model.activation)
    return Plan(inputs, num_classes, (*units, _classifier(head, names, num_classes)))


def vgg_plan(model: ModelConfig, inputs: Shape, num_classes: int) -> Plan:
    """Five groups of 3x3 convolutions, each with a 2x2 max pool while the maps are larger than one pixel."""
    names, shape, units = _numbers("features"), inputs, []
    for i, layers in enumerate(VGG_LAYERS[model.depth]):
        chain = Chain(shape)
        for _ in range(layers):
            _convolve(chain, names, model, channels=VGG_CHANNELS[i] * model.width, kernel=3)
        if chain.shape[1] > 1:
            chain.pool(next(names), "max pool", 2, 2)
        units.append(chain.unit(f"group{i + 1}"))
        shape = chain.shape
    names, head = _numbers("classifier"), Chain(shape).flatten()
    for _ in range(2):
        head.linear(next(names), VGG_HIDDEN * model.width).add(next(names), model.activation)
        head.add(next(names), "dropout", value=DROPPED)
    return Plan(inputs, num_classes, (*units, _classifier(head, names, num_classes)))


def _numbers(prefix: str) -> Iterator[str]:
    return (f"{prefix}.{i}" for i in itertools.count())


def _convolve(chain: Chain, names: Iterator[str], model: ModelConfig, *, channels: int, kernel: int) -> None:
    chain.conv(next(names), channels, kernel, bias=model.has_bias)
    if model.norm != "none":
        chain.norm(next(names), model.norm)
    chain.add(next(names), model.activation)


def _classifier(head: Chain, names: Iterator[str], num_classes: int) -> Unit:
    return head.linear(next(names), num_classes).unit("head")
