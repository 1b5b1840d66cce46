"""What every question about saliency begins with: the network as it answers, the picture, and the class.

C = channels, S = side, K = classes.
"""

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from resnet_core.instruments.settled import settled
from resnet_core.instruments.subject import Subject
from resnet_core.options import ExplainedOptions
from resnet_core.saliency.pictures import Picture, picture_of

MAX_REMEMBERED = 4  # two networks at two steps
_remembered: OrderedDict[str, nn.Module] = OrderedDict()  # of the process of an analyst


class Explained(NamedTuple):
    """One answer of one network, as `resnet_core.attribution` takes it."""

    network: nn.Module  # in evaluation mode, BN held at the batch that comes next
    images: Tensor  # (1, C, S, S), normalised
    targets: Tensor  # (1,)
    logits: Tensor  # (K,)
    picture: Picture

    @property
    def target(self) -> int:
        return int(self.targets[0])

    @property
    def facts(self) -> dict[str, np.ndarray]:
        """What findings say of it, by the names of their fields."""
        return {
            "picture": self.picture.pixels.cpu().numpy(),
            "mask": self.picture.mask,
            "label": np.int64(self.picture.label),
            "target": np.int64(self.target),
            "logits": self.logits.cpu().numpy(),
        }

    @property
    def said(self) -> dict[str, np.ndarray]:
        """The same without the mask, for findings that have no use for it."""
        return {name: fact for name, fact in self.facts.items() if name != "mask"}


@torch.no_grad()
def explained(subject: Subject, options: ExplainedOptions) -> Explained:
    """The picture of the options and their class, or what the network says.

    Raises ValueError for a picture or a class that is not there.
    """
    picture = picture_of(subject, options.picture)
    network = _settled(subject)
    images = subject.images.normalize(picture.pixels[None])
    logits = network(images)[0]
    target = int(logits.argmax()) if options.target is None else options.target
    if target >= len(logits):
        raise ValueError(f"target: {target} is not there; the classes are 0 to {len(logits) - 1}")
    return Explained(network, images, torch.tensor([target], device=images.device), logits, picture)


def _settled(subject: Subject) -> nn.Module:
    # Settling takes longer than a map, and no explanation changes the network.
    if not subject.known_as:
        return settled(subject.network, subject.batch[0])
    known = _remembered.pop(subject.known_as, None)
    network = settled(subject.network, subject.batch[0]) if known is None else known
    _remembered[subject.known_as] = network
    while len(_remembered) > MAX_REMEMBERED:
        _remembered.popitem(last=False)
    return network
