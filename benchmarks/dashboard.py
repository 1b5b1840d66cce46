"""What the usual dashboards do to a step: a hook a module, a norm and a histogram a tensor."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from benchmarks.peers import network_of, one_batch, textbook_steps
from resnet_core.config import RunConfig

BINS = 64


def dashboard_step(config: RunConfig, device: torch.device, interval: int) -> Callable[[], object]:
    """A bare step that every `interval` steps tells of each weight, gradient and activation.

    Of each tensor: norm, mean, standard deviation, share of zeros and a histogram, as numbers on the CPU.
    """
    network = network_of(config, device)
    losses = _watched(config, device, network, interval)
    return lambda: next(losses)


def _watched(config: RunConfig, device: torch.device, network: nn.Module, interval: int) -> Iterator[Tensor]:
    steps = textbook_steps(config, one_batch(config, device), device, network)
    step = 0
    while True:
        told: list[dict] = []
        is_due = step % interval == 0
        handles = _attached(network, told) if is_due else []
        loss = next(steps)
        for handle in handles:
            handle.remove()
        for weight in network.parameters() if is_due else ():
            told += [_summary(weight.detach()), _summary(weight.grad)]
        step += 1
        yield loss


def _attached(network: nn.Module, told: list[dict]) -> list:
    leaves = [module for module in network.modules() if not list(module.children())]
    return [
        *[
            leaf.register_forward_hook(lambda m, i, out: told.append(_summary(out.detach())))
            for leaf in leaves
        ],
        *[
            leaf.register_full_backward_hook(lambda m, i, out: told.append(_summary(out[0])))
            for leaf in leaves
        ],
    ]


def _summary(tensor: Tensor) -> dict[str, object]:
    values = tensor.float()
    return {
        "norm": values.norm().item(),
        "mean": values.mean().item(),
        "std": values.std(correction=0).item(),
        "zeros": (values == 0).float().mean().item(),
        "histogram": torch.histc(values, BINS).tolist(),
    }
