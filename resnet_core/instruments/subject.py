"""What an instrument looks at: a network of its own, and the pictures it would train on next.

B = batch, C = channels, S = side.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from resnet_core.config import RunConfig
from resnet_core.data.sets import ImageSet, load_images
from resnet_core.device import pick_device
from resnet_core.models import build_model
from resnet_core.weights import import_weights


@dataclass(frozen=True)
class Subject:
    """A network in training mode (BN uses the batch's statistics), a copy that nothing else uses."""

    config: RunConfig
    network: nn.Module
    images: ImageSet
    step: int = 0
    file: Path | None = None  # what "upload" has made of a visitor's picture
    known_as: str = ""  # equal for equal networks and batches; empty where that is not known

    @cached_property
    def batch(self) -> tuple[Tensor, Tensor]:
        """Normalised pictures (B, C, S, S) and labels (B,) of the step that comes next."""
        training = self.config.training
        pictures, labels = self.images.batch(self.config.data, self.config.seed, self.step, training.batch)
        return self.images.normalize(pictures), labels

    def test_picture(self, index: int) -> tuple[Tensor, int]:
        """One test picture, (C, S, S) uint8, and its label. Raises ValueError beyond the last."""
        count = len(self.images.test_labels)
        if index >= count:
            raise ValueError(f"picture: {index} is not there; the test pictures are 0 to {count - 1}")
        return self.images.test_images[index], int(self.images.test_labels[index])


def subject_of(
    config: RunConfig,
    weights: Path | None = None,
    step: int = 0,
    images: ImageSet | None = None,
    *,
    device: torch.device | None = None,
    file: Path | None = None,
) -> Subject:
    """The network of `config`, with initial values or those of a safetensors file, before step `step`.

    What chance brings to the step, such as dropped branches, is drawn as in training.
    """
    device = device or pick_device()
    info = config.data.info
    network = build_model(config.model, info.channels, len(info.classes), config.seed, config.data.side)
    if weights is not None:
        import_weights(network, weights)
    network.draw_chances(config.seed, step)
    if images is None:
        images = load_images(config.data, device)
    return Subject(config, network.to(device).train(), images, step, file)
