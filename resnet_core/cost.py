"""What a network costs, in closed form: parameters, multiply-adds, memory, time. No torch."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from resnet_core.config import ModelConfig, RunConfig

# Measured on CPU with torch 2.14: a process that has imported torch and holds a small set.
PROCESS_BYTES = 700_000_000
# Peak of a real run over the closed form below (allocator, workspace of convolutions, the backward pass).
MEMORY_MARGIN = 1.6


class Convolution(NamedTuple):
    """One convolution with its BN: kernel side, channels in and out, side of its output."""

    kernel: int
    inputs: int
    outputs: int
    side: int


def convolutions(model: ModelConfig, in_channels: int, side: int) -> Iterator[Convolution]:
    """Every convolution of the network in depth order; projections of option B come last of their block."""
    channels = model.width
    yield Convolution(3, in_channels, channels, side)
    for stage in range(3):
        outputs = model.width * 2**stage
        for block in range(model.blocks_per_stage):
            if stage and block == 0:
                side = (side + 1) // 2
            yield Convolution(3, channels, outputs, side)
            yield Convolution(3, outputs, outputs, side)
            if channels != outputs and model.shortcut == "B" and model.skip == "identity":
                yield Convolution(1, channels, outputs, side)
            channels = outputs


def count_parameters(model: ModelConfig, in_channels: int, num_classes: int) -> int:
    """Trainable numbers: 97,216 n - 21,926 at width 16, option A, BN, three input channels, ten classes."""
    per_channel = 2 if model.norm == "batch" else 1  # gamma and beta, or the convolution's bias
    found = convolutions(model, in_channels, 32)
    body = sum(c.kernel**2 * c.inputs * c.outputs + per_channel * c.outputs for c in found)
    return body + (4 * model.width + 1) * num_classes


def count_multiply_adds(model: ModelConfig, in_channels: int, num_classes: int, side: int) -> int:
    """Multiply-adds of one picture's forward pass: convolutions and classifier."""
    found = convolutions(model, in_channels, side)
    body = sum(c.kernel**2 * c.inputs * c.outputs * c.side**2 for c in found)
    return body + 4 * model.width * num_classes


def memory_bytes(config: RunConfig) -> int:
    """Estimated peak of the run's process: what the backward pass needs, weights, the set itself."""
    info, data, batch = config.data.info, config.data, config.training.batch
    # Kept for a convolution: its output (BN's input), BN's output (the ReLU's), the ReLU's (the next input).
    kept = 3 if config.model.norm == "batch" else 2
    found = list(convolutions(config.model, info.channels, data.side))
    activations = 4 * batch * sum(kept * c.outputs * c.side**2 for c in found)
    weights = 4 * 4 * count_parameters(config.model, info.channels, len(info.classes))
    pictures = (info.train_images + info.test_images) * info.channels * data.side**2
    return int(PROCESS_BYTES + MEMORY_MARGIN * (activations + weights) + 2 * pictures)


def expected_seconds(configs: Sequence[RunConfig], speed: Mapping[str, float], slots: int) -> float:
    """Time of a race on a machine of measured `speed` with `slots` runs at once, arms that start together."""
    alone = [_seconds_alone(config, speed) for config in configs]
    return max(max(alone), sum(alone) / max(slots, 1))


def _seconds_alone(config: RunConfig, speed: Mapping[str, float]) -> float:
    info, training = config.data.info, config.training
    macs = count_multiply_adds(config.model, info.channels, len(info.classes), config.data.side)
    layers = config.model.depth * speed["seconds_per_layer"]
    step = layers + macs * training.batch * speed["seconds_per_mac"]
    forward = macs * speed["seconds_per_mac"] / 3  # evaluation has no backward pass, which costs about two
    evaluated = (training.steps // training.eval_every) * training.eval_images + info.test_images
    return training.steps * step + evaluated * forward
