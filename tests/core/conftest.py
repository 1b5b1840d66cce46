"""Small networks on small pictures, on the CPU, and the same numbers every time."""

import pytest
import torch

from resnet_core.config import DataConfig
from resnet_core.data.sets import ImageSet, load_images
from resnet_core.device import make_deterministic
from resnet_core.runs.archive import pack_run
from resnet_core.runs.store import RunStore
from tests.core.finished_runs import add_finished_run

make_deterministic(threads=1)


@pytest.fixture(scope="session", autouse=True)
def on_the_cpu():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESNET_LAB_DEVICE", "cpu")
        yield


@pytest.fixture(scope="session")
def clothes():
    """The bundled set at side 16."""
    return load_images(DataConfig(side=16), torch.device("cpu"))


@pytest.fixture(scope="session")
def few(clothes):
    """A thousand pictures of it to train on, and sixty to test with."""
    parts = (clothes.train_images[:1000], clothes.train_labels[:1000])
    return ImageSet(clothes.info, *parts, clothes.test_images[:60], clothes.test_labels[:60])


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(tmp_path / "store")


@pytest.fixture(scope="session")
def packed(tmp_path_factory) -> bytes:
    """A finished run as a zip."""
    store = RunStore(tmp_path_factory.mktemp("packed"))
    return pack_run(store, add_finished_run(store).id)
