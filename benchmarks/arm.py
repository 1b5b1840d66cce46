"""One arm of a race in a process of its own: trains for as many seconds as each line of stdin says.

It answers with the seconds a step took.
"""

import sys
import time
from collections.abc import Iterator

import torch

from resnet_core.config import parse
from resnet_core.data.sets import load_images
from resnet_core.device import make_deterministic, pick_device, synchronize
from resnet_core.records import StepRecord
from resnet_core.train import train


def main(settings: str) -> None:
    config = parse(settings)
    make_deterministic(config.training.threads)
    device = pick_device()
    records = train(config, images=load_images(config.data, device), device=device)
    print(seconds_per_step(records, 0.1, device), flush=True)
    for line in sys.stdin:
        print(seconds_per_step(records, float(line), device), flush=True)


def seconds_per_step(records: Iterator[StepRecord], seconds: float, device: torch.device) -> float:
    """Trains for `seconds` and the step after them."""
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds or not steps:
        next(records)
        steps += 1
    synchronize(device)
    return (time.perf_counter() - start) / steps


if __name__ == "__main__":
    main(sys.argv[1])
