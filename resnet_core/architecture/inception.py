"""The inception modules of GoogLeNet, with torchvision's names (Szegedy et al., arXiv:1409.4842, table 1)."""

from collections.abc import Callable, Mapping

from resnet_core.architecture.plan import Chain, Path, Shape, Unit

# 1x1; 1x1 before the 3x3, 3x3; 1x1 before the 5x5, 5x5; 1x1 behind the max pool
INCEPTIONS: dict[str, tuple[int, ...]] = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
POOLED = {"3b": "maxpool3", "4e": "maxpool4"}  # the max pool behind this module, which halves the side

Convolve = Callable[[Chain, str, int, int], Chain]  # writes a convolution: its name, channels and kernel


def inception_units(shape: Shape, convolve: Convolve, largest: int, pools: Mapping[str, int]) -> list[Unit]:
    """The nine modules in three groups, and between the groups a max pool of the kernel that `pools` has.

    `largest` is the kernel of the third branch, 5 in the paper. `convolve` also writes what always follows a
    convolution.
    """
    units = []
    for module, channels in INCEPTIONS.items():
        units.append(_inception(f"inception{module}", shape, channels, convolve=convolve, largest=largest))
        shape = units[-1].outputs
        if module in POOLED:
            name = POOLED[module]
            pool = Chain(shape).pool(name, "max pool", pools[name], 2, is_ceiled=True)
            units.append(pool.unit(f"inception{module[0]}"))
            shape = pool.shape
    return units


def _inception(
    name: str, shape: Shape, channels: tuple[int, ...], *, convolve: Convolve, largest: int
) -> Unit:
    chains = [Chain(shape, name) for _ in range(4)]
    convolve(chains[0], "branch1", channels[0], 1)
    for branch, kernel, (narrow, wide) in ((2, 3, channels[1:3]), (3, largest, channels[3:5])):
        convolve(chains[branch - 1], f"branch{branch}.0", narrow, 1)
        convolve(chains[branch - 1], f"branch{branch}.1", wide, kernel)
    convolve(chains[3].pool("branch4.0", "max pool", 3, 1, padding=1), "branch4.1", channels[5], 1)
    paths = tuple(Path("branch", tuple(chain.ops)) for chain in chains)
    outputs = (sum(chain.shape[0] for chain in chains), *shape[1:])
    return Unit(name, name[:-1], shape, outputs, paths, "concatenate")
