"""The training loop, a generator: one `StepRecord` a step while probes watch.

B = batch, C = channels, S = side. Everything random is a function of (seed, step) or (seed, parameter name),
so a run continued from (weights, buffers, optimizer, step) is bit-equal to an undisturbed one.
"""

import math
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.config import RunConfig, TrainingConfig
from resnet_core.data.sets import ImageSet, load_images
from resnet_core.device import pick_device
from resnet_core.models import build_model
from resnet_core.models.layout import layout_of
from resnet_core.probes import GradientNorm, attached, probes_due
from resnet_core.records import Evaluation, Pictures, StepRecord

__all__ = ["Divergence", "TrainingState", "evaluate", "initial_state", "layout_of", "learning_rate", "train"]

SHOWN_PICTURES = 12
STEPS_AFTER_DIVERGENCE = 5  # enough to see on the charts how the rest of the network follows


class Divergence(NamedTuple):
    """Where numbers stopped being finite: the step, and the first layer on the way.

    That is the first one forwards when the loss is not finite, else the first one backwards.
    """

    step: int
    layer: str


@dataclass
class TrainingState:
    """All that changes while a network trains; `step` updates have been done in `seconds`."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    divergence: Divergence | None = None


def initial_state(config: RunConfig, device: torch.device | None = None) -> TrainingState:
    """The network of `config` with its initial values and a fresh optimizer."""
    info, training = config.data.info, config.training
    model = build_model(config.model, info.channels, len(info.classes), config.seed, config.data.side)
    model.to(device or pick_device())
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=training.learning_rate,
        momentum=training.momentum,
        nesterov=training.momentum > 0,
        weight_decay=training.weight_decay,
        foreach=True,  # the same operations, bit-equal, in a third less time on the CPU
    )
    return TrainingState(model, optimizer)


def train(
    config: RunConfig,
    state: TrainingState | None = None,
    images: ImageSet | None = None,
    device: torch.device | None = None,
) -> Iterator[StepRecord]:
    """Trains and yields a record after each update, until the planned steps are done.

    `state` is advanced in place (a fresh one is made when None); passing a restored one continues that run.
    When numbers stop being finite the run goes on for a few steps, then ends with `state.divergence` set.
    """
    device = device or pick_device()
    images = images or load_images(config.data, device)
    state = state or initial_state(config, device)
    while state.step < config.training.steps and not _is_over(state):
        yield _timed_step(config, state, images)


def learning_rate(training: TrainingConfig, step: int) -> float:
    """Linear warm-up to the peak, then the schedule down to (almost) 0 at the last step."""
    if step < training.warmup_steps:
        return training.learning_rate * (step + 1) / training.warmup_steps
    share = (step - training.warmup_steps) / max(training.steps - training.warmup_steps, 1)
    factor = {"linear": 1 - share, "cosine": (1 + math.cos(math.pi * share)) / 2, "constant": 1.0}
    return training.learning_rate * factor[training.schedule]


@torch.no_grad()
def evaluate(model: nn.Module, images: ImageSet, limit: int | None = None, size: int = 250) -> Evaluation:
    """Accuracy and mean loss on the first `limit` test pictures (all when None), BN in evaluation mode."""
    count = min(limit or len(images.test_labels), len(images.test_labels))
    was_training = model.training
    model.eval()
    correct, total_loss = 0, 0.0
    for start in range(0, count, size):
        labels = images.test_labels[start : min(start + size, count)]
        logits = model(images.normalize(images.test_images[start : min(start + size, count)]))
        correct += int((logits.argmax(1) == labels).sum())
        total_loss += float(F.cross_entropy(logits, labels, reduction="sum"))
    model.train(was_training)
    return Evaluation(correct / count, total_loss / count, count)


def _timed_step(config: RunConfig, state: TrainingState, images: ImageSet) -> StepRecord:
    start = time.perf_counter()
    step, rate = state.step, learning_rate(config.training, state.step)
    pictures, labels = images.batch(config.data, config.seed, step, config.training.batch)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    quantities, loss, logits = _update(config, state, images.normalize(pictures), labels)
    state.step += 1
    evaluation = _due_evaluation(config, state, images)
    state.seconds += time.perf_counter() - start
    return StepRecord(
        step,
        loss,
        float((logits.argmax(1) == labels).float().mean()),
        rate,
        state.seconds,
        evaluation,
        quantities,
        _shown_pictures(config, step, pictures, labels, logits),
    )


def _update(
    config: RunConfig, state: TrainingState, batch: Tensor, labels: Tensor
) -> tuple[dict[str, np.ndarray], float, Tensor]:
    """Forward, backward and update; probes read in between. Returns (quantities, loss, logits)."""
    probes = probes_due(config.probes, state.step)
    quantities: dict[str, np.ndarray] = {}
    state.model.draw_chances(config.seed, state.step)
    state.optimizer.zero_grad(set_to_none=True)
    with attached(probes, state.model):
        logits = state.model(batch)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        # The optimizer may overwrite .grad, so gradients are read before it moves.
        for probe in (p for p in probes if p.moment == "backward"):
            quantities |= probe.readings()
        if state.divergence is None:
            state.divergence = _divergence(state, loss.item(), quantities, batch)
        state.optimizer.step()
        for probe in (p for p in probes if p.moment == "update"):
            quantities |= probe.readings()
    return quantities, loss.item(), logits.detach()


def _due_evaluation(config: RunConfig, state: TrainingState, images: ImageSet) -> Evaluation | None:
    if state.step == config.training.steps:
        return evaluate(state.model, images)
    if state.step % config.training.eval_every == 0:
        return evaluate(state.model, images, config.training.eval_images)
    return None


def _shown_pictures(
    config: RunConfig, step: int, pictures: Tensor, labels: Tensor, logits: Tensor
) -> Pictures | None:
    interval = config.probes.pictures
    if not interval or step % interval:
        return None
    shown = pictures[:SHOWN_PICTURES].permute(0, 2, 3, 1).contiguous()
    said = logits[:SHOWN_PICTURES].argmax(1)
    return Pictures(shown.cpu().numpy(), labels[:SHOWN_PICTURES].cpu().numpy(), said.cpu().numpy())


def _is_over(state: TrainingState) -> bool:
    return state.divergence is not None and state.step > state.divergence.step + STEPS_AFTER_DIVERGENCE


def _divergence(
    state: TrainingState, loss: float, quantities: dict[str, np.ndarray], batch: Tensor
) -> Divergence | None:
    if not math.isfinite(loss):
        return Divergence(state.step, _first_nonfinite_layer(state.model, batch) or _layer_names(state)[-1])
    nonfinite = np.flatnonzero(_nonfinite_gradients(state.model, quantities))
    # The loss is finite and a gradient is not: it overflowed on its way back from the classifier.
    return Divergence(state.step, _layer_names(state)[nonfinite[-1]]) if len(nonfinite) else None


def _layer_names(state: TrainingState) -> list[str]:
    return [layer.name for layer in layout_of(state.model).layers]


def _nonfinite_gradients(model: nn.Module, quantities: dict[str, np.ndarray]) -> np.ndarray:
    """By layer. Looked for whether or not anyone watches: how a run ends must not hang on its probes."""
    if "nonfinite_gradients" in quantities:
        return quantities["nonfinite_gradients"]
    probe = GradientNorm()
    probe.attach(model)
    return probe.readings()["nonfinite_gradients"]


@torch.no_grad()
def _first_nonfinite_layer(model: nn.Module, batch: Tensor) -> str | None:
    """The first layer whose output is not finite; looks at a copy, so that BN's buffers stay as they are."""
    twin, found = deepcopy(model), []
    names = {id(module): name for name, module in twin.named_modules()}

    def watch(module: nn.Module, inputs: tuple, output: Tensor) -> None:
        if not found and not torch.isfinite(output).all():
            found.append(names[id(module)])

    for module in twin.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(watch)
    twin(batch)
    return found[0] if found else None
