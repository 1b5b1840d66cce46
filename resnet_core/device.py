"""The one place that knows about devices: which one, what it is called, how fast it is."""

import os
import platform
import time
from contextlib import suppress

import torch
from torch import nn

from resnet_core.config import ModelConfig
from resnet_core.models import build_model


def pick_device(name: str = "auto") -> torch.device:
    """CUDA, then Apple's MPS, then the CPU; `RESNET_LAB_DEVICE` or `name` chooses. Raises ValueError."""
    wanted = (name == "auto" and os.environ.get("RESNET_LAB_DEVICE")) or name
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    there = [kind for kind, is_there in present.items() if is_there]
    if wanted == "auto":
        return torch.device(there[0])
    if wanted.split(":")[0] in there:
        with suppress(RuntimeError):  # something behind the colon that is no number
            return torch.device(wanted)
    raise ValueError(f"device: {wanted!r} is not on this machine; there is {', '.join(there)}")


def describe_device(device: torch.device) -> dict[str, str]:
    """What a run notes about where it was made."""
    return {
        "device": device.type,
        "device_name": _device_name(device),
        "torch": torch.__version__,
        "threads": str(torch.get_num_threads()),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def make_deterministic(threads: int) -> None:
    """Same numbers every time on this machine: call once, before the first operation.

    The number of threads is part of it: reductions split over threads round differently.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    # use_deterministic_algorithms(True) imports the compiler as well: 150 MB and 2 s that nobody needs.
    torch.set_deterministic_debug_mode("error")
    # Deterministic mode also writes NaN into all new memory, to show who reads it too early: 3 % of a step.
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def synchronize(device: torch.device) -> None:
    """Waits for the device's queue; the CPU has none."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def measure_speed(device: torch.device) -> dict[str, float]:
    """Seconds a training step costs per layer and per multiply-add, from a small net at two batch sizes.

    A step of L layers and M multiply-adds for the batch takes about L seconds_per_layer + M seconds_per_mac.
    """
    from resnet_core.cost import count_multiply_adds

    config = ModelConfig(depth=20)
    model = build_model(config, in_channels=1, num_classes=10, seed=0).to(device)
    macs = count_multiply_adds(config, in_channels=1, num_classes=10, side=16)
    small, large = 4, 64
    t_small, t_large = (_seconds_of_step(model, batch, device) for batch in (small, large))
    per_mac = max((t_large - t_small) / ((large - small) * macs), 1e-13)
    per_layer = max((t_small - small * macs * per_mac) / config.depth, 1e-6)
    return {"seconds_per_layer": per_layer, "seconds_per_mac": per_mac}


def _seconds_of_step(model: nn.Module, batch: int, device: torch.device, repeats: int = 3) -> float:
    images = torch.zeros(batch, 1, 16, 16, device=device)
    labels = torch.zeros(batch, dtype=torch.long, device=device)
    fastest = float("inf")
    for _ in range(repeats + 1):  # the first one warms up caches and is rarely the fastest
        synchronize(device)
        start = time.perf_counter()
        nn.functional.cross_entropy(model(images), labels).backward()
        synchronize(device)
        fastest = min(fastest, time.perf_counter() - start)
    return fastest


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU"
    return f"{platform.processor() or platform.machine()} CPU, {os.cpu_count()} cores"
