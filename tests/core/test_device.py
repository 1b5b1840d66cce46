"""The device comes from one place: chosen, described, made deterministic and measured there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from resnet_core import device
from resnet_core.config import ModelConfig
from resnet_core.cost import count_multiply_adds
from resnet_core.device import describe_device, make_deterministic, measure_speed, pick_device

ROOT = Path(__file__).parents[2]


@pytest.fixture
def machine(monkeypatch):
    """Pretends that the machine has these devices, and that nobody has chosen one."""

    def has(cuda: bool = False, mps: bool = False) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.delenv("RESNET_LAB_DEVICE", raising=False)

    has()
    return has


@pytest.mark.parametrize(
    ("there", "picked"),
    [({}, "cpu"), ({"mps": True}, "mps"), ({"cuda": True}, "cuda"), ({"cuda": True, "mps": True}, "cuda")],
)
def test_cuda_comes_before_mps_and_mps_before_the_cpu(machine, there, picked):
    machine(**there)
    assert pick_device().type == picked
    assert pick_device("cpu").type == "cpu"


def test_the_environment_chooses_unless_the_caller_does(machine, monkeypatch):
    machine(cuda=True, mps=True)
    monkeypatch.setenv("RESNET_LAB_DEVICE", "mps")
    assert pick_device().type == "mps"
    assert pick_device("cpu").type == "cpu"
    monkeypatch.setenv("RESNET_LAB_DEVICE", "cuda:1")
    assert pick_device() == torch.device("cuda", 1)
    for no_choice in ("auto", ""):
        monkeypatch.setenv("RESNET_LAB_DEVICE", no_choice)
        assert pick_device().type == "cuda"


@pytest.mark.parametrize("name", ["cuda", "mps", "tpu", "cuda:0", "CPU please"])
def test_a_device_that_is_not_there_is_told_with_those_that_are(machine, monkeypatch, name):
    with pytest.raises(ValueError, match=rf"^device: '{name}' is not on this machine; there is cpu$"):
        pick_device(name)
    monkeypatch.setenv("RESNET_LAB_DEVICE", name)
    with pytest.raises(ValueError, match=f"^device: '{name}'"):
        pick_device()


@pytest.mark.parametrize("name", ["cpu:first", "cuda:x", "cuda:-1"])
def test_a_device_with_a_number_that_is_none_is_told(machine, name):
    machine(cuda=True)
    with pytest.raises(ValueError, match=f"^device: '{name}'"):
        pick_device(name)


def test_the_description_is_plain_text():
    found = describe_device(torch.device("cpu"))
    assert all(isinstance(value, str) and value for value in found.values())
    assert found["device"] == "cpu"
    assert found["torch"] == torch.__version__
    assert found["threads"] == str(torch.get_num_threads())
    assert set(found) == {"device", "device_name", "torch", "threads", "python", "system"}


def test_deterministic_means_errors_for_operations_that_are_not():
    make_deterministic(threads=1)
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert not torch.backends.cudnn.benchmark
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_being_deterministic_does_not_need_the_compiler():
    # torch.use_deterministic_algorithms would import it: two seconds and 150 MB of every process.
    program = (
        "import sys; from resnet_core.device import make_deterministic; make_deterministic(1); "
        "sys.exit('torch._inductor' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_the_measured_speed_is_that_of_a_step():
    speed = measure_speed(torch.device("cpu"))
    assert set(speed) == {"seconds_per_layer", "seconds_per_mac"}
    assert 1e-7 < speed["seconds_per_layer"] < 0.1
    assert 1e-13 <= speed["seconds_per_mac"] < 1e-6


def test_the_speed_is_solved_from_two_batch_sizes(monkeypatch):
    # A machine that takes 2 ms a layer and 3 ns a multiply-add.
    macs = count_multiply_adds(ModelConfig(depth=20), 1, 10, 16)
    monkeypatch.setattr(
        device, "_seconds_of_step", lambda model, batch, where: 20 * 2e-3 + batch * macs * 3e-9
    )
    assert measure_speed(torch.device("cpu")) == pytest.approx(
        {"seconds_per_layer": 2e-3, "seconds_per_mac": 3e-9}
    )


def test_a_clock_that_runs_backwards_still_gives_a_speed_above_zero(monkeypatch):
    monkeypatch.setattr(device, "_seconds_of_step", lambda model, batch, where: 1.0 / batch)
    assert min(measure_speed(torch.device("cpu")).values()) > 0


def test_nobody_else_chooses_a_device():
    # `.cuda()`, torch.device("cuda") and is_available() belong to device.py alone. What resnet_core/code
    # writes is for elsewhere, where there is no device.py. "meta" is none: it only leaves numbers out.
    choosing = re.compile(r"""\.cuda\(|torch\.device\(\s*["'](?!meta["'])|is_available\(""")
    files = [
        file
        for file in ROOT.glob("resnet_core/**/*.py")
        if file.name != "device.py" and file.parent.name != "code"
    ]
    assert len(files) > 20
    assert [str(file) for file in files if choosing.search(file.read_text(encoding="utf-8"))] == []
