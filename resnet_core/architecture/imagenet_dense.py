"""DenseNets for ImageNet as in torchvision: Huang et al. 2017 (arXiv:1608.06993, table 1).

A layer is BN-ReLU-conv1x1(4k)-BN-ReLU-conv3x3(k), and its k channels are put behind all that were there. A
transition halves the channels and the side.
"""

from resnet_core.architecture.plan import Chain, Path, Plan, Shape, Unit

GROWTH = 32  # k
BOTTLENECK = 4  # the 1x1 of a layer has 4 k channels
STEM = 64


def densenet_plan(inputs: Shape, num_classes: int, blocks: tuple[int, ...]) -> Plan:
    """Stem, dense blocks of so many layers with a transition between two of them, classifier."""
    stem = Chain(inputs, "features").conv("conv0", STEM, 7, 2).norm("norm0", "batch").add("relu0", "relu")
    units = [stem.pool("pool0", "max pool", 3, 2, 1).unit("stem")]
    for block, layers in enumerate(blocks, 1):
        for layer in range(1, layers + 1):
            units.append(_layer(f"features.denseblock{block}.denselayer{layer}", units[-1].outputs))
        if block < len(blocks):
            units.append(_transition(block, units[-1].outputs))
    head = Chain(units[-1].outputs).norm("features.norm5", "batch").add("relu", "relu").global_mean()
    return Plan(inputs, num_classes, (*units, head.linear("classifier", num_classes).unit("head")))


def _layer(name: str, shape: Shape) -> Unit:
    branch = Chain(shape, name).norm("norm1", "batch").add("relu1", "relu")
    branch.conv("conv1", BOTTLENECK * GROWTH, 1).norm("norm2", "batch").add("relu2", "relu")
    branch.conv("conv2", GROWTH, 3)
    outputs = (shape[0] + GROWTH, *shape[1:])
    paths = (Path("shortcut"), Path("branch", tuple(branch.ops)))
    return Unit(name, name.split(".")[1], shape, outputs, paths, "concatenate")


def _transition(block: int, shape: Shape) -> Unit:
    name = f"features.transition{block}"
    chain = Chain(shape, name).norm("norm", "batch").add("relu", "relu").conv("conv", shape[0] // 2, 1)
    return chain.pool("pool", "mean pool", 2, 2).unit(f"denseblock{block}", name)
