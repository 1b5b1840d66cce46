"""A whole module as text: what it is, its imports, the classes of its family, its initial values."""

import re
from collections.abc import Callable

from resnet_core.architecture import Plan, plan_of
from resnet_core.code.ancestors import ancestor_definitions
from resnet_core.code.dense import dense_definitions
from resnet_core.code.extras import extra_classes
from resnet_core.code.googlenet import googlenet_definitions
from resnet_core.code.initial import GENERATOR, initial_values
from resnet_core.code.mlp import mlp_definitions
from resnet_core.code.pieces import Definitions, docstring, wrapped
from resnet_core.code.residual import residual_definitions
from resnet_core.config import ModelConfig
from resnet_core.members import kind_of, relevant_settings
from resnet_core.named_members import member_title

_WRITERS: dict[str, Callable[[Plan, ModelConfig], Definitions]] = {
    "resnet": residual_definitions,
    "dense": dense_definitions,
    "mlp": mlp_definitions,
    "alexnet": ancestor_definitions,
    "vgg": ancestor_definitions,
    "googlenet": googlenet_definitions,
}
_CHANCES = ("dropout", "drop path")
OWN_DRAWS = "What is dropped while training is PyTorch's own draw; the lab draws from (seed, step, name)."
_IN_TITLE = ("family", "depth")
_BUILD = '''def build_network(seed: int = {seed}) -> Network:
    """The network with the initial values of this seed."""
    network = Network()
    set_initial_values(network, seed)
    return network'''


def model_code(model: ModelConfig, in_channels: int, num_classes: int, side: int, seed: int) -> str:
    """A readable PyTorch module for pictures (in_channels, side, side), with `build_network()` at its end.

    It has the names, initial values and logits of `models.build_model`, bit for bit, and needs PyTorch alone.
    What happens by chance while training (dropout, stochastic depth) is PyTorch's own draw.
    """
    plan = plan_of(model, in_channels, num_classes, side)
    written = _WRITERS[kind_of(model)](plan, model)
    definitions = [
        *extra_classes(plan),
        *written.classes,
        GENERATOR,
        initial_values(plan, model, written.blocks),
        _BUILD.format(seed=seed),
    ]
    body = "\n\n\n".join(definitions)
    top = ["\n".join(docstring(_what(plan, model))), _imports(body), *written.constants]
    return "\n\n".join(top) + f"\n\n\n{body}\n"


def has_chance(plan: Plan) -> bool:
    """Whether something is dropped by chance while it trains."""
    return any(op.kind in _CHANCES for op in plan.ops)


def _what(plan: Plan, model: ModelConfig) -> list[str]:
    pictures = " x ".join(map(str, plan.inputs))
    settings = ", ".join(_setting(model, name) for name in relevant_settings(model) if name not in _IN_TITLE)
    return [
        f"{member_title(model)} for {pictures} pictures of {plan.num_classes} classes.",
        "",
        *(line.replace("\0", " ") for line in wrapped(f"{settings}.")),
        f"{plan.parameter_count:,} parameters, {plan.multiply_adds:,} multiply-adds a picture.",
        "Shapes are (B, channels, height, width) for a batch of B pictures.",
        *([OWN_DRAWS] if has_chance(plan) else []),
    ]


def _setting(model: ModelConfig, name: str) -> str:
    """Held together by a character that the wrapping does not break."""
    return f"{name.replace('_', ' ')}\0{getattr(model, name)}".replace(" ", "\0")


def _imports(body: str) -> str:
    lines = ["import hashlib", "import math", "", "import torch", "from torch import Tensor, nn"]
    if "OrderedDict" in body:
        lines.insert(2, "from collections import OrderedDict")
    if re.search(r"\bF\.", body):
        lines.append("from torch.nn import functional as F")
    return "\n".join(lines)
