"""GoogLeNet in a form for pictures of 16 to 32 pixels (Szegedy et al., arXiv:1409.4842, table 1).

The nine inception modules are the paper's, with `width` / 64 of their channels (rounded, at least one), and
with its 5x5 convolutions, where torchvision has 3x3. The stem keeps the side: the first convolution is 3x3
with stride 1, not 7x7 with stride 2, and the two max pools of the stem are left out. Left out as well: the
auxiliary classifiers and local response normalisation. Every convolution is followed by the chosen norm, if
any, and the activation. Names are torchvision's.
"""

from functools import partial

from resnet_core.architecture.inception import inception_units
from resnet_core.architecture.plan import Chain, Plan, Shape, module_word
from resnet_core.config import ModelConfig

PAPERS_WIDTH = 64  # channels of the first convolution
STEM = ((64, 3), (64, 1), (192, 3))  # channels, kernel
POOLS = {"maxpool3": 3, "maxpool4": 3}  # kernels
DROPPED = 0.4


def googlenet_plan(model: ModelConfig, inputs: Shape, num_classes: int) -> Plan:
    """Three convolutions, nine inception modules in three groups, global mean, classifier."""
    convolve = partial(_convolve, model=model)
    stem = Chain(inputs)
    for i, (channels, kernel) in enumerate(STEM, 1):
        convolve(stem, f"conv{i}", channels, kernel)
    modules = inception_units(stem.shape, convolve, 5, POOLS)
    head = Chain(modules[-1].outputs).global_mean().add("dropout", "dropout", value=DROPPED)
    units = (stem.unit("stem"), *modules, head.linear("fc", num_classes).unit("head"))
    return Plan(inputs, num_classes, units)


def _convolve(chain: Chain, name: str, channels: int, kernel: int, *, model: ModelConfig) -> Chain:
    scaled = max((channels * model.width + PAPERS_WIDTH // 2) // PAPERS_WIDTH, 1)
    chain.conv(f"{name}.conv", scaled, kernel, bias=model.has_bias)
    chain.norm(f"{name}.{module_word(model.norm)}", model.norm)
    return chain.add(f"{name}.{module_word(model.activation)}", model.activation)
