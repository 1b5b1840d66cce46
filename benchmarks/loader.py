"""Our loop against the one a tutorial writes: torchvision's transforms on PIL pictures, and a DataLoader.

Both shift and mirror the pictures and train the same network with the same batch; ours has its probes on as
well. The tutorial's loop is timed with and without loader processes, and the better one counts. Two rows a
network: with one thread each, as an arm of a race has it, which leaves the other cores to the loader
processes alone; and with as many threads as PyTorch takes by itself, as in a script that names no number.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets, transforms

from benchmarks.peers import textbook_steps
from benchmarks.settings import DEFAULT_THREADS, QUICK, endless_run
from benchmarks.step import watched_step
from benchmarks.table import Row
from benchmarks.turns import Turns, take_turns
from resnet_core.config import DataConfig, RunConfig
from resnet_core.data.sets import load_images
from resnet_core.device import make_deterministic, pick_device

BOUND = 1.0
SECONDS = 40  # a row
STEPS = 12  # a turn with loader processes: three times the batches they prepare while it is not theirs
WORKERS = 2
BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


class Clothes(Dataset):
    """The bundled set as a tutorial has it: one PIL picture at a time, transformed."""

    def __init__(self, data: DataConfig, transform: Callable[[Image.Image], Tensor]):
        images = load_images(data, torch.device("cpu"))
        self.pictures = [Image.fromarray(picture[0].numpy()) for picture in images.train_images]
        self.labels, self.transform = images.train_labels.tolist(), transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(self.pictures[index]), self.labels[index]


def measure(quick: bool = False) -> list[Row]:
    name, side = ("cifar10", 32) if _find_cifar10() else ("fashion-mnist", 28)
    seconds, depths = (SECONDS * QUICK, (8,)) if quick else (SECONDS, (8, 20))
    shared = {"dataset": name, "side": side, "augment": True, "batch": 64}
    return [
        compare(endless_run(depth=depth, threads=threads, **shared), pick_device(), seconds)
        for depth in depths
        for threads in sorted({1, DEFAULT_THREADS})
    ]


def compare(config: RunConfig, device: torch.device, seconds: float, steps: int = STEPS) -> Row:
    """Samples a second of our loop over those of the tutorial's at its best."""
    make_deterministic(config.training.threads)
    alone = _turns_with(config, 0, device, seconds / 2, steps)
    helped = _turns_with(config, WORKERS, device, seconds / 2, steps)
    gain = min(alone.ratio(1, 0), helped.ratio(1, 0))
    model, data = config.model, config.data
    threads = f"{config.training.threads} thread{'s' * (config.training.threads > 1)}"
    return Row(
        f"samples/s, our loop / torchvision and DataLoader, depth {model.depth}, {threads}",
        gain.median,
        "x",
        gain.half,
        BOUND,
        "higher",
        f"depth {model.depth}, {threads}: {data.info.title} at {data.side} pixels, shifted and mirrored, "
        f"batch {config.training.batch}; with no loader processes {_told(alone, device)}, with {WORKERS} "
        f"{_told(helped, device)}; {steps} steps a round. Aim 1.5.",
    )


def _turns_with(config: RunConfig, workers: int, device: torch.device, seconds: float, steps: int) -> Turns:
    sides = [watched_step(config, device), partial(next, loader_steps(config, workers, device))]
    return take_turns(sides, seconds, device, steps, calls_a_turn=steps if workers else None)


def _told(turns: Turns, device: torch.device) -> str:
    on_cpu = f", {turns.processor_ratio(1, 0):.2f} in the training thread's processor time"
    return (
        f"{turns.ratio(1, 0).median:.2f}{on_cpu if device.type == 'cpu' else ''} ({len(turns.wall)} rounds)"
    )


def loader_steps(config: RunConfig, workers: int, device: torch.device) -> Iterator[Tensor]:
    """The tutorial's loop, epoch after epoch."""
    loader = DataLoader(
        _pictures(config.data),
        batch_size=config.training.batch,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=device.type == "cuda",
    )
    return textbook_steps(config, _endless(loader, device), device)


def _endless(loader: DataLoader, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    while True:
        for images, labels in loader:
            yield images.to(device, non_blocking=True), labels.to(device, non_blocking=True)


def _pictures(data: DataConfig) -> Dataset:
    transform = transforms.Compose(
        [
            transforms.RandomCrop(data.side, padding=data.side // 8),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(data.info.mean, data.info.std),
        ]
    )
    if data.name == "cifar10":
        return datasets.CIFAR10(os.environ["RESNET_LAB_DATA"], train=True, transform=transform)
    return Clothes(data, transform)


def _find_cifar10() -> bool:
    """Whether the real pictures are here; those beside the checkout are used when no folder is named."""
    os.environ.setdefault("RESNET_LAB_DATA", str(BESIDE))
    return (Path(os.environ["RESNET_LAB_DATA"]) / datasets.CIFAR10.base_folder).is_dir()
