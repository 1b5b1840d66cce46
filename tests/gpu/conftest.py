"""The suite for a CUDA device: skipped, in a plain word, where there is none."""

import pytest
import torch

from resnet_core.config import DataConfig
from resnet_core.data.sets import load_images
from resnet_core.device import make_deterministic, pick_device


@pytest.fixture(scope="session")
def device():
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device on this machine")
    make_deterministic(threads=1)
    return pick_device("cuda")


@pytest.fixture(scope="session")
def clothes(device):
    """The bundled set at side 16, on the device."""
    return load_images(DataConfig(side=16), device)
