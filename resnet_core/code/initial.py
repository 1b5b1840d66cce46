"""The initial values as code: only the rule that this network needs.

Norms keep PyTorch's ones and zeros, and learned numbers what their constructor gives them.
"""

import math
from collections.abc import Sequence

from resnet_core.architecture import Op, Plan
from resnet_core.architecture.plan import NORMS, WEIGHTED
from resnet_core.code.pieces import docstring, indented, last_name
from resnet_core.config import ModelConfig

_RULES = {
    "he": "He et al. 2015, Delving deep into rectifiers: normal weights of variance 2 / fan.",
    "glorot": "Glorot and Bengio 2010: normal weights of variance 2 / (fan_in + fan_out).",
    "pytorch": "PyTorch's own: uniform in +-1 / sqrt(fan_in).",
    "zero-gamma": "He's weights; the last gamma of a block is 0: it begins as the identity.",
    "skipinit": "He's weights; a block begins as the identity, since its alpha is 0.",
    "fixup": "Fixup (Zhang et al. 2019): branches end in zeros and their other layers shrink with the depth.",
}
_CLASSIFIER = "The classifier is PyTorch's, uniform in +-1 / sqrt(fan_in)."
_LAYERS = {"conv": "nn.Conv2d", "linear": "nn.Linear"}

GENERATOR = '''def generator(seed: int, name: str) -> torch.Generator:
    """Random numbers that depend on the seed and on the name of a parameter, and on nothing else."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)'''


def initial_values(plan: Plan, model: ModelConfig, blocks: str) -> str:
    """The function that sets them; `blocks` is the expression for all units that have a skip."""
    classifier = plan.ops[-1]
    drawn = [op for op in plan.ops if op.kind in WEIGHTED and op is not classifier and not _is_gate(op)]
    rule = [_RULES[model.init]]
    if model.init == "pytorch":
        lines = _uniform_lines([*drawn, classifier])
    else:
        lines = _normal_lines(drawn, model.init)
    if model.init not in ("pytorch", "fixup"):
        rule += ["", _CLASSIFIER]
        lines += _classifier_lines(attribute(classifier.name), classifier.name)
    lines += _block_lines(plan, model, blocks)
    if model.init == "fixup":
        lines += [f"network.{attribute(classifier.name)}.{kind}.zero_()" for kind in ("weight", "bias")]
    if model.gain != 1:
        lines += _gain_lines(drawn, attribute(classifier.name), model.gain)
    head = ["@torch.no_grad()", "def set_initial_values(network: nn.Module, seed: int) -> None:"]
    return "\n".join([*head, *indented([*docstring(rule), *lines])])


def attribute(name: str) -> str:
    """A module's dotted name as an expression: classifier.6 is classifier[6]."""
    first, *rest = name.split(".")
    return first + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in rest)


def _is_gate(op: Op) -> bool:
    return last_name(op) == "gate"


def _uniform_lines(drawn: Sequence[Op]) -> list[str]:
    return [
        "for name, layer in network.named_modules():",
        f"    if isinstance(layer, {_classes(drawn)}):",
        "        bound = 1 / math.sqrt(layer.weight[0].numel())",
        "        for kind, parameter in layer.named_parameters():",
        '            parameter.uniform_(-bound, bound, generator=generator(seed, f"{name}.{kind}"))',
    ]


def _normal_lines(drawn: Sequence[Op], init: str) -> list[str]:
    lines = [
        "for name, layer in network.named_modules():",
        f"    if isinstance(layer, {_classes(drawn)}):",
        *indented(_variance(drawn, init), 2),
        '        values = generator(seed, f"{name}.weight")',
        "        layer.weight.normal_(0, math.sqrt(variance), generator=values)",
    ]
    if all(op.bias for op in drawn):
        lines.append("        layer.bias.zero_()")
    elif any(op.bias for op in drawn):
        lines += ["        if layer.bias is not None:", "            layer.bias.zero_()"]
    return lines


def _classes(drawn: Sequence[Op]) -> str:
    kinds = {op.kind for op in drawn}
    return " | ".join(name for kind, name in _LAYERS.items() if kind in kinds)


def _variance(drawn: Sequence[Op], init: str) -> list[str]:
    fan_in, fan_out = "layer.weight[0].numel()", "layer.weight[:, 0].numel()"
    if init == "glorot":
        return [f"variance = 2 / ({fan_in} + {fan_out})"]
    kinds = {op.kind for op in drawn}
    if kinds == {"conv"}:
        return [f"variance = 2 / {fan_out}  # fan_out: output channels times the kernel's area"]
    if kinds == {"linear"}:
        return ["variance = 2 / layer.in_features"]
    return [
        "# The fan is fan_out in a convolution and fan_in in a matrix.",
        f"fan = {fan_out} if isinstance(layer, nn.Conv2d) else layer.in_features",
        "variance = 2 / fan",
    ]


def _classifier_lines(classifier: str, name: str) -> list[str]:
    return [
        f"bound = 1 / math.sqrt(network.{classifier}.in_features)",
        f"for kind, parameter in network.{classifier}.named_parameters():",
        f'    parameter.uniform_(-bound, bound, generator=generator(seed, f"{name}.{{kind}}"))',
    ]


def _gain_lines(drawn: Sequence[Op], classifier: str, gain: float) -> list[str]:
    kinds = _classes(drawn)
    others = f" and layer is not network.{classifier}" if _LAYERS["linear"] in kinds else ""
    return [
        "for layer in network.modules():",
        f"    if isinstance(layer, {kinds}){others}:",
        f"        layer.weight.mul_({gain})",
    ]


def _block_lines(plan: Plan, model: ModelConfig, blocks: str) -> list[str]:
    """What is set in every unit that has a skip."""
    lines = []
    unit = plan.skip_units[-1] if plan.skip_units else None
    if model.skip == "gated" and unit:
        remark = f"a gate is sigmoid(bias) = {1 / (1 + math.exp(-model.gate_bias)):.3g} at first"
        lines += ["block.gate.weight.zero_()", f"block.gate.bias.fill_({model.gate_bias})  # {remark}"]
    if model.init == "zero-gamma":
        norms = [op for op in unit.branches[0].ops if op.kind in NORMS]
        lines.append(f"block.{last_name(norms[-1])}.weight.zero_()")
    if model.init == "fixup":
        *others, last = [last_name(op) for op in unit.branches[0].ops if op.kind in WEIGHTED]
        lines += [f"block.{name}.weight.mul_(len(blocks) ** {-1 / (2 * len(others))})" for name in others]
        lines.append(f"block.{last}.weight.zero_()")
    if not lines:
        return []
    return [f"blocks = {blocks}", "for block in blocks:", *indented(lines)]
