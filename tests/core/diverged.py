"""Networks whose numbers have left float32, or are all 0."""

import math

import torch
from torch import nn

from resnet_core.config import from_flat
from resnet_core.data.sets import ImageSet
from resnet_core.instruments import Subject, subject_of

VALUES = [math.nan, math.inf, 1e30, 0.0]
KINDS = [
    {"depth": 8, "norm": "none"},
    {"depth": 8, "order": "pre"},
    {"depth": 8, "skip": "none"},
    {"depth": 7, "skip": "dense", "growth": 2},
    {"family": "mlp", "depth": 6, "norm": "none"},
]


def diverged(kind: dict, value: float, images: ImageSet) -> Subject:
    """Every parameter is `value`."""
    subject = subject_of(from_flat({"width": 2, "batch": 4} | kind), images=images)
    with torch.no_grad():
        for parameter in subject.network.parameters():
            nn.init.constant_(parameter, value)
    return subject
