"""AlexNet, VGG and GoogLeNet for ImageNet as in torchvision.

AlexNet: Krizhevsky 2014 (arXiv:1404.5997), one column of the network of 2012. VGG: Simonyan & Zisserman 2015
(arXiv:1409.1556, table 1). GoogLeNet: Szegedy et al. 2015 (arXiv:1409.4842, table 1), here with batch
normalisation, without the two auxiliary classifiers, and with a 3x3 in the branch that is a 5x5 in the paper.
"""

from resnet_core.architecture.plan import Chain, Path, Plan, Shape, Unit

FEATURES = 4096  # of the fully connected layers of AlexNet and VGG
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
    """Five convolutions, three fully connected layers."""
    units = _Units(inputs)
    for place, channels, kernel, stride, padding in (
        (0, 64, 11, 4, 2), (3, 192, 5, 1, 2), (6, 384, 3, 1, 1), (8, 256, 3, 1, 1), (10, 256, 3, 1, 1)
    ):  # fmt: skip
        chain = units.chain("features").conv(f"{place}", channels, kernel, stride, padding, bias=True)
        chain.add(f"{place + 1}", "relu")
        if place not in (6, 8):
            chain.pool(f"{place + 2}", "max pool", 3, 2)
        units.append(chain.unit("features"))
    head = units.chain().add("avgpool", "adaptive mean", (units.shape[0], 6, 6)).flatten()
    head.add("classifier.0", "dropout", value=0.5).linear("classifier.1", FEATURES)
    units.append(head.add("classifier.2", "relu").unit("classifier"))
    second = units.chain("classifier").add("3", "dropout", value=0.5).linear("4", FEATURES)
    units.append(second.add("5", "relu").unit("classifier"))
    units.append(units.chain("classifier").linear("6", num_classes).unit("classifier"))
    return Plan(inputs, num_classes, tuple(units))


def vgg_plan(inputs: Shape, num_classes: int, layers: tuple[int, ...]) -> Plan:
    """Five stages of so many 3x3 convolutions, a pool behind each, three fully connected layers."""
    units, place = _Units(inputs), 0
    for stage, count in enumerate(layers):
        for layer in range(count):
            chain = units.chain("features").conv(f"{place}", 64 * min(2**stage, 8), 3, bias=True)
            chain.add(f"{place + 1}", "relu")
            place += 2
            if layer == count - 1:
                chain.pool(f"{place}", "max pool", 2, 2)
                place += 1
            units.append(chain.unit(f"conv{stage + 1}"))
    head = units.chain().add("avgpool", "adaptive mean", (units.shape[0], 7, 7)).flatten()
    head.linear("classifier.0", FEATURES).add("classifier.1", "relu")
    units.append(head.add("classifier.2", "dropout", value=0.5).unit("classifier"))
    second = units.chain("classifier").linear("3", FEATURES).add("4", "relu")
    units.append(second.add("5", "dropout", value=0.5).unit("classifier"))
    units.append(units.chain("classifier").linear("6", num_classes).unit("classifier"))
    return Plan(inputs, num_classes, tuple(units))


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
    head = Chain(units[-1].outputs).global_mean().add("dropout", "dropout", value=0.2)
    return Plan(inputs, num_classes, (*units, head.linear("fc", num_classes).unit("head")))


class _Units(list):
    """Units one after the other, and chains that begin where the last one ends."""

    def __init__(self, inputs: Shape):
        super().__init__()
        self.inputs = inputs

    @property
    def shape(self) -> Shape:
        return self[-1].outputs if self else self.inputs

    def chain(self, prefix: str = "") -> Chain:
        return Chain(self.shape, prefix)


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
