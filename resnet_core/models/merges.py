"""Where the paths of a unit meet: the seam of a residual network, and where probes look."""

import torch
from torch import Tensor, nn


class Merge(nn.Module):
    """`forward` is the sum of `parts`: what the shortcut and what the branch contribute."""

    def parts(self, *paths: Tensor) -> tuple[Tensor, Tensor]:
        """What each side brings, (shortcut, branch)."""
        raise NotImplementedError

    def forward(self, *paths: Tensor) -> Tensor:
        shortcut, branch = self.parts(*paths)
        return shortcut + branch


class Addition(Merge):
    """x + F(x) (He et al. 2015)."""

    def parts(self, shortcut: Tensor, branch: Tensor) -> tuple[Tensor, Tensor]:
        return shortcut, branch


class ExclusiveGate(Merge):
    """(1 - g) x + g F(x): a Highway layer (Srivastava et al. 2015; He et al. 2016, section 3.1)."""

    def parts(self, shortcut: Tensor, branch: Tensor, gate: Tensor) -> tuple[Tensor, Tensor]:
        return (1 - gate) * shortcut, gate * branch


class ShortcutGate(Merge):
    """(1 - g) x + F(x): the gate closes the shortcut only (He et al. 2016, section 3.1)."""

    def parts(self, shortcut: Tensor, branch: Tensor, gate: Tensor) -> tuple[Tensor, Tensor]:
        return (1 - gate) * shortcut, branch


class Concatenation(nn.Module):
    """The channels of all paths, in their order (Huang et al. 2017; Szegedy et al. 2015)."""

    def parts(self, *paths: Tensor) -> tuple[Tensor, Tensor]:
        """What was there, and what comes last."""
        return paths[0], paths[-1]

    def forward(self, *paths: Tensor) -> Tensor:
        return torch.cat(paths, dim=1)


_MODULES = {
    "add": Addition,
    "exclusive gate": ExclusiveGate,
    "shortcut gate": ShortcutGate,
    "concatenate": Concatenation,
}


def merge_module(merge: str) -> nn.Module:
    """The module of a plan's merge."""
    return _MODULES[merge]()
