"""The largest singular values of a unit's Jacobian at one picture: of the whole unit, of its branch alone.

Halko, Martinsson and Tropp 2011 (SIAM Review 53, 217-288): a randomised range finder with power
iterations, orthonormalised in between. What each of them found is kept (Musco and Musco 2015, a block Krylov
method): the values of a residual unit lie close together. The Jacobian is never written out: u J is a
backward pass, and J v the backward pass of one, of as many copies of the picture as there are vectors.
n = numbers of x, m = numbers of y, p = vectors, k = singular values, C = channels, S = side.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.architecture.plan import Plan, layer_count
from resnet_core.findings import SingularValues

SPARE = 16  # vectors beyond the values that are asked for
ITERATIONS = 4
NAMED = 40  # units in a sentence
AT_ONCE = 2**23  # numbers of x and y in one pass: 32 MB for each tensor in between


def singular_values(network: nn.Module, picture: Tensor, block: str = "", values: int = 48) -> SingularValues:
    """The `values` largest of dy/dx, y what the unit named `block` makes of its input x, and of dF/dx.

    F(x) is what the branch brings to the merge, with its gate and its factors; without a skip it is y. An
    empty `block` is the first unit with layers behind the stem. `picture` is (C, S, S), normalised. Pictures
    must not mix, so `network` is in evaluation mode; `settled` gives it the statistics of a batch to hold.

    A unit with fewer numbers has fewer values. The mean of all squares is Hutchinson's estimate, from the
    range finder's first vectors. Both are exact where x or y has few numbers, and NaN where a derivative is
    not finite. Raises ValueError for a name that no unit has.
    """
    assert not network.training, "batch statistics would mix the copies of the picture"
    index = _index_of(network.plan, block)
    unit, module = network.plan.units[index], network.units[index]
    jacobian = _Jacobian(module, _input_of(network, index, picture))
    found, mean_square = _largest(jacobian, values)
    of_branch = found, mean_square
    if unit.has_skip:
        of_branch = _largest(_Jacobian(partial(_branch, module, len(unit.paths)), jacobian.x), values)
    return SingularValues(
        block=np.array(network.plan.unit_names[index]),
        values=found,
        branch_values=of_branch[0],
        has_skip=np.bool_(unit.has_skip),
        inputs=np.int64(jacobian.inputs),
        outputs=np.int64(jacobian.outputs),
        mean_square=np.float64(mean_square),
        branch_mean_square=np.float64(of_branch[1]),
    )


def _index_of(plan: Plan, block: str) -> int:
    names = plan.unit_names
    if not block:
        return next(i for i, unit in enumerate(plan.units) if i and layer_count(unit.ops))
    if block not in names:
        shown = names if len(names) <= NAMED else [*names[: NAMED // 2], "...", *names[-NAMED // 2 :]]
        raise ValueError(f"block: {block!r} is not in this network; there are {', '.join(shown)}")
    return names.index(block)


def _branch(module: nn.Module, paths: int, x: Tensor) -> Tensor:
    return module.merged_parts(*module.ways(*[module.begin(x)] * paths))[1]


@torch.no_grad()
def _input_of(network: nn.Module, index: int, picture: Tensor) -> Tensor:
    x = picture[None]
    for unit in network.units[:index]:
        x = unit(x)
    return x


class _Jacobian:
    """Of `of` at `x` (1, ...), as a linear map between rows: (p, n) or (p, m), float64 on the CPU."""

    def __init__(self, of: Callable[[Tensor], Tensor], x: Tensor):
        self.of, self.x = of, x
        with torch.no_grad():
            self.y = of(x)
        self.inputs, self.outputs = x.numel(), self.y.numel()

    def times(self, vectors: Tensor) -> Tensor:
        return self._in_parts(self._forward, vectors, self.x)

    def transposed_times(self, vectors: Tensor) -> Tensor:
        return self._in_parts(self._backward, vectors, self.y)

    def _in_parts(self, product: Callable[[Tensor, Tensor], Tensor], vectors: Tensor, like: Tensor) -> Tensor:
        count = max(AT_ONCE // max(self.inputs, self.outputs), 1)
        parts = [part.to(like.dtype).to(like.device) for part in vectors.split(count)]
        found = [product(self._copies(len(part)), part.view(-1, *like.shape[1:])) for part in parts]
        return torch.cat([part.flatten(1).cpu().double() for part in found])

    def _copies(self, count: int) -> Tensor:
        return self.x.repeat(count, *[1] * (self.x.ndim - 1)).requires_grad_()

    def _forward(self, copies: Tensor, vectors: Tensor) -> Tensor:
        # u J is linear in u, and its derivative in the direction v of x is J v.
        u = torch.zeros_like(self.y).repeat(len(copies), *[1] * (self.y.ndim - 1)).requires_grad_()
        pulled_back = torch.autograd.grad(self.of(copies), copies, u, create_graph=True)[0]
        return torch.autograd.grad(pulled_back, u, vectors)[0]

    def _backward(self, copies: Tensor, vectors: Tensor) -> Tensor:
        return torch.autograd.grad(self.of(copies), copies, vectors)[0]


def _largest(jacobian: _Jacobian, values: int) -> tuple[np.ndarray, float]:
    """The values, largest first, and the mean of all squared ones."""
    fewest = min(jacobian.inputs, jacobian.outputs)
    vectors = min(values + SPARE, fewest)
    start = torch.randn(vectors, jacobian.inputs, generator=_generator(), dtype=torch.float64)
    images = jacobian.times(start)
    mean_square = (images.square().sum() / start.square().sum() * jacobian.inputs / fewest).item()
    kept = [_orthonormal(images)]
    for _ in range(0 if vectors == fewest else ITERATIONS):
        kept.append(_orthonormal(jacobian.times(_orthonormal(jacobian.transposed_times(kept[-1])))))
    projected = jacobian.transposed_times(_orthonormal(torch.cat(kept)))
    if not projected.isfinite().all():
        return np.full(min(values, fewest), np.nan), np.nan
    found = torch.linalg.svdvals(projected).numpy()
    return found[:values], float(np.mean(found**2)) if len(found) == fewest else mean_square


def _orthonormal(rows: Tensor) -> Tensor:
    return torch.linalg.qr(rows.T)[0].T


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)
