"""DenseNets for ImageNet as in torchvision: Huang et al. 2017 (arXiv:1608.06993, table 1).

A layer is BN-ReLU-conv1x1(4k)-BN-ReLU-conv3x3(k), and its k channels are put behind all that were there. A
transition halves the channels and the side.
"""

from resnet_core.architecture.dense import dense_units
from resnet_core.architecture.plan import Chain, Plan, Shape
from resnet_core.config import ModelConfig

STEM = 64
# What layers and transitions are made of; k = 32.
DENSENET = ModelConfig.model_construct(skip="dense", block="bottleneck", growth=32, compression=0.5)


def densenet_plan(inputs: Shape, num_classes: int, blocks: tuple[int, ...]) -> Plan:
    """Stem, dense blocks of so many layers with a transition between two of them, classifier."""
    stem = Chain(inputs, "features").conv("conv0", STEM, 7, 2).norm("norm0", "batch").add("relu0", "relu")
    stem.pool("pool0", "max pool", 3, 2, 1)
    units = dense_units(stem.shape, blocks, DENSENET)
    head = Chain(units[-1].outputs).norm("features.norm5", "batch").add("relu", "relu").global_mean()
    last = head.linear("classifier", num_classes).unit("head")
    return Plan(inputs, num_classes, (stem.unit("stem"), *units, last))
