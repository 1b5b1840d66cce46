"""DenseNet and DenseNet-BC for small pictures (Huang et al., arXiv:1608.06993, sections 3 and 4.2).

Every layer sees the maps of all layers of its block before it, `x_l = H([x_0, ..., x_(l-1)])`, and adds
`growth` = k of its own: H is norm, activation, 3x3 convolution; with block 'bottleneck' (DenseNet-B) a norm,
an activation and a 1x1 convolution to 4k channels come first. Three blocks; between two of them a transition
that keeps `compression` of the channels (DenseNet-C: below 1), rounded down, at least one. The stem, without
a norm, has 16 channels, with bottlenecks 2k, as in the paper's BC networks. Not here: the dropout that the
paper uses where pictures are neither shifted nor mirrored. A bias only where there is no norm.
"""

import math
from collections.abc import Sequence

from resnet_core.architecture.plan import Chain, Path, Plan, Shape, Unit, module_word
from resnet_core.config import ModelConfig

BLOCKS = 3
STEM_CHANNELS = 16
BOTTLENECK = 4  # channels of the 1x1 convolution, in units of the growth


def dense_plan(model: ModelConfig, inputs: Shape, num_classes: int) -> Plan:
    """Stem, three dense blocks with transitions in between, classifier."""
    channels = 2 * model.growth if model.block == "bottleneck" else STEM_CHANNELS
    stem = Chain(inputs).conv("features.conv0", channels, 3, bias=model.has_bias)
    units = dense_units(stem.shape, (model.blocks_per_stage,) * BLOCKS, model)
    head = _dress(Chain(units[-1].outputs), model, "features.", BLOCKS + 1).global_mean()
    last = head.linear("classifier", num_classes).unit("head")
    return Plan(inputs, num_classes, (stem.unit("stem"), *units, last))


def dense_units(shape: Shape, layers: Sequence[int], model: ModelConfig) -> list[Unit]:
    """Dense blocks of so many layers, whatever the model's depth, and a transition between two of them."""
    units = []
    for block, count in enumerate(layers, 1):
        for layer in range(1, count + 1):
            units.append(_dense_layer(f"features.denseblock{block}.denselayer{layer}", shape, model))
            shape = units[-1].outputs
        if block < len(layers):
            units.append(_transition(block, shape, model))
            shape = units[-1].outputs
    return units


def _dense_layer(name: str, shape: Shape, model: ModelConfig) -> Unit:
    branch = _dress(Chain(shape, name), model, number=1)
    if model.block == "bottleneck":
        branch.conv("conv1", BOTTLENECK * model.growth, 1, bias=model.has_bias)
        _dress(branch, model, number=2).conv("conv2", model.growth, 3, bias=model.has_bias)
    else:
        branch.conv("conv1", model.growth, 3, bias=model.has_bias)
    paths = (Path("shortcut"), Path("branch", tuple(branch.ops)))
    outputs = (shape[0] + model.growth, *shape[1:])
    return Unit(name, name.split(".")[1], shape, outputs, paths, "concatenate")


def _transition(block: int, shape: Shape, model: ModelConfig) -> Unit:
    name, channels = f"features.transition{block}", max(math.floor(model.compression * shape[0]), 1)
    chain = _dress(Chain(shape, name), model)
    chain.conv("conv", channels, 1, bias=model.has_bias).pool("pool", "mean pool", 2, 2)
    return chain.unit(f"denseblock{block}", name)


def _dress(chain: Chain, model: ModelConfig, prefix: str = "", number: int | None = None) -> Chain:
    suffix = "" if number is None else str(number)
    chain.norm(f"{prefix}norm{suffix}", model.norm)
    return chain.add(f"{prefix}{module_word(model.activation)}{suffix}", model.activation)
