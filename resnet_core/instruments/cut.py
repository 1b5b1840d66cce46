"""A network cut at its units, and each unit at its fork: a gradient can be taken back one way at a time.

B = pictures, C = channels, S = side. A unit: y = after(merge(shortcut(x), branch(x))), x = before(input).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.architecture import Unit


@dataclass(frozen=True)
class Cut:
    """A unit whose input, and whose x for the shortcut and for the rest, are leaves of graphs of their own.

    The rest is the branch, with the gate where there is one, and everything where there is no shortcut.
    """

    unit: Unit
    module: nn.Module
    input: Tensor  # a leaf
    x: Tensor  # made of `input`
    starts: tuple[Tensor, Tensor]  # two leaves that are equal to x: of the shortcut, and of the rest
    ends: tuple[Tensor, ...]  # of the plan's paths, made of `starts`
    output: Tensor  # made of `ends`

    @torch.no_grad()
    def parts(self) -> tuple[Tensor | None, Tensor]:
        """What shortcut and branch bring to the merge, gates applied; without a skip (None, all)."""
        if self.unit.has_skip:
            return self.module.merged_parts(*self.ends)
        return None, torch.cat([end.flatten(1) for end in self.ends], 1)

    def back(self, gradient: Tensor) -> tuple[Tensor | None, Tensor]:
        """From the gradient at the output to its two parts at x: (through shortcut, through the rest).

        Without a skip the first is None. They add up to the gradient at x.
        """
        if not self.unit.has_skip:
            return None, self._pulled(gradient, self.starts[1:])[0]
        return self._pulled(gradient, self.starts)

    def back_one_way(self, gradient: Tensor, is_shortcut: bool) -> Tensor:
        """One of the two parts of `back`, without the work for the other."""
        return self._pulled(gradient, [self.starts[0 if is_shortcut else 1]])[0]

    def before(self, gradient: Tensor) -> Tensor:
        """From the gradient at x to that at the unit's input."""
        if self.x is self.input:
            return gradient
        return torch.autograd.grad(self.x, self.input, gradient, retain_graph=True)[0]

    def _pulled(self, gradient: Tensor, leaves: Sequence[Tensor]) -> tuple[Tensor, ...]:
        return torch.autograd.grad(self.output, leaves, gradient, retain_graph=True)


def cut(unit: Unit, module: nn.Module, x: Tensor) -> Cut:
    """One unit of a plan and its module at the input `x`."""
    at_input = x.detach().requires_grad_()
    begun = module.begin(at_input)
    shortcut, rest = begun.detach().requires_grad_(), begun.detach().requires_grad_()
    ends = module.ways(*(shortcut if path.role == "shortcut" else rest for path in unit.paths))
    return Cut(unit, module, at_input, begun, (shortcut, rest), tuple(ends), module.end(*ends))


def cuts(network: nn.Module, pictures: Tensor) -> list[Cut]:
    """All units at `pictures` (B, C, S, S), in order; the last output is the logits."""
    found, x = [], pictures
    for unit, module in zip(network.plan.units, network.units, strict=True):
        found.append(cut(unit, module, x))
        x = found[-1].output
    return found


def loss_gradient(logits: Tensor, labels: Tensor) -> Tensor:
    """Of the mean cross-entropy, at the logits (B, classes)."""
    leaf = logits.detach().requires_grad_()
    return torch.autograd.grad(F.cross_entropy(leaf, labels), leaf)[0]


class Parts(NamedTuple):
    """The gradient of the loss at one unit: at its output, and its two parts at x."""

    out: Tensor
    shortcut: Tensor | None  # None without a skip
    rest: Tensor

    @property
    def total(self) -> Tensor:
        """The two parts together."""
        return self.rest if self.shortcut is None else self.shortcut + self.rest


def gradient_parts(walk: Sequence[Cut], labels: Tensor) -> list[Parts]:
    """For each unit of `cuts`, in order; each unit hands on the sum of what it has received."""
    found, gradient = [], loss_gradient(walk[-1].output, labels)
    for one in reversed(walk):
        found.append(Parts(gradient, *one.back(gradient)))
        gradient = one.before(found[-1].total)
    return found[::-1]


@contextmanager
def buffers_kept(network: nn.Module) -> Iterator[None]:
    """What runs inside moves copies of BN's running statistics; the network's own stay as they are."""
    own = [
        (module, name, buffer)
        for module in network.modules()
        for name, buffer in module.named_buffers(recurse=False)
    ]
    try:
        for module, name, buffer in own:
            setattr(module, name, buffer.clone())
        yield
    finally:
        for module, name, buffer in own:
            setattr(module, name, buffer)
