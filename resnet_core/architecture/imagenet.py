"""The networks of ImageNet by name, in torchvision's forms: plans to look at, without weights. No torch.

Every operation has torchvision's module name, so that a network built of such a plan takes torchvision's
state dict as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType

from resnet_core.architecture.imagenet_ancestors import alexnet_plan, googlenet_plan, vgg_plan
from resnet_core.architecture.imagenet_dense import densenet_plan
from resnet_core.architecture.imagenet_resnet import resnet_plan
from resnet_core.architecture.plan import Plan, Shape
from resnet_core.architecture.residual import Inner

SIDE = 224
CLASSES = 1000
CHANNELS = 3


@dataclass(frozen=True, slots=True)
class ImageNetForm:
    """A network by its name in torchvision; `plan` takes the shape of a picture and the number of classes."""

    title: str
    text: str  # what it is, in a sentence
    plan: Callable[[Shape, int], Plan]
    smallest_side: int = 1  # of a picture, in pixels


def imagenet_plan(name: str, side: int = SIDE) -> Plan:
    """The plan for pictures (3, side, side) of 1000 classes. Raises ValueError for what cannot be."""
    if name not in IMAGENET:
        raise ValueError(f"name: {name!r} is not among the ImageNet forms, which are {', '.join(IMAGENET)}")
    smallest = IMAGENET[name].smallest_side
    if side < smallest:
        raise ValueError(f"side: {side} is below the smallest possible value for {name}, {smallest}")
    return _plan(name, side)


@lru_cache(maxsize=32)
def _plan(name: str, side: int) -> Plan:
    return IMAGENET[name].plan((CHANNELS, side, side), CLASSES)


def _vgg(depth: int) -> ImageNetForm:
    told = f"{depth - 3} convolutions of 3x3 in five stages with a max pool behind each, and three fully"
    plan = partial(vgg_plan, depth=depth)
    return ImageNetForm(f"VGG-{depth}", f"{told} connected layers", plan, smallest_side=32)


def _resnet(depth: int, blocks: tuple[int, ...]) -> ImageNetForm:
    block = "bottleneck" if depth >= 50 else "basic"
    units = "bottlenecks (1x1, 3x3, 1x1)" if block == "bottleneck" else "units of two 3x3"
    told = f"{', '.join(map(str, blocks))} {units} in four stages, projections where the shape changes"
    told += "; the stride lies in the 3x3, in the paper in the first 1x1" if block == "bottleneck" else ""
    return ImageNetForm(f"ResNet-{depth}", told, partial(resnet_plan, blocks=blocks, block=block))


def _densenet(depth: int, blocks: tuple[int, ...]) -> ImageNetForm:
    told = f"{', '.join(map(str, blocks))} layers in four dense blocks, each layer adding 32 channels"
    told += "; a transition between two blocks halves channels and side"
    return ImageNetForm(f"DenseNet-{depth}", told, partial(densenet_plan, blocks=blocks), smallest_side=29)


_FIFTY = (3, 4, 6, 3)
IMAGENET: Mapping[str, ImageNetForm] = MappingProxyType(
    {
        "alexnet": ImageNetForm(
            "AlexNet",
            "five convolutions and three fully connected layers, in the one-column form of 2014",
            alexnet_plan,
            smallest_side=63,
        ),
        "vgg16": _vgg(16),
        "vgg19": _vgg(19),
        "googlenet": ImageNetForm(
            "GoogLeNet",
            "nine inception modules, here with batch normalisation and without the auxiliary classifiers; "
            "the branch that has a 5x5 in the paper has a 3x3, as in torchvision",
            googlenet_plan,
            smallest_side=15,
        ),
        "resnet18": _resnet(18, (2, 2, 2, 2)),
        "resnet34": _resnet(34, _FIFTY),
        "resnet50": _resnet(50, _FIFTY),
        "resnet101": _resnet(101, (3, 4, 23, 3)),
        "resnet152": _resnet(152, (3, 8, 36, 3)),
        "densenet121": _densenet(121, (6, 12, 24, 16)),
        "densenet169": _densenet(169, (6, 12, 32, 32)),
        "densenet201": _densenet(201, (6, 12, 48, 32)),
        "wide_resnet50_2": ImageNetForm(
            "Wide ResNet-50-2",
            "ResNet-50 with twice the channels within each bottleneck",
            partial(resnet_plan, blocks=_FIFTY, block="bottleneck", inner=Inner(widening=2)),
        ),
        "resnext50_32x4d": ImageNetForm(
            "ResNeXt-50 (32x4d)",
            "ResNet-50 whose 3x3 convolutions have 32 groups, of 4 channels each in the first stage",
            partial(resnet_plan, blocks=_FIFTY, block="bottleneck", inner=Inner(widening=2, groups=32)),
        ),
    }
)
