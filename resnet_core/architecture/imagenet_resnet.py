"""ResNets for ImageNet as in torchvision: He et al. 2015 (arXiv:1512.03385, table 1) and two relatives.

Wide ResNet: Zagoruyko & Komodakis 2016 (arXiv:1605.07146). ResNeXt: Xie et al. 2017 (arXiv:1611.05431).
The stride of a bottleneck lies in its 3x3, in the paper in its first 1x1.
"""

from typing import NamedTuple

from resnet_core.architecture.plan import Chain, Path, Plan, Shape, Unit
from resnet_core.architecture.residual import EXPANSION

STEM = 64  # channels; the stages have 1, 2, 4 and 8 times as many


class Bottlenecks(NamedTuple):
    """Of how many channels the 3x3 of the first stage is, in how many groups."""

    width: int = 64
    groups: int = 1


def resnet_plan(inputs: Shape, num_classes: int, blocks: tuple[int, ...], inner: Bottlenecks | None) -> Plan:
    """Stem, four stages of `blocks` units (basic ones where `inner` is None), classifier."""
    stem = Chain(inputs).conv("conv1", STEM, 7, 2).norm("bn1", "batch").add("relu", "relu")
    units = [stem.pool("maxpool", "max pool", 3, 2, 1).unit("stem")]
    for stage, count in enumerate(blocks):
        for block in range(count):
            stride = 2 if stage and not block else 1
            name = f"layer{stage + 1}.{block}"
            units.append(_unit(name, units[-1].outputs, (STEM * 2**stage, stride), inner))
    head = Chain(units[-1].outputs).global_mean().linear("fc", num_classes)
    return Plan(inputs, num_classes, (*units, head.unit("head")))


def _unit(name: str, shape: Shape, form: tuple[int, int], inner: Bottlenecks | None) -> Unit:
    channels, stride = form
    branch = Chain(shape, name)
    if inner is None:
        branch.conv("conv1", channels, 3, stride).norm("bn1", "batch").add("relu1", "relu")
        branch.conv("conv2", channels, 3).norm("bn2", "batch")
    else:
        width = inner.width * channels // STEM
        branch.conv("conv1", width, 1).norm("bn1", "batch").add("relu1", "relu")
        branch.conv("conv2", width, 3, stride, groups=inner.groups).norm("bn2", "batch").add("relu2", "relu")
        branch.conv("conv3", EXPANSION * channels, 1).norm("bn3", "batch")
    shortcut = Chain(shape, name)
    if shape != branch.shape:
        shortcut.conv("downsample.0", branch.shape[0], 1, stride).norm("downsample.1", "batch")
    after = Chain(branch.shape, name).add("relu2" if inner is None else "relu3", "relu")
    paths = (Path("shortcut", tuple(shortcut.ops)), Path("branch", tuple(branch.ops)))
    stage = name.partition(".")[0]
    return Unit(name, stage, shape, branch.shape, paths, "add", after=tuple(after.ops))
