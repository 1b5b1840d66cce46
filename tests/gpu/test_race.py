"""A race of two arms on a GPU, from the queue to the sentence that compares them."""

import time

import pytest

from resnet_core.race import race_configs
from resnet_core.records import Phase
from resnet_core.results import arm_result, comparison
from resnet_core.runs.store import RunStore
from resnet_core.runs.watch import watching

pytestmark = pytest.mark.gpu

SECONDS = 240
SHARED = {"width": 8, "steps": 60, "batch": 64, "checkpoint_every": 20}
ARMS = [{"skip": skip, "depth": 20, "norm": "batch"} for skip in ("none", "identity")]


def test_two_arms_race_on_the_gpu(device, tmp_path, monkeypatch):
    monkeypatch.setenv("RESNET_LAB_DEVICE", device.type)
    store = RunStore(tmp_path)
    race = store.create_race(race_configs(SHARED, ARMS))
    end = time.monotonic() + SECONDS
    with watching(store):
        while not all(store.run(run.id).phase.has_ended for run in race):
            assert time.monotonic() < end, [store.run(run.id) for run in race]
            time.sleep(0.2)
    runs = [store.run(run.id) for run in race]
    assert [run.phase for run in runs] == [Phase.DONE] * 2, [run.reason for run in runs]
    assert [run.environment["device"] for run in runs] == [device.type] * 2
    results = [arm_result(run, store.steps(run.id)) for run in runs]
    assert [result.steps for result in results] == [60, 60]
    assert all(result.evaluation.images == 2_000 for result in results)
    assert comparison(*results, names=("plain", "residual")).startswith("residual ended with")
