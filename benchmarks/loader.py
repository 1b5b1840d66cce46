"""Our loop against the one a tutorial writes: torchvision's transforms on PIL pictures, and a DataLoader.

Both shift and mirror the pictures and train the same network with the same batch; ours has its probes on as
well. The tutorial's loop is timed with and without loader processes, and the better one counts.
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
from benchmarks.settings import QUICK, endless_run
from benchmarks.step import watched_step
from benchmarks.table import Row
from benchmarks.turns import Turns, take_turns
from resnet_core.config import DataConfig, RunConfig
from resnet_core.data.sets import load_images
from resnet_core.device import make_deterministic, pick_device

BOUND = 1.0
SECONDS = 45  # for each network
STEPS = 20  # a turn: many more than the batches that loader processes prepare while it is not theirs
WORKERS = (0, 2)
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
    make_deterministic(threads=1)
    name, side = ("cifar10", 32) if _find_cifar10() else ("fashion-mnist", 28)
    seconds = SECONDS * (QUICK if quick else 1)
    shared = {"dataset": name, "side": side, "augment": True, "batch": 64}
    return [compare(endless_run(depth=depth, **shared), pick_device(), seconds) for depth in (8, 20)]


def compare(config: RunConfig, device: torch.device, seconds: float, steps: int = STEPS) -> Row:
    """Samples a second of our loop over those of the tutorial's at its best."""
    peers = [partial(next, loader_steps(config, workers, device)) for workers in WORKERS]
    turns = take_turns([watched_step(config, device), *peers], seconds, device, steps, calls_a_turn=steps)
    best = _better_peer(turns)
    gain = turns.ratio(best + 1, 0)
    workers = ", ".join(f"{turns.ratio(i + 1, 0).median:.2f} with {n}" for i, n in enumerate(WORKERS))
    model, data = config.model, config.data
    return Row(
        f"samples/s, our loop / torchvision and DataLoader, depth {model.depth}, width {model.width}",
        gain.median,
        "x",
        gain.half,
        BOUND,
        "higher",
        f"depth {model.depth}: {data.info.title} at {data.side} pixels, shifted and mirrored, batch "
        f"{config.training.batch}; by loader processes: {workers}. "
        f"{len(turns.wall)} rounds of {steps} steps of each. Aim 1.5.",
    )


def _better_peer(turns: Turns) -> int:
    medians = [turns.ratio(side, 0).median for side in range(1, turns.wall.shape[1])]
    return medians.index(min(medians))


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
