"""A plan as a module: `y = after(merge(shortcut(x), branch(x)))`, unit after unit.

Every merge is out of place and no activation is in place: probes look at those tensors.
"""

from collections.abc import Iterable
from itertools import pairwise

from torch import Tensor, nn

from resnet_core.architecture import plan
from resnet_core.models.merges import merge_module
from resnet_core.models.ops import Chance, module_of


class Network(nn.Module):
    """The units of `plan` one after the other; logits are (B, classes)."""

    def __init__(self, plan: plan.Plan):
        super().__init__()
        self.plan = plan
        # A tuple is invisible to PyTorch: each module is registered once, under its name in the plan.
        self._units = tuple(Unit(unit, self) for unit in plan.units)
        self._chances = tuple((n, module) for n, module in self.named_modules() if isinstance(module, Chance))

    def draw_chances(self, seed: int, step: int) -> None:
        """What chance brings to each module in this step of the run with this seed."""
        for name, module in self._chances:
            module.draw_for(seed, step, name)

    @property
    def units(self) -> tuple["Unit", ...]:
        """The modules of the plan's units, in its order."""
        return self._units

    def forward(self, x: Tensor) -> Tensor:
        for unit in self._units:
            x = unit(x)
        return x


class Unit(nn.Module):
    """One unit of a plan. Units without a name put their modules straight into the `network`."""

    def __init__(self, unit: plan.Unit, network: nn.Module):
        super().__init__()
        if unit.name:
            _register(network, unit.name, self)
        modules = {op.name: _register(network, op.name, module_of(op)) for op in unit.ops}

        def found(ops: Iterable[plan.Op]) -> tuple[nn.Module, ...]:
            return tuple(modules[op.name] for op in ops)

        self._before, self._after = found(unit.before), found(unit.after)
        self._paths = tuple(found(path.ops) for path in unit.paths)
        self._merge = _register(network, unit.merge_name, merge_module(unit.merge)) if unit.merge else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.begin(x)
        return self.end(*self.ways(*[x] * len(self._paths)))

    def begin(self, x: Tensor) -> Tensor:
        """From the unit's input to where its paths part."""
        return _through(self._before, x)

    def ways(self, *starts: Tensor) -> list[Tensor]:
        """What each path of the plan's unit makes of its own start, in their order."""
        return [_through(path, start) for path, start in zip(self._paths, starts, strict=True)]

    def end(self, *parts: Tensor) -> Tensor:
        """From what the paths make to the unit's output."""
        return _through(self._after, parts[0] if self._merge is None else self._merge(*parts))

    def merged_parts(self, *parts: Tensor) -> tuple[Tensor, Tensor]:
        """What shortcut and branch bring to the merge, gates applied; only where the unit has a skip."""
        return self._merge.parts(*parts)


def _through(modules: tuple[nn.Module, ...], x: Tensor) -> Tensor:
    for module in modules:
        x = module(x)
    return x


def _register(network: nn.Module, name: str, module: nn.Module) -> nn.Module:
    """Puts a module at its dotted name, making the containers on the way."""
    *containers, last = name.split(".")
    home = network
    for container, child in pairwise((*containers, last)):
        if not hasattr(home, container):
            home.add_module(container, nn.Sequential() if child.isdigit() else nn.Module())
        home = getattr(home, container)
    home.add_module(last, module)
    return module
