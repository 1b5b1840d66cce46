"""Initial values as a function of (seed, parameter name), so that twins share what they have in common.

He: normal with variance 2 / fan_out for convolutions (as in torchvision), 2 / fan_in for matrices (He et al.
2015, "Delving deep into rectifiers"). Glorot: variance 2 / (fan_in + fan_out). PyTorch: uniform in
+-1/sqrt(fan_in), a variance of 1 / (3 fan_in). The classifier is PyTorch's in all of them but Fixup, where it
is 0. A gain multiplies every layer's weights but the classifier's, last of all; biases stay as they are.
"""

import math

import torch
from torch import Tensor, nn

from resnet_core.architecture import Op, Path, Unit
from resnet_core.architecture.mean_squares import weight_variance
from resnet_core.architecture.plan import NORMS, WEIGHTED
from resnet_core.config import ModelConfig
from resnet_core.models.seeds import seed_of


@torch.no_grad()
def set_initial_values(network: nn.Module, model: ModelConfig, seed: int) -> None:
    """Overwrites every parameter of `network`, which has a `plan`."""
    classifier = network.plan.ops[-1].name
    for unit in network.plan.units:
        for op in unit.ops:
            module = network.get_submodule(op.name)
            if op.kind in WEIGHTED:
                _draw(module, op, "pytorch" if op.name == classifier else model.init, seed)
            elif op.kind in NORMS:
                module.weight.fill_(1.0)
                module.bias.zero_()
            elif op.kind == "scale":
                module.weight.fill_(op.value)
            elif op.kind == "shift":
                module.bias.zero_()
        _set_unit(network, unit, model)
    if model.init == "fixup":
        _zero(network.get_submodule(classifier))
        _scale_for_fixup(network)
    for op in network.plan.ops:
        if op.kind in WEIGHTED and op.name != classifier:
            network.get_submodule(op.name).weight.mul_(model.gain)


def _set_unit(network: nn.Module, unit: Unit, model: ModelConfig) -> None:
    for path in unit.paths:
        if path.role == "gate":  # W = 0: at the start a gate is sigmoid(bias) for every picture
            gate = network.get_submodule(path.ops[0].name)
            gate.weight.zero_()
            gate.bias.fill_(model.gate_bias)
    if model.init == "zero-gamma" and unit.has_skip:
        network.get_submodule(_last(unit.branches[0], NORMS).name).weight.zero_()


def _scale_for_fixup(network: nn.Module) -> None:
    """Zhang et al. 2019 (arXiv:1901.09321): branches end in zeros, their other layers shrink with L."""
    units = network.plan.skip_units
    for unit in units:
        layers = [op for op in unit.branches[0].ops if op.kind in WEIGHTED]
        _zero(network.get_submodule(layers[-1].name))
        for op in layers[:-1]:
            network.get_submodule(op.name).weight.mul_(len(units) ** (-1 / (2 * len(layers) - 2)))


def _zero(module: nn.Module) -> None:
    for parameter in module.parameters():
        parameter.zero_()


def _last(path: Path, kinds: tuple[str, ...]) -> Op:
    return [op for op in path.ops if op.kind in kinds][-1]


def _draw(module: nn.Module, op: Op, init: str, seed: int) -> None:
    if init == "pytorch":
        bound = 1 / math.sqrt(module.weight[0].numel())
        for kind, parameter in module.named_parameters():
            _uniform(parameter, bound, _generator(seed, f"{op.name}.{kind}"))
        return
    deviation = math.sqrt(weight_variance(op, init))
    module.weight.normal_(0.0, deviation, generator=_generator(seed, f"{op.name}.weight"))
    if module.bias is not None:
        module.bias.zero_()


def _uniform(parameter: Tensor, bound: float, generator: torch.Generator) -> None:
    parameter.uniform_(-bound, bound, generator=generator)


def _generator(seed: int, name: str) -> torch.Generator:
    return torch.Generator().manual_seed(seed_of(f"{seed}:{name}"))
