"""What the benchmarks train: settings made for the clock, with no end and no test pictures in between."""

import torch

from resnet_core.config import RunConfig, from_flat

ENDLESS = 100_000  # steps: the benchmark ends first
DEFAULT_THREADS = torch.get_num_threads()  # read before any benchmark asks for another number
QUICK = 0.2  # of the time that a whole measurement takes


def endless_run(**settings: object) -> RunConfig:
    """A run that stays at work: no schedule to its end, evaluation only there."""
    chosen = {"steps": ENDLESS, "eval_every": ENDLESS, "schedule": "constant", "learning_rate": 0.02}
    return from_flat(chosen | settings)
