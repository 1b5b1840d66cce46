"""What AlexNet and VGG have in common: numbered `features` in groups, then a numbered `classifier`.

The names are torchvision's, such as features.0 and classifier.6.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from resnet_core.architecture.plan import Chain, Shape, Unit

DROPPED = 0.5
# 3x3 convolutions of each group of VGG: A, B, D and E of Simonyan and Zisserman, arXiv:1409.1556, table 1.
VGG_LAYERS = {11: (1, 1, 2, 2, 2), 13: (2,) * 5, 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
VGG_CHANNELS = (1, 2, 4, 8, 8)  # of each group, in units of the width

Sizes = tuple[int, ...]  # of a convolution: channels, kernel, perhaps stride and padding
Convolve = Callable[[Chain, Iterator[str], Sizes], object]  # writes a convolution and what always follows it


def feature_units(
    inputs: Shape, groups: Iterable[Sequence[Sizes]], pool: Sequence[int], convolve: Convolve
) -> list[Unit]:
    """Groups of convolutions, and behind each a max pool (kernel, stride, padding) of more than one pixel."""
    names, shape, units = _numbers("features"), inputs, []
    for i, group in enumerate(groups, 1):
        chain = Chain(shape)
        for sizes in group:
            convolve(chain, names, sizes)
        if chain.shape[1] > 1:
            chain.pool(next(names), "max pool", *pool)
        units.append(chain.unit(f"group{i}"))
        shape = chain.shape
    return units


def vgg_groups(depth: int, width: int) -> list[list[Sizes]]:
    """The convolutions of VGG, the first ones of `width` channels."""
    counts = zip(VGG_LAYERS[depth], VGG_CHANNELS, strict=True)
    return [[(channels * width, 3)] * layers for layers, channels in counts]


def classifier_unit(
    head: Chain, features: int, activation: str, num_classes: int, *, is_dropped_first: bool
) -> Unit:
    """What `head` has already, two hidden layers of `features`, and the last layer.

    Dropout comes before each hidden layer (AlexNet) or behind its activation (VGG).
    """
    names = _numbers("classifier")
    for _ in range(2):
        if is_dropped_first:
            head.add(next(names), "dropout", value=DROPPED)
        head.linear(next(names), features).add(next(names), activation)
        if not is_dropped_first:
            head.add(next(names), "dropout", value=DROPPED)
    return head.linear(next(names), num_classes).unit("head")


def _numbers(prefix: str) -> Iterator[str]:
    return (f"{prefix}.{i}" for i in itertools.count())
