"""Small networks on small pictures, on the CPU, and the same numbers every time."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch

from resnet_core.config import DataConfig, from_flat
from resnet_core.data.sets import ImageSet, load_images
from resnet_core.device import make_deterministic
from resnet_core.runs import worker
from resnet_core.runs.archive import pack_run
from resnet_core.runs.store import RunStore
from resnet_core.runs.worker import train_in_foreground
from tests.core.analyst_scene import Scene
from tests.core.command_line import call
from tests.core.finished_runs import add_finished_run
from tests.core.given_weights import TINY

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


@pytest.fixture
def scene(tmp_path) -> Iterator[Scene]:
    """A store and pools of analysts, of which nothing is left."""
    scene = Scene(tmp_path)
    yield scene
    for pool in scene.pools:
        pool.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "analyst"]
    assert not psutil.Process().children(recursive=True)


@pytest.fixture(scope="session")
def packed(tmp_path_factory) -> bytes:
    """A finished run as a zip."""
    store = RunStore(tmp_path_factory.mktemp("packed"))
    return pack_run(store, add_finished_run(store).id)


@pytest.fixture
def worker_in_this_process(monkeypatch) -> Iterator[None]:
    """A worker that is called here leaves torch, and what the kernel thinks of the process, as they were."""
    monkeypatch.setattr(worker, "_prefer_to_be_killed", lambda: None)
    threads, is_strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(is_strict)


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> RunStore:
    """A store with one run of another seed, and its weights beside it."""
    store = RunStore(tmp_path_factory.mktemp("trained"))
    run = train_in_foreground(store, from_flat(TINY | {"seed": 5}))
    exported = call(store, "weights", "export", run.id, str(store.root / "net.safetensors"))
    assert exported.exit_code == 0, exported.stderr
    return store


@pytest.fixture(scope="session")
def net_file(trained) -> Path:
    """The weights that the run of `trained` ended with, as a safetensors file."""
    return trained.root / "net.safetensors"
