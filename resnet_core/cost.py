"""What a network costs, in closed form: parameters, multiply-adds, memory, time. No torch."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from resnet_core.config import ModelConfig, RunConfig

# Measured as peaks of resident memory (torch 2.14.1, CPU, one thread, glibc): with these numbers the estimate
# of each of 27 real runs lay 6 to 33 % above what it took. tests/core/test_memory.py measures some again.
PROCESS_BYTES = 800_000_000  # torch, its optimizers and the lab, with the bundled set: 735 MB
TORCHVISION_BYTES = 170_000_000  # imported for the sets that are not bundled
READING_MARGIN = 3.5  # a set's files, their pixels as they are put together, and in the order that is needed
RESIDENT_MARGIN = 1.5  # what stays of that
LAYER_BYTES = 60_000  # a module, its part of the graph and of the optimizer, in Python
TENSOR_MARGIN = 1.5  # fragmentation of what the backward pass needs
WEIGHT_COPIES = 6  # weights, gradients, momentum, and what saving them takes
WORKING_MAPS = 8  # of the largest output: gradients on their way back, and the convolution's workspace
EVALUATED_AT_ONCE = 250  # test pictures


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
    """Estimated peak of the run's process on a CPU: reading the set, or training with the set in memory."""
    info = config.data.info
    files = (info.train_images + info.test_images) * info.channels * info.native_side**2
    torchvision = TORCHVISION_BYTES if info.download_megabytes else 0
    reading = READING_MARGIN * files
    training = RESIDENT_MARGIN * files + _training_bytes(config)
    return int(PROCESS_BYTES + torchvision + max(reading, training))


def _training_bytes(config: RunConfig) -> float:
    info, batch = config.data.info, config.training.batch
    outputs = [4 * c.outputs * c.side**2 for c in convolutions(config.model, info.channels, config.data.side)]
    # Kept for each convolution: what it put out, for BN; what the ReLU made of that, for the next one.
    kept = 2 if config.model.norm == "batch" else 1
    weights = 4 * count_parameters(config.model, info.channels, len(info.classes))
    fixed = WEIGHT_COPIES * weights + LAYER_BYTES * len(outputs)
    working = WORKING_MAPS * max(outputs) * max(batch, EVALUATED_AT_ONCE)
    return TENSOR_MARGIN * kept * batch * sum(outputs) + working + fixed


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
    in_between = (training.steps - 1) // training.eval_every  # the last one takes all pictures
    evaluated = in_between * training.eval_images + info.test_images
    return training.steps * step + evaluated * forward
