"""The estimate of a run's memory against the measured peak of real, short runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from resnet_core.config import from_flat
from resnet_core.cost import memory_bytes

STATUS = Path("/proc/self/status")
# Not getrusage: what that calls the peak begins with the memory of the process that started this one.
PROGRAM = f"""
import itertools, json, sys
import resnet_core.runs.live_run
from resnet_core.config import from_flat
from resnet_core.device import make_deterministic
from resnet_core.train import train
config = from_flat(json.loads(sys.argv[1]))
make_deterministic(config.training.threads)
for record in itertools.islice(train(config), 3):
    pass
assert record.evaluation is None or record.evaluation.images == config.training.eval_images
print(next(line.split()[1] for line in open("{STATUS}") if line.startswith("VmHWM")))
"""


def measured_peak(flat: dict) -> int:
    """Bytes that a process of its own had at most, over three steps and one evaluation."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(flat | {"eval_every": 2, "eval_images": 250})],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"RESNET_LAB_DEVICE": "cpu"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return 1024 * int(ended.stdout)


@pytest.mark.skipif(not STATUS.exists(), reason="the kernel tells a process's peak memory on Linux only")
@pytest.mark.parametrize(
    "flat",
    [
        {"depth": 8, "width": 2, "batch": 1},
        {"depth": 20, "width": 16, "batch": 256},
        {"depth": 14, "width": 16, "batch": 256, "norm": "none", "dataset": "cifar10"},
        {"skip": "dense", "depth": 40, "batch": 64},
        {"family": "vgg", "depth": 19, "width": 32, "batch": 64},
        {"family": "alexnet", "depth": 8, "width": 16, "batch": 128},
    ],
    ids=lambda flat: "-".join(map(str, flat.values())),
)
def test_the_estimate_lies_above_the_measured_peak_but_not_far(flat):
    folder = Path(os.environ.get("RESNET_LAB_DATA", ""))
    if "dataset" in flat and not (folder / "cifar-10-batches-py").is_dir():
        pytest.skip("CIFAR-10 is not on this machine: set RESNET_LAB_DATA to the folder that has it")
    peak, estimate = measured_peak(flat), memory_bytes(from_flat(flat))
    assert peak <= estimate <= 1.6 * peak, f"{peak / 1e6:.0f} MB, estimated {estimate / 1e6:.0f} MB"
