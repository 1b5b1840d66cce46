"""Plain and residual networks and their gated, scaled and stochastic relatives, for small pictures.

He et al. 2015 (arXiv:1512.03385, section 4.2): a 3x3 stem, three stages of units at W, 2W and 4W channels, a
classifier. He et al. 2016 (arXiv:1603.05027): the order of operations in a unit, and what may lie on the
shortcut.
"""

from collections import Counter
from typing import NamedTuple

from resnet_core.architecture.plan import Chain, Merge, Op, Path, Plan, Shape, Unit, module_word
from resnet_core.config import ModelConfig

EXPANSION = 4  # the last convolution of a bottleneck has four times the channels of the others


class Order(NamedTuple):
    """Where norm (n) and activation (a) stand: around the convolutions, the addition, and the stages."""

    lead: str  # before the first convolution of a branch
    inner: str  # behind each convolution but the last
    last: str  # behind the last
    after: str  # behind the addition
    stem: str  # behind the stem's convolution
    end: str  # before the classifier


ORDERS = {
    "post": Order("", "na", "n", "a", "na", ""),
    "bn-after": Order("", "na", "", "na", "na", ""),
    "relu-before": Order("", "na", "na", "", "na", ""),
    "relu-pre": Order("a", "na", "n", "", "n", "a"),
    "pre": Order("na", "na", "", "", "", "na"),
}


class Inner(NamedTuple):
    """The middle of a bottleneck: how many times the unit's width, and in how many groups its 3x3."""

    widening: int = 1
    groups: int = 1


USUAL = Inner()
KERNELS = {"basic": (3, 3), "bottleneck": (1, 3, 1), "single": (3,), "triple": (3, 3, 3)}
MERGES: dict[str, Merge] = {"exclusive": "exclusive gate", "shortcut": "shortcut gate"}


def residual_plan(model: ModelConfig, inputs: Shape, num_classes: int) -> Plan:
    """Stem, three stages of as many units as the depth gives, classifier."""
    order, blocks = ORDERS[model.order], model.blocks_per_stage
    stem = dress(Chain(inputs).conv("conv1", model.width, 3, bias=model.has_bias), order.stem, model)
    units, shape = [stem.unit("stem")], stem.shape
    for stage in range(3):
        for block in range(blocks):
            survival = survival_of(len(units), 3 * blocks, model.survival)
            builder = UnitBuilder(f"layer{stage + 1}.{block}", shape, model)
            units.append(builder.build(model.width * 2**stage, 2 if stage and not block else 1, survival))
            shape = units[-1].outputs
    head = dress(Chain(shape), order.end, model, "_end").global_mean()
    return Plan(inputs, num_classes, (*units, classifier(head, model, num_classes)))


def survival_of(block: int, blocks: int, last: float) -> float:
    """The chance that block l = 1..L takes part in a step: 1 - (l / L)(1 - p_L) (Huang et al. 2016)."""
    return 1 - block / blocks * (1 - last)


def merge_of(model: ModelConfig) -> Merge | None:
    """How shortcut and branch meet."""
    if model.skip == "none":
        return None
    return MERGES[model.gate] if model.skip == "gated" else "add"


def classifier(head: Chain, model: ModelConfig, num_classes: int) -> Unit:
    """The last layer, behind what `head` has already."""
    if model.init == "fixup":
        head.add("shift2", "shift")
    return head.linear("fc", num_classes).unit("head")


def dress(chain: Chain, letters: str, model: ModelConfig, suffix: str = "") -> Chain:
    """Norm and activation outside of the units."""
    if model.init == "fixup" and chain.ops:
        chain.add("shift1", "shift")
    for letter in letters:
        if letter == "n":
            chain.norm(f"{module_word(model.norm)}{suffix or 1}", model.norm)
        else:
            chain.add(f"{module_word(model.activation)}{suffix}", model.activation)
    return chain


