"""AlexNet and VGG in a form for pictures of 16 to 32 pixels, with torchvision's names.

AlexNet: Krizhevsky et al. 2012 (NIPS). VGG: Simonyan and Zisserman, arXiv:1409.1556, table 1. The channels
are torchvision's in proportion to `width`, which is 16 and 64 in its networks. Every convolution is
followed by the chosen norm, if any, and the activation; there was none in AlexNet and VGG. AlexNet's local
response normalisation and its two separate halves are left out, as in torchvision. The layers in front of the
classifier have a bias and no norm.
"""

from collections.abc import Iterator
from functools import partial

from resnet_core.architecture.numbered_layers import Sizes, classifier_unit, feature_units, vgg_groups
from resnet_core.architecture.plan import Chain, Plan, Shape
from resnet_core.config import ModelConfig

# Channels, in units of the width, and kernels; the first is 11x11 with stride 4 in the paper.
ALEXNET_GROUPS = (((4, 5),), ((12, 5),), ((24, 3), (16, 3), (16, 3)))
ALEXNET_HIDDEN = 64  # in units of the width; the paper's 4,096 are for maps of 6 x 6
VGG_HIDDEN = 8


def alexnet_plan(model: ModelConfig, inputs: Shape, num_classes: int) -> Plan:
    """Five convolutions in three groups, each with an overlapping 3x3 max pool, then three linear layers."""
    groups = [[(count * model.width, kernel) for count, kernel in group] for group in ALEXNET_GROUPS]
    units = feature_units(inputs, groups, (3, 2, 1), partial(_convolve, model))
    head = Chain(units[-1].outputs).flatten()
    hidden = ALEXNET_HIDDEN * model.width
    last = classifier_unit(head, hidden, model.activation, num_classes, is_dropped_first=True)
    return Plan(inputs, num_classes, (*units, last))


def vgg_plan(model: ModelConfig, inputs: Shape, num_classes: int) -> Plan:
    """Five groups of 3x3 convolutions, each with a 2x2 max pool while the maps are larger than one pixel."""
    groups = vgg_groups(model.depth, model.width)
    units = feature_units(inputs, groups, (2, 2), partial(_convolve, model))
    head = Chain(units[-1].outputs).flatten()
    hidden = VGG_HIDDEN * model.width
    last = classifier_unit(head, hidden, model.activation, num_classes, is_dropped_first=False)
    return Plan(inputs, num_classes, (*units, last))


def _convolve(model: ModelConfig, chain: Chain, names: Iterator[str], sizes: Sizes) -> None:
    chain.conv(next(names), *sizes, bias=model.has_bias)
    if model.norm != "none":
        chain.norm(next(names), model.norm)
    chain.add(next(names), model.activation)
