"""AlexNet, VGG and GoogLeNet for ImageNet as in torchvision.

AlexNet: Krizhevsky 2014 (arXiv:1404.5997), one column of the network of 2012. VGG: Simonyan & Zisserman 2015
(arXiv:1409.1556, table 1). GoogLeNet: Szegedy et al. 2015 (arXiv:1409.4842, table 1), here with batch
normalisation, without the two auxiliary classifiers, and with a 3x3 in the branch that is a 5x5 in the paper.
"""

from collections.abc import Iterator

from resnet_core.architecture.inception import inception_units
from resnet_core.architecture.numbered_layers import Sizes, classifier_unit, feature_units, vgg_groups
from resnet_core.architecture.plan import Chain, Plan, Shape

# Channels and kernel of each convolution, and stride and padding where they are not the usual ones.
ALEXNET_GROUPS = (
    ((64, 11, 4, 2),),
    ((192, 5),),
    ((384, 3), (256, 3), (256, 3)),
)
VGG_WIDTH = 64
HIDDEN = 4096  # features of the fully connected layers of AlexNet and VGG
GOOGLENET_POOLS = {"maxpool3": 3, "maxpool4": 2}  # kernels
GOOGLENET_DROPPED = 0.2
GOOGLENET_EPSILON = 0.001  # of its batch norms; PyTorch's default is 0.00001


def alexnet_plan(inputs: Shape, num_classes: int) -> Plan:
    """Five convolutions in three groups, three fully connected layers."""
    units = feature_units(inputs, ALEXNET_GROUPS, (3, 2), _with_relu)
    head = _pooled(units[-1].outputs, 6)
    last = classifier_unit(head, HIDDEN, "relu", num_classes, is_dropped_first=True)
    return Plan(inputs, num_classes, (*units, last))


def vgg_plan(inputs: Shape, num_classes: int, depth: int) -> Plan:
    """Five groups of 3x3 convolutions, a pool behind each, three fully connected layers."""
    units = feature_units(inputs, vgg_groups(depth, VGG_WIDTH), (2, 2), _with_relu)
    head = _pooled(units[-1].outputs, 7)
    last = classifier_unit(head, HIDDEN, "relu", num_classes, is_dropped_first=False)
    return Plan(inputs, num_classes, (*units, last))


def googlenet_plan(inputs: Shape, num_classes: int) -> Plan:
    """A stem of three convolutions, nine inception modules, classifier."""
    stem = _conv(Chain(inputs), "conv1", 64, 7, stride=2)
    stem.pool("maxpool1", "max pool", 3, 2, is_ceiled=True)
    units = [stem.unit("stem")]
    second = _conv(_conv(Chain(stem.shape), "conv2", 64, 1), "conv3", 192, 3)
    units.append(second.pool("maxpool2", "max pool", 3, 2, is_ceiled=True).unit("stem"))
    units += inception_units(units[-1].outputs, _conv, 3, GOOGLENET_POOLS)
    head = Chain(units[-1].outputs).global_mean().add("dropout", "dropout", value=GOOGLENET_DROPPED)
    return Plan(inputs, num_classes, (*units, head.linear("fc", num_classes).unit("head")))


def _with_relu(chain: Chain, names: Iterator[str], sizes: Sizes) -> None:
    chain.conv(next(names), *sizes, bias=True).add(next(names), "relu")


def _pooled(shape: Shape, side: int) -> Chain:
    return Chain(shape).add("avgpool", "adaptive mean", (shape[0], side, side)).flatten()


def _conv(chain: Chain, name: str, channels: int, kernel: int, stride: int = 1) -> Chain:
    chain.conv(f"{name}.conv", channels, kernel, stride)
    return chain.add(f"{name}.bn", "batch", value=GOOGLENET_EPSILON).add(f"{name}.relu", "relu")
