"""Which law the variance of the signal follows at the start, for which settings. No torch.

He et al. 2015, "Delving deep into rectifiers": a layer of a ReLU stack multiplies the mean square by n_in
Var(W) / 2. With two such layers on its branch a residual block adds 1 behind a batch normalisation, so that
the branch is small beside the skip (De & Smith 2020, arXiv:2002.10444), and doubles the variance without one.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from resnet_core.architecture import Plan
from resnet_core.architecture.mean_squares import expected_at_layers, expected_at_units
from resnet_core.config import ModelConfig
from resnet_core.members import LAYERS, RESIDUAL_INITS

FACTORS = {"glorot": Fraction(1, 2), "pytorch": Fraction(1, 6)}  # of a layer behind a ReLU; He's: 1
_ON_AVERAGE = "On average over initial values, with batch statistics where there is BN."
_MAPS = (
    " Where the shape changes the factor is another one (zeros in new channels, other fans), and at the "
    "border of a map a kernel sees zeros: both are counted in."
)


class Law(NamedTuple):
    """`expected(plan, model, first)` begins with what was measured at the first place, pixel by pixel."""

    name: str
    about: str
    expected: Callable[[Plan, ModelConfig, np.ndarray], list[float]]


def law_of(model: ModelConfig) -> Law | None:
    """The law, or None where none is known: then `why_no_law` says why.

    Its places are the outputs of all units but the last; without a skip those of all layers but the last,
    before their norm and ReLU. l counts blocks or layers from the first place, l = 0.
    """
    if why_no_law(model):
        return None
    name, about = _plain(model) if model.skip == "none" else _residual(model)
    maps = _MAPS if model.family == "resnet" else ""
    at_places = expected_at_layers if model.skip == "none" else expected_at_units
    return Law(name, f"{about} {_ON_AVERAGE}{maps}", at_places)


def why_no_law(model: ModelConfig) -> str:
    """Why no law is known for these settings, in a sentence; empty where one is."""
    if model.family not in ("resnet", "mlp"):
        return f"No law is known here for {model.family}: its layers pool, and are not alike."
    if model.activation != "relu":
        return f"The laws known here are those of ReLU, and the activation is {model.activation}."
    if model.norm not in ("batch", "none"):
        return f"The laws known here are those of batch norm and of no norm, and the norm is {model.norm}."
    if model.skip == "dense":
        return "No law is known here for concatenation: nothing is added up."
    if model.skip == "dropout" or (model.skip != "none" and model.survival < 1):
        return "What is dropped by chance changes the variance from step to step, so no law is given."
    if model.skip != "none" and model.order not in ("pre", "relu-pre"):
        return (
            f"No law is known here for order {model.order}: what blocks bring does not simply add up where a "
            "ReLU ends the branch or stands behind the addition. Order pre has a law."
        )
    return ""


def _plain(model: ModelConfig) -> tuple[str, str]:
    factor = _factor(model)
    if model.norm == "batch":
        return f"{factor} at every layer", f"Behind BN and a ReLU a layer has a variance of {factor}."
    biases = " Its biases add a little." if model.init == "pytorch" else ""
    return f"× {factor} a layer", f"A layer multiplies the mean square by {factor}.{biases}"


def _residual(model: ModelConfig) -> tuple[str, str]:
    if model.init in RESIDUAL_INITS and model.skip == "identity":
        return "constant", "The branches begin at 0, so a block changes nothing."
    if model.skip != "identity":
        return "by block", "What shortcut and branch bring adds up, each with its factor squared."
    if model.norm == "none":
        growth = 1 + (float(FACTORS.get(model.init, 1)) * model.gain**2) ** LAYERS[model.block]
        return f"{growth:.4g}^l", f"A block multiplies the variance by {growth:.4g}."
    if model.order == "relu-pre":
        return "l + 1", "A branch ends in BN and adds 1 to the variance, which begins at 1."
    added = _factor(model)
    times = "l" if added == "1" else f"{added} l"
    return f"Var x_0 + {times}", f"A block adds {added} to the variance: l + 1 in all where it begins at 1."


def _factor(model: ModelConfig) -> str:
    factor = FACTORS.get(model.init, Fraction(1))
    return _text(factor if model.gain == 1 else float(factor) * model.gain**2)


def _text(number: Fraction | float) -> str:
    return str(number) if isinstance(number, Fraction) and number.denominator < 10 else f"{float(number):.4g}"
