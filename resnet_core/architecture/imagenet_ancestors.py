"""AlexNet, VGG and GoogLeNet for ImageNet as in torchvision.

AlexNet: Krizhevsky 2014 (arXiv:1404.5997), one column of the network of 2012. VGG: Simonyan & Zisserman 2015
(arXiv:1409.1556, table 1). GoogLeNet: Szegedy et al. 2015 (arXiv:1409.4842, table 1), here with batch
normalisation, without the two auxiliary classifiers, and with a 3x3 in the branch that is a 5x5 in the paper.
"""

import itertools
from collections.abc import Iterator

from resnet_core.architecture.plan import Chain, Path, Plan, Shape, Unit

# Channels, kernel, stride and padding of each convolution; a max pool ends each group.
ALEXNET_GROUPS = (
    ((64, 11, 4, 2),),
    ((192, 5, 1, 2),),
    ((384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1)),
)
HIDDEN = 4096  # features of the fully connected layers of AlexNet and VGG
DROPPED = 0.5
GOOGLENET_DROPPED = 0.2
GOOGLENET_EPSILON = 0.001  # of its batch norms; PyTorch's default is 0.00001
# Channels of each inception module: 1x1; 1x1 and 3x3; 1x1 and "5x5"; 1x1 behind the pool.
INCEPTIONS = {
    "inception3a": (64, 96, 128, 16, 32, 32),
    "inception3b": (128, 128, 192, 32, 96, 64),
    "inception4a": (192, 96, 208, 16, 48, 64),
    "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64),
    "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128),
    "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}
POOLS_BEHIND = {"inception3b": ("maxpool3", 3), "inception4e": ("maxpool4", 2)}


def alexnet_plan(inputs: Shape, num_classes: int) -> Plan:
    """Five convolutions in three groups, three fully connected layers."""
    units, shape, names = [], inputs, _numbers("features")
    for i, group in enumerate(ALEXNET_GROUPS, 1):
        chain = Chain(shape)
        for channels, kernel, stride, padding in group:
            chain.conv(next(names), channels, kernel, stride, padding, bias=True).add(next(names), "relu")
        units.append(chain.pool(next(names), "max pool", 3, 2).unit(f"group{i}"))
        shape = chain.shape
    head = Chain(shape).add("avgpool", "adaptive mean", (shape[0], 6, 6)).flatten()
    names = _numbers("classifier")
    for _ in range(2):
        head.add(next(names), "dropout", value=DROPPED)
        head.linear(next(names), HIDDEN).add(next(names), "relu")
    return Plan(inputs, num_classes, (*units, head.linear(next(names), num_classes).unit("head")))


def vgg_plan(inputs: Shape, num_classes: int, layers: tuple[int, ...]) -> Plan:
    """Five groups of so many 3x3 convolutions, a pool behind each, three fully connected layers."""
    units, shape, names = [], inputs, _numbers("features")
    for i, count in enumerate(layers):
        chain = Chain(shape)
        for _ in range(count):
            chain.conv(next(names), 64 * min(2**i, 8), 3, bias=True).add(next(names), "relu")
        units.append(chain.pool(next(names), "max pool", 2, 2).unit(f"group{i + 1}"))
        shape = chain.shape
    head = Chain(shape).add("avgpool", "adaptive mean", (shape[0], 7, 7)).flatten()
    names = _numbers("classifier")
    for _ in range(2):
        head.linear(next(names), HIDDEN).add(next(names), "relu")
        head.add(next(names), "dropout", value=DROPPED)
    return Plan(inputs, num_classes, (*units, head.linear(next(names), num_classes).unit("head")))


def googlenet_plan(inputs: Shape, num_classes: int) -> Plan:
    """A stem of three convolutions, nine inception modules, classifier."""
    stem = _conv(Chain(inputs), "conv1", 64, 7, stride=2)
    stem.pool("maxpool1", "max pool", 3, 2, is_ceiled=True)
    units = [stem.unit("stem")]
    second = _conv(_conv(Chain(stem.shape), "conv2", 64, 1), "conv3", 192, 3)
    units.append(second.pool("maxpool2", "max pool", 3, 2, is_ceiled=True).unit("stem"))
    for name, channels in INCEPTIONS.items():
        units.append(_inception(name, units[-1].outputs, channels))
        if name in POOLS_BEHIND:
            pool, kernel = POOLS_BEHIND[name]
            chain = Chain(units[-1].outputs).pool(pool, "max pool", kernel, 2, is_ceiled=True)
            units.append(chain.unit(name[:-1]))
    head = Chain(units[-1].outputs).global_mean().add("dropout", "dropout", value=GOOGLENET_DROPPED)
    return Plan(inputs, num_classes, (*units, head.linear("fc", num_classes).unit("head")))


def _numbers(prefix: str) -> Iterator[str]:
    return (f"{prefix}.{i}" for i in itertools.count())


def _inception(name: str, shape: Shape, channels: tuple[int, ...]) -> Unit:
    one, three_before, three, five_before, five, pooled = channels
    chains = [Chain(shape, name) for _ in range(4)]
    _conv(chains[0], "branch1", one, 1)
    _conv(_conv(chains[1], "branch2.0", three_before, 1), "branch2.1", three, 3)
    _conv(_conv(chains[2], "branch3.0", five_before, 1), "branch3.1", five, 3)  # 3x3 as in torchvision
    _conv(chains[3].pool("branch4.0", "max pool", 3, 1, 1, is_ceiled=True), "branch4.1", pooled, 1)
    paths = tuple(Path("branch", tuple(chain.ops)) for chain in chains)
    outputs = (sum(chain.shape[0] for chain in chains), *chains[0].shape[1:])
    return Unit(name, name[:-1], shape, outputs, paths, "concatenate")


def _conv(chain: Chain, name: str, channels: int, kernel: int, stride: int = 1) -> Chain:
    chain.conv(f"{name}.conv", channels, kernel, stride)
    return chain.add(f"{name}.bn", "batch", value=GOOGLENET_EPSILON).add(f"{name}.relu", "relu")
