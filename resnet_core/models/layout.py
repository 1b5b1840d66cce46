"""What a network's measurements are indexed by: its layers in depth order and its additions."""

from torch import nn

from resnet_core.models.residual import Addition
from resnet_core.records import Layer, Layout

_WEIGHTED = (nn.Conv2d, nn.Linear)


def layout_of(network: nn.Module) -> Layout:
    """The layers and blocks of `network`. A projection has the depth of the layer it bypasses."""
    layers, depth = [], 0
    for name, module in _weighted(network):
        is_projection = "downsample" in name
        depth += not is_projection
        kind = "projection" if is_projection else "conv" if isinstance(module, nn.Conv2d) else "linear"
        layers.append(Layer(name, kind, depth))
    return Layout(tuple(layers), tuple(name.rpartition(".")[0] for name, _ in additions(network)))


def weights(network: nn.Module) -> list[nn.Parameter]:
    """One weight tensor a layer, in the order of `layout_of`."""
    return [module.weight for _, module in _weighted(network)]


def additions(network: nn.Module) -> list[tuple[str, Addition]]:
    """Every place where a shortcut and a branch meet."""
    return [(name, module) for name, module in network.named_modules() if isinstance(module, Addition)]


def activations(network: nn.Module) -> list[nn.Module]:
    """For each layer the module whose output the next layer sees: the ReLU behind it, or the layer itself."""
    found: list[nn.Module] = []
    for _, module in network.named_modules():
        if isinstance(module, _WEIGHTED):
            found.append(module)
        elif isinstance(module, nn.ReLU) and found and isinstance(found[-1], _WEIGHTED):
            found[-1] = module
    return found


def _weighted(network: nn.Module) -> list[tuple[str, nn.Module]]:
    return [(name, module) for name, module in network.named_modules() if isinstance(module, _WEIGHTED)]
