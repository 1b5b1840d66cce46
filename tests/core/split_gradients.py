"""Gradients split by hand, and the slow obvious way to split any: run the network, detach what is left."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.architecture.plan import WEIGHTED, Chain, Path, Plan, Unit
from resnet_core.config import ModelConfig
from resnet_core.models import build_model
from resnet_core.models.network import Network
from tests.core.twins import pictures

RESIDUAL = ("resnet", "resnet", "mlp")  # families that can have skips


def linear_blocks(*matrices: list, head: list) -> Network:
    """x + A x for each matrix A, then logits W x; no biases."""
    names = [f"block{index}" for index in range(1, len(matrices) + 1)]
    units = [
        Unit(name, "blocks", (2,), (2,), (Path("shortcut"), Path("branch", _linear(name))), "add")
        for name in names
    ]
    last = Unit("head", "head", (2,), (2,), (Path("branch", _linear("head")),))
    network = Network(Plan((2,), 2, (*units, last))).double()
    for name, matrix in zip((*names, "head"), (*matrices, head), strict=True):
        network.get_submodule(f"{name}.linear").weight.data = torch.tensor(matrix).double()
    return network


def two_linear_blocks() -> tuple[Network, Tensor, Tensor]:
    """y1 = x + A x, y2 = y1 + B y1, logits = W y2 at the picture x = (1, 3), whose label is 0."""
    network = linear_blocks([[2, 0], [0, -2]], [[0, 1], [1, 0]], head=[[0, 0], [6, 8]])
    return network, torch.tensor([[1.0, 3.0]]).double(), torch.tensor([0])


def _linear(name: str) -> tuple:
    return tuple(Chain((2,), name).linear("linear", 2, bias=False).ops)


def member(flat: dict, dtype: torch.dtype = torch.float64) -> tuple[nn.Module, Tensor, Tensor]:
    """A network of these settings in training mode, with four pictures and their labels.

    Its gates have random weights: they start with 0, and nothing would come back through them.
    """
    network = build_model(ModelConfig(**flat), 3, 10, seed=2, side=16).train().to(dtype)
    network.draw_chances(seed=1, step=1)
    draw = torch.Generator().manual_seed(0)
    for unit in network.plan.units:
        for op in (
            op for path in unit.paths if path.role == "gate" for op in path.ops if op.kind in WEIGHTED
        ):
            weight = network.get_submodule(op.name).weight
            weight.data = torch.randn(weight.shape, generator=draw).to(dtype)
    return network, pictures().to(dtype), torch.arange(4)


def one_way(network: nn.Module, images: Tensor, labels: Tensor, block: int, is_shortcut: bool) -> Tensor:
    """The gradient at the fork of this unit by one way alone: the others start from what is detached."""
    x = images.clone().requires_grad_()
    for index, (unit, module) in enumerate(zip(network.plan.units, network.units, strict=True)):
        x = module.begin(x)
        starts = [x] * len(unit.paths)
        if index == block:
            fork = x
            starts = [x if (path.role == "shortcut") == is_shortcut else x.detach() for path in unit.paths]
        x = module.end(*module.ways(*starts))
    return torch.autograd.grad(F.cross_entropy(x, labels), fork)[0]


def masked_paths(network: nn.Module, images: Tensor, labels: Tensor) -> dict[tuple[int, ...], Tensor]:
    """The gradient at the pictures along every single path, by the blocks whose branch it takes."""
    blocks = len(network.plan.skip_units)
    every = itertools.chain.from_iterable(itertools.combinations(range(blocks), k) for k in range(blocks + 1))
    return {chosen: _along(network, images, labels, chosen) for chosen in every}


def _along(network: nn.Module, images: Tensor, labels: Tensor, chosen: tuple[int, ...]) -> Tensor:
    x, block = images.clone().requires_grad_(), 0
    start = x
    for unit, module in zip(network.plan.units, network.units, strict=True):
        x = module.begin(x)
        ends = module.ways(*[x] * len(unit.paths))
        if unit.has_skip:
            shortcut, branch = ends
            ends = (shortcut.detach(), branch) if block in chosen else (shortcut, branch.detach())
            block += 1
        x = module.end(*ends)
    return torch.autograd.grad(F.cross_entropy(x, labels), start)[0]


def state_of(network: nn.Module) -> list[Tensor | None]:
    """Copies of weights, buffers and gradients."""
    tensors = [*network.state_dict().values(), *(weight.grad for weight in network.parameters())]
    return [None if tensor is None else tensor.clone() for tensor in tensors]


def are_equal(one: list[Tensor | None], other: list[Tensor | None]) -> bool:
    """To the last bit, and None is None."""
    return all(a is b if a is None else torch.equal(a, b) for a, b in zip(one, other, strict=True))
