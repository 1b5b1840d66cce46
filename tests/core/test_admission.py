"""What is refused before it starts, with the estimate and what is there."""

import pytest

from resnet_core.config import RunConfig
from resnet_core.cost import memory_bytes
from resnet_core.runs import admission, durable
from resnet_core.runs.admission import Refused, check_admission, count_slots, disk_bytes
from resnet_core.runs.store import RunStore

CONFIG = RunConfig()
HUGE = RunConfig.model_validate({"model": {"depth": 1202, "width": 64}, "training": {"batch": 1024}})


def test_the_default_race_is_taken(tmp_path):
    check_admission([CONFIG, CONFIG], tmp_path, free_memory=8_000_000_000)


def test_a_race_that_does_not_fit_in_memory_is_refused_with_both_numbers(tmp_path):
    with pytest.raises(
        Refused, match=r"need about \d+\.\d GB of memory \(1 runs? at once\) and 8\.0 GB is free"
    ):
        check_admission([HUGE], tmp_path, free_memory=8_000_000_000)


def test_the_arms_count_together(tmp_path):
    free = int(1.5 * memory_bytes(CONFIG))
    check_admission([CONFIG], tmp_path, free_memory=free)
    with pytest.raises(Refused, match="2 runs at once"):
        check_admission([CONFIG, CONFIG], tmp_path, free_memory=free)


def test_a_full_queue_is_refused(tmp_path):
    check_admission([CONFIG], tmp_path, waiting=49, free_memory=10**12)
    with pytest.raises(Refused, match="49 runs wait already and at most 50"):
        check_admission([CONFIG, CONFIG], tmp_path, waiting=49, free_memory=10**12)


def test_a_full_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(durable, "RESERVED_BYTES", 10**18)
    with pytest.raises(Refused, match=r"does not fit on the disk.*MB free.*delete some runs"):
        check_admission([CONFIG], tmp_path, free_memory=10**12)


def test_a_refused_race_leaves_nothing_behind(tmp_path):
    store = RunStore(tmp_path)
    with pytest.raises(Refused):
        store.create_race([HUGE, HUGE])
    assert store.runs() == []
    assert list((tmp_path / "runs").iterdir()) == []


def test_the_estimate_of_the_disk_grows_with_what_is_kept():
    often = RunConfig.model_validate({"training": {"checkpoint_every": 1}})
    long = RunConfig.model_validate({"training": {"steps": 100_000}})
    assert disk_bytes(CONFIG) < disk_bytes(often)
    assert disk_bytes(CONFIG) < disk_bytes(long)


def test_slots_are_cores_or_four_on_a_gpu_unless_chosen(monkeypatch):
    monkeypatch.delenv("RESNET_LAB_SLOTS", raising=False)
    monkeypatch.setattr(admission.os, "sched_getaffinity", lambda pid: {0, 1, 2}, raising=False)
    assert count_slots() == 3
    assert count_slots("cuda") == 4
    monkeypatch.setenv("RESNET_LAB_SLOTS", "7")
    assert count_slots("cuda") == 7
    monkeypatch.setenv("RESNET_LAB_SLOTS", "none")
    with pytest.raises(ValueError, match="RESNET_LAB_SLOTS: 'none' is not a number of runs"):
        count_slots()
