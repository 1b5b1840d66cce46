"""What a network costs: parameters and multiply-adds, counted; memory and time, estimated. No torch."""

from collections.abc import Mapping, Sequence

from resnet_core.architecture import Plan, plan_of
from resnet_core.architecture.kept import kept_values
from resnet_core.config import ModelConfig, RunConfig

# Measured as peaks of resident memory (torch 2.14.1, CPU, one thread, glibc): with these numbers the estimate
# of each of 27 plain and residual runs lay 6 to 33 % above what it took, that of ten runs of DenseNets, MLPs
# and the ancestors 11 to 41 %. tests/core/test_memory.py measures some again.
PROCESS_BYTES = 800_000_000  # torch, its optimizers and the lab, with the bundled set: 735 MB
TORCHVISION_BYTES = 170_000_000  # imported for the sets that are not bundled
READING_MARGIN = 3.5  # a set's files, their pixels as they are put together, and in the order that is needed
RESIDENT_MARGIN = 1.5  # what stays of that
LAYER_BYTES = 60_000  # a module, its part of the graph and of the optimizer, in Python
TENSOR_MARGIN = 1.5  # fragmentation of what the backward pass needs
WEIGHT_COPIES = 6  # weights, gradients, momentum, and what saving them takes
WORKING_MAPS = 8  # of the largest output: gradients on their way back, and the convolution's workspace
EVALUATED_AT_ONCE = 250  # test pictures


def count_parameters(model: ModelConfig, in_channels: int, num_classes: int, side: int = 32) -> int:
    """Trainable numbers: 97,216 n - 21,926 at width 16, option A, BN, three input channels, ten classes."""
    return plan_of(model, in_channels, num_classes, side).parameter_count


def count_multiply_adds(model: ModelConfig, in_channels: int, num_classes: int, side: int) -> int:
    """Multiply-adds of one picture's forward pass: convolutions and matrix products."""
    return plan_of(model, in_channels, num_classes, side).multiply_adds


def plan_of_run(config: RunConfig) -> Plan:
    """The plan of the network that this run trains."""
    info = config.data.info
    return plan_of(config.model, info.channels, len(info.classes), config.data.side)


def memory_bytes(config: RunConfig) -> int:
    """Estimated peak of the run's process on a CPU: reading the set, or training with the set in memory."""
    info = config.data.info
    side = config.data.side if info.is_drawn else info.native_side
    files = (info.train_images + info.test_images) * info.channels * side**2
    torchvision = TORCHVISION_BYTES if info.download_megabytes else 0
    reading = READING_MARGIN * files
    training = RESIDENT_MARGIN * files + _training_bytes(config)
    return int(PROCESS_BYTES + torchvision + max(reading, training))


def _training_bytes(config: RunConfig) -> float:
    plan, batch = plan_of_run(config), config.training.batch
    kept = 4 * kept_values(plan)
    fixed = WEIGHT_COPIES * 4 * plan.parameter_count + LAYER_BYTES * plan.layer_count
    largest = 4 * max(op.output_count for op in plan.ops)
    working = WORKING_MAPS * largest * max(batch, EVALUATED_AT_ONCE)
    return TENSOR_MARGIN * batch * kept + working + fixed


def expected_seconds(configs: Sequence[RunConfig], speed: Mapping[str, float], slots: int) -> float:
    """Time of a race on a machine of measured `speed` with `slots` runs at once, arms that start together."""
    alone = [_seconds_alone(config, speed) for config in configs]
    return max(max(alone), sum(alone) / max(slots, 1))


def _seconds_alone(config: RunConfig, speed: Mapping[str, float]) -> float:
    info, training = config.data.info, config.training
    plan = plan_of_run(config)
    macs = plan.multiply_adds
    layers = plan.layer_count * speed["seconds_per_layer"]
    step = layers + macs * training.batch * speed["seconds_per_mac"]
    forward = macs * speed["seconds_per_mac"] / 3  # evaluation has no backward pass, which costs about two
    in_between = (training.steps - 1) // training.eval_every  # the last one takes all pictures
    evaluated = in_between * training.eval_images + info.test_images
    return training.steps * step + evaluated * forward
