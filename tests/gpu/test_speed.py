"""The clock on a GPU: speed is measured there, and the benchmark of watching runs through."""

import math

import pytest

from benchmarks.settings import endless_run
from benchmarks.step import compare
from resnet_core.config import from_flat
from resnet_core.cost import expected_seconds
from resnet_core.device import describe_device, measure_speed

pytestmark = pytest.mark.gpu


def test_the_speed_of_a_gpu_gives_a_time(device):
    speed = measure_speed(device)
    assert all(0 < seconds < 1 for seconds in speed.values())
    assert 0.1 < expected_seconds([from_flat({})], speed, slots=1) < 1_000


def test_a_gpu_is_described_by_its_name(device):
    found = describe_device(device)
    assert found["device"] == device.type
    assert found["device_name"]


def test_the_benchmark_of_watching_runs_through_on_a_gpu(device):
    row = compare(endless_run(depth=14, width=4, batch=16), device, seconds=1.0)
    assert math.isfinite(row.value)
    assert 0 < row.value < 10