class UnitBuilder:
    """Writes one unit: of convolutions where `shape` is (C, H, W), of linear layers where it is (F,).

    Norms and activations are numbered in the order in which a picture meets them.
    """

    def __init__(self, name: str, shape: Shape, model: ModelConfig, inner: Inner = USUAL):
        self.name, self.shape, self.model, self.inner = name, shape, model, inner
        self.order, self.counts = ORDERS[model.order], Counter()
        self.has_maps = len(shape) == 3

    def build(self, width: int, stride: int = 1, survival: float = 1.0) -> Unit:
        """A unit with layers of `width` channels, which takes part in a step with chance `survival`."""
        channels = width * (EXPANSION if self.model.block == "bottleneck" else 1)
        before = Chain(self.shape, self.name)
        if self._starts_together(channels, stride):
            self._dress(before, self.order.lead)
        branch = self._end(self._layers(before, width, channels, stride), survival)
        paths, outputs = [Path("branch", tuple(branch.ops))], branch.shape
        if self.model.skip != "none":
            paths.insert(0, Path("shortcut", self._shortcut(before.shape, channels, stride)))
        if self.model.skip == "gated":
            paths.append(Path("gate", self._gate(before.shape, channels, stride)))
        after = self._dress(Chain(outputs, self.name), self.order.after)
        ops = {"before": tuple(before.ops), "after": tuple(after.ops)}
        stage = self.name.partition(".")[0]
        return Unit(self.name, stage, self.shape, outputs, tuple(paths), merge_of(self.model), **ops)

    def _starts_together(self, channels: int, stride: int) -> bool:
        """With full pre-activation a projection starts from what the branch starts from."""
        return self.model.order == "pre" and self._is_projected(channels, stride)

    def _is_projected(self, channels: int, stride: int) -> bool:
        if self.model.skip == "conv1x1":
            return True
        if self.model.skip == "none" or not self.has_maps:  # a square map: nothing changes in an MLP
            return False
        changes = stride > 1 or channels != self.shape[0]
        return self.model.shortcut == "C" or (changes and self.model.shortcut == "B")

    def _layers(self, before: Chain, width: int, channels: int, stride: int) -> Chain:
        model, kernels = self.model, KERNELS[self.model.block]
        chain = Chain(before.shape, self.name)
        if not before.ops:
            self._dress(chain, self.order.lead)
        strided = 1 if model.block == "bottleneck" else 0  # the 3x3, as in torchvision; in the paper the 1x1
        for i, kernel in enumerate(kernels):
            is_last = i == len(kernels) - 1
            if model.init == "fixup":
                chain.add(f"shift{i + 1}a", "shift")
            size = {"kernel": kernel, "stride": stride if i == strided else 1, "bias": model.has_bias}
            size["groups"] = self.inner.groups if kernel == 3 else 1
            name = f"{'conv' if self.has_maps else 'linear'}{i + 1}"
            self._weigh(chain, name, channels if is_last else width * self.inner.widening, **size)
            if model.init == "fixup":
                chain = chain.add("scale", "scale", value=1.0) if is_last else chain
                chain.add(f"shift{i + 1}b", "shift")
            self._dress(chain, self.order.last if is_last else self.order.inner)
        return chain

    def _end(self, branch: Chain, survival: float) -> Chain:
        model = self.model
        if model.init == "skipinit":
            branch.add("alpha", "scale", value=0.0)
        if model.skip == "scaled" and model.scale_on == "both":
            branch.add("factor", "factor", value=model.scale)
        if model.survival < 1:
            branch.add("drop", "drop path", value=survival)
        return branch

    def _shortcut(self, shape: Shape, channels: int, stride: int) -> tuple[Op, ...]:
        model, chain = self.model, Chain(shape, self.name)
        size = {"kernel": 1, "stride": stride, "bias": model.has_bias}
        if model.skip == "conv1x1":  # without a norm (He et al. 2016, section 3.2: a 1x1)
            self._weigh(chain, "downsample", channels, **size)
        elif self._is_projected(channels, stride):
            self._weigh(chain, "downsample.0", channels, **size)
            if self.order.lead != "na":
                chain.norm("downsample.1", model.norm)
        elif stride > 1 or channels != shape[0]:
            sides = [(side + stride - 1) // stride for side in shape[1:]]
            chain.add("downsample", "pad", (channels, *sides), stride=stride)
        if model.skip == "scaled":
            chain.add("shortcut_factor", "factor", value=model.scale)
        if model.skip == "dropout":
            chain.add("shortcut_dropout", "dropout", value=model.shortcut_dropout)
        return tuple(chain.ops)

    def _gate(self, shape: Shape, channels: int, stride: int) -> tuple[Op, ...]:
        gate = self._weigh(Chain(shape, self.name), "gate", channels, kernel=1, stride=stride, bias=True)
        return tuple(gate.add("gate_sigmoid", "sigmoid").ops)

    def _weigh(
        self, chain: Chain, name: str, channels: int, *, kernel: int, stride: int, bias: bool, groups: int = 1
    ) -> Chain:
        if self.has_maps:
            return chain.conv(name, channels, kernel, stride, bias=bias, groups=groups)
        return chain.linear(name, channels, bias)

    def _dress(self, chain: Chain, letters: str) -> Chain:
        for letter in letters:
            kind = self.model.norm if letter == "n" else self.model.activation
            if kind != "none":
                word = module_word(kind)
                self.counts[word] += 1
                chain.add(f"{word}{self.counts[word]}", kind)
        return chain
