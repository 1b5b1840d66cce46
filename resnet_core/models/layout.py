"""What a network's measurements are indexed by: its layers in depth order and the units that have a skip."""

from collections.abc import Iterator

from torch import nn

from resnet_core.architecture import Op, Plan, Unit
from resnet_core.architecture.plan import ACTIVATIONS, WEIGHTED, layer_count
from resnet_core.models.merges import Merge
from resnet_core.records import Layer, Layout

_WEIGHTED = (nn.Conv2d, nn.Linear)
_ACTIVATIONS = (nn.ReLU, nn.GELU, nn.Tanh, nn.Sigmoid)
_KINDS = {"shortcut": "projection", "gate": "gate", "parallel": "parallel"}


def layout_of(network: nn.Module) -> Layout:
    """The layers and blocks of a network that has a `plan`."""
    return layout_of_plan(network.plan)


def layout_of_plan(plan: Plan) -> Layout:
    """A projection and a gate have the depth of the last layer that they bypass.

    Where branches lie beside each other, the main path is the first of those with the most layers.
    """
    layers, depth = [], 0
    for unit in plan.units:
        layers += _layers(unit, depth)
        depth += unit.depth
    return Layout(tuple(layers), tuple(unit.name for unit in plan.skip_units))


def weights(network: nn.Module) -> list[nn.Parameter]:
    """One weight tensor a layer, in the order of `layout_of`. Any module will do."""
    return [module.weight for module in network.modules() if isinstance(module, _WEIGHTED)]


def merges(network: nn.Module) -> list[tuple[str, nn.Module]]:
    """Every place where a shortcut and a branch meet, by the name of its unit. Any module will do."""
    if hasattr(network, "plan"):
        return [(unit.name, network.get_submodule(unit.merge_name)) for unit in network.plan.skip_units]
    found = ((name, module) for name, module in network.named_modules() if isinstance(module, Merge))
    return [(name.rpartition(".")[0], module) for name, module in found]


def additions(network: nn.Module) -> list[tuple[str, Merge]]:
    """Those of the merges that add."""
    return [(name, module) for name, module in merges(network) if isinstance(module, Merge)]


def activations(network: nn.Module) -> list[nn.Module]:
    """For each layer the module whose output the next layer sees: the activation behind it, or itself."""
    if not hasattr(network, "plan"):
        return _activations_in_order(network)
    units = network.plan.units
    following = [_first((*unit.before, *unit.branches[0].ops)) for unit in units[1:]]
    return [
        network.get_submodule((_activation_behind(op, unit, next_one) or op).name)
        for unit, next_one in zip(units, (*following, None), strict=True)
        for op in unit.ops
        if op.kind in WEIGHTED
    ]


def _activations_in_order(network: nn.Module) -> list[nn.Module]:
    found: list[nn.Module] = []
    for module in network.modules():
        if isinstance(module, _WEIGHTED):
            found.append(module)
        elif isinstance(module, _ACTIVATIONS) and found and isinstance(found[-1], _WEIGHTED):
            found[-1] = module
    return found


def _layers(unit: Unit, depth: int) -> list[Layer]:
    found: dict[str, Layer] = {}
    for role, ops in _ways(unit):
        for at, op in enumerate((op for op in ops if op.kind in WEIGHTED), depth + 1):
            bypasses = role in ("shortcut", "gate")
            layer = Layer(op.name, _KINDS.get(role, op.kind), depth + unit.depth if bypasses else at)
            found.setdefault(op.name, layer)
    return [found[op.name] for op in unit.ops if op.name in found]


def _ways(unit: Unit) -> Iterator[tuple[str, tuple[Op, ...]]]:
    """Each way through, the main path first."""
    main = max(unit.branches, key=lambda path: layer_count(path.ops))
    yield "branch", (*unit.before, *main.ops, *unit.after)
    for path in unit.paths:
        if path.role != "branch":
            yield path.role, path.ops
        elif path is not main:
            yield "parallel", (*unit.before, *path.ops, *unit.after)


def _activation_behind(op: Op, unit: Unit, next_one: Op | None) -> Op | None:
    """`next_one` is the activation with which the next unit begins, if it does."""
    for path in unit.paths:
        if op in path.ops:
            rest = path.ops[path.ops.index(op) + 1 :]
            if path.role != "branch":
                return _first(rest)
            return _first((*rest, *unit.after, *((next_one,) if next_one else ())))
    ops = unit.before if op in unit.before else unit.after
    return _first(ops[ops.index(op) + 1 :])


def _first(ops: tuple[Op, ...]) -> Op | None:
    """The first activation, if it comes before the next layer."""
    for op in ops:
        if op.kind in (*WEIGHTED, *ACTIVATIONS):
            return op if op.kind in ACTIVATIONS else None
    return None
