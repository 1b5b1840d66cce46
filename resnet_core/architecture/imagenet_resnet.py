"""ResNets for ImageNet as in torchvision: He et al. 2015 (arXiv:1512.03385, table 1) and two relatives.

Wide ResNet: Zagoruyko & Komodakis 2016 (arXiv:1605.07146). ResNeXt: Xie et al. 2017 (arXiv:1611.05431).
The stride of a bottleneck lies in its 3x3, in the paper in its first 1x1.
"""

from resnet_core.architecture.plan import Chain, Plan, Shape
from resnet_core.architecture.residual import USUAL, Inner, UnitBuilder
from resnet_core.config import Block, ModelConfig

STEM = 64  # channels; the stages have 1, 2, 4 and 8 times as many


def resnet_plan(
    inputs: Shape, num_classes: int, blocks: tuple[int, ...], *, block: Block, inner: Inner = USUAL
) -> Plan:
    """Stem, four stages of `blocks` units, classifier."""
    model = ModelConfig.model_construct(block=block, shortcut="B")
    stem = Chain(inputs).conv("conv1", STEM, 7, 2).norm("bn1", "batch").add("relu", "relu")
    units = [stem.pool("maxpool", "max pool", 3, 2, 1).unit("stem")]
    for stage, count in enumerate(blocks):
        for unit in range(count):
            builder = UnitBuilder(f"layer{stage + 1}.{unit}", units[-1].outputs, model, inner)
            units.append(builder.build(STEM * 2**stage, 2 if stage and not unit else 1))
    head = Chain(units[-1].outputs).global_mean().linear("fc", num_classes)
    return Plan(inputs, num_classes, (*units, head.unit("head")))
