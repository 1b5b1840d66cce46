"""GoogLeNet in a form for pictures of 16 to 32 pixels (Szegedy et al., arXiv:1409.4842, table 1).

The nine inception modules are the paper's, with `width` / 64 of their channels (rounded, at least one), and
with its 5x5 convolutions, where torchvision has 3x3. The stem keeps the side: the first convolution is 3x3
with stride 1, not 7x7 with stride 2, and the two max pools of the stem are left out. Left out as well: the
auxiliary classifiers and local response normalisation. Every convolution is followed by the chosen norm, if
any, and the activation. Names are torchvision's.
"""

from resnet_core.architecture.plan import Chain, Path, Plan, Shape, Unit
from resnet_core.config import ModelConfig

PAPERS_WIDTH = 64  # channels of the first convolution
STEM = ((64, 3), (64, 1), (192, 3))  # channels, kernel
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
POOLED = {"3b": "maxpool3", "4e": "maxpool4"}  # the 3x3 max pool behind this module
DROPPED = 0.4


def googlenet_plan(model: ModelConfig, inputs: Shape, num_classes: int) -> Plan:
    """Three convolutions, nine inception modules in three groups, global mean, classifier."""
    stem = Chain(inputs)
    for i, (channels, kernel) in enumerate(STEM, 1):
        _convolve(stem, f"conv{i}", model, channels=channels, kernel=kernel)
    units, shape = [stem.unit("stem")], stem.shape
    for module, channels in INCEPTIONS.items():
        units.append(_inception(module, shape, model, channels))
        shape = units[-1].outputs
        if module in POOLED:
            pool = Chain(shape).pool(POOLED[module], "max pool", 3, 2, is_ceiled=True)
            units.append(pool.unit(f"inception{module[0]}"))
            shape = pool.shape
    head = Chain(shape).global_mean().add("dropout", "dropout", value=DROPPED).linear("fc", num_classes)
    return Plan(inputs, num_classes, (*units, head.unit("head")))


def _inception(module: str, shape: Shape, model: ModelConfig, channels: tuple[int, ...]) -> Unit:
    name = f"inception{module}"
    chains = [Chain(shape, f"{name}.branch{i}") for i in range(1, 5)]
    _convolve(chains[0], "", model, channels=channels[0], kernel=1)
    for chain, kernel, (narrow, wide) in ((chains[1], 3, channels[1:3]), (chains[2], 5, channels[3:5])):
        _convolve(chain, "0", model, channels=narrow, kernel=1)
        _convolve(chain, "1", model, channels=wide, kernel=kernel)
    chains[3].pool("0", "max pool", 3, 1, padding=1)
    _convolve(chains[3], "1", model, channels=channels[5], kernel=1)
    paths = tuple(Path("branch", tuple(chain.ops)) for chain in chains)
    outputs = (sum(chain.shape[0] for chain in chains), *shape[1:])
    return Unit(name, name[:-1], shape, outputs, paths, "concatenate")


def _convolve(chain: Chain, name: str, model: ModelConfig, *, channels: int, kernel: int) -> None:
    prefix = f"{name}." if name else ""
    scaled = max((channels * model.width + PAPERS_WIDTH // 2) // PAPERS_WIDTH, 1)
    chain.conv(f"{prefix}conv", scaled, kernel, bias=model.has_bias)
    chain.norm(f"{prefix}{'bn' if model.norm == 'batch' else 'norm'}", model.norm)
    chain.add(f"{prefix}{'relu' if model.activation == 'relu' else 'act'}", model.activation)
