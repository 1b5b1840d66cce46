"""What mean square a signal is expected to have behind every layer of a plan, with its initial values.

A layer multiplies it by n_in Var(W), summed over the window of a kernel, beyond whose edge there are zeros,
and adds Var(b); a ReLU halves what is as often above 0 as below it (He et al. 2015, "Delving deep into
rectifiers"); batch normalisation brings it to 1; the parts of a unit add up. A map (S, S) has the mean square
of each pixel, S = side; behind a linear layer it is one number. No torch.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from resnet_core.architecture.plan import WEIGHTED, Op, Plan, Unit
from resnet_core.config import ModelConfig

EPSILON = 1e-5  # PyTorch's, in a batch norm


def weight_variance(op: Op, init: str) -> float:
    """The variance of a layer's initial weights. Of a convolution He takes fan_out, of a matrix fan_in."""
    fan_in = math.prod(op.parameters["weight"][1:])
    if init == "pytorch":
        return 1 / (3 * fan_in)
    fan_out = op.outputs[0] * op.kernel**2 if op.kind == "conv" else op.outputs[0]
    if init == "glorot":
        return 2 / (fan_in + fan_out)
    return 2 / (fan_out if op.kind == "conv" else fan_in)


def expected_at_layers(plan: Plan, model: ModelConfig, first: np.ndarray) -> list[float]:
    """The mean square behind each layer of a plain network but the classifier; `first` is the first one's."""
    ops = [op for unit in plan.units[:-1] for op in unit.ops]
    start = next(i for i, op in enumerate(ops) if op.kind in WEIGHTED)
    signal, found = first, [float(first.mean())]
    for op in ops[start + 1 :]:
        signal = _behind(op, signal, model)
        if op.kind in WEIGHTED:
            found.append(float(signal.mean()))
    return found


def expected_at_units(plan: Plan, model: ModelConfig, first: np.ndarray) -> list[float]:
    """The mean square behind each unit but the last, which classifies; `first` is behind the first one."""
    signal, found = first, [float(first.mean())]
    for unit in plan.units[1:-1]:
        signal = _behind_unit(unit, signal, model)
        found.append(float(signal.mean()))
    return found


def _behind_unit(unit: Unit, signal: np.ndarray, model: ModelConfig) -> np.ndarray:
    signal = _along(unit.before, signal, model)
    shortcut, branch = (_along(path.ops, signal, model) for path in unit.paths if path.role != "gate")
    of_shortcut, of_branch = _factors(unit, model)
    return _along(unit.after, of_shortcut**2 * shortcut + of_branch**2 * branch, model)


def _factors(unit: Unit, model: ModelConfig) -> tuple[float, float]:
    gate = 1 / (1 + math.exp(-model.gate_bias))  # of every picture, as its weights begin at 0
    if unit.merge == "exclusive gate":
        return 1 - gate, gate
    of_branch = 0.0 if model.init == "zero-gamma" else 1.0
    return (1 - gate if unit.merge == "shortcut gate" else 1.0), of_branch


def _along(ops: Iterable[Op], signal: np.ndarray, model: ModelConfig) -> np.ndarray:
    for op in ops:
        signal = _behind(op, signal, model)
    return signal


def _behind(op: Op, signal: np.ndarray, model: ModelConfig) -> np.ndarray:
    if op.kind in WEIGHTED:
        return _behind_layer(op, signal, model)
    if op.kind == "relu":
        return signal / 2
    if op.kind == "batch":
        return signal / (signal.mean() + (op.value or EPSILON))
    if op.kind == "pad":
        return signal[:: op.stride, :: op.stride] * op.inputs[0] / op.outputs[0]
    assert op.kind in ("scale", "factor"), op.kind
    return signal * op.value**2


def _behind_layer(op: Op, signal: np.ndarray, model: ModelConfig) -> np.ndarray:
    _, channels, *kernel = op.parameters["weight"]
    if op.kind == "conv":
        windows = sliding_window_view(np.pad(signal, op.padding), kernel)[:: op.stride, :: op.stride]
        signal = windows.sum((-2, -1))
    biases = 1 / (3 * channels * math.prod(kernel)) if op.bias and model.init == "pytorch" else 0.0
    return channels * weight_variance(op, model.init) * model.gain**2 * signal + biases
