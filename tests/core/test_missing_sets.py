"""A set that is not to be had is told in one sentence, soon, whatever the disk or the network does."""

import gzip
import hashlib
import http.client
import http.server
import socket
import ssl
import threading
import time
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torchvision import datasets

from resnet_core.config import DataConfig
from resnet_core.data import sets
from resnet_core.data.info import SETS
from resnet_core.data.sets import DataUnavailable, load_images

CPU = torch.device("cpu")
DOWNLOADED = [name for name, info in SETS.items() if info.download_megabytes]
FILES = [f"{split}-{kind}-ubyte" for split in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty data folder."""
    monkeypatch.setenv("RESNET_LAB_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr("urllib.request.urlopen", refuse)


def sentence(name: str, report=lambda text: None) -> str:
    """What a person is told when `name` cannot be loaded."""
    with pytest.raises(DataUnavailable) as caught:
        load_images(DataConfig(name=name, side=SETS[name].native_side), CPU, report)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    return str(caught.value)


def mnist_files(count: int = 3) -> dict[str, bytes]:
    """Four files in MNIST's own format: magic number, sizes, then bytes."""
    pixels = np.arange(count * 28 * 28, dtype=np.uint8)
    images = np.array([0x803, count, 28, 28], ">u4").tobytes() + pixels.tobytes()
    labels = np.array([0x801, count], ">u4").tobytes() + bytes(range(count))
    return dict(zip(FILES, [images, labels, images, labels], strict=True))


def write_mnist(folder, files: dict[str, bytes]) -> None:
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (raw / name).write_bytes(content)


@pytest.mark.parametrize("name", DOWNLOADED)
def test_a_missing_set_without_network_is_told_with_folder_and_remedy(name, folder, no_network):
    said = sentence(name)
    assert said.startswith(f"{SETS[name].title} is not, or not whole, in {folder} ")
    assert "Name or service not known" in said
    for remedy in ("Connect to the network", "RESNET_LAB_DATA", "choose the bundled fashion-mnist"):
        assert remedy in said


@pytest.mark.parametrize(
    "mishap",
    [
        urllib.error.HTTPError("http://x", 404, "Not Found", None, None),
        TimeoutError("timed out"),
        ssl.SSLCertVerificationError("certificate verify failed"),
        ConnectionResetError("reset by peer"),
        http.client.BadStatusLine("<html>"),
        http.client.IncompleteRead(b"", 10),
        OSError(28, "No space left on device"),
    ],
    ids=lambda mishap: type(mishap).__name__,
)
@pytest.mark.parametrize("name", ["cifar10", "mnist", "svhn"])
def test_whatever_the_network_does_is_told_as_a_missing_set(mishap, name, folder, monkeypatch):
    def refuse(*args, **kwargs):
        raise mishap

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    assert str(folder) in sentence(name)


def test_a_folder_that_cannot_be_made_is_told_as_a_missing_set(tmp_path, monkeypatch, no_network):
    (tmp_path / "file").write_text("not a folder")
    for wrong in ("file", "file/inside"):
        monkeypatch.setenv("RESNET_LAB_DATA", str(tmp_path / wrong))
        assert str(tmp_path / wrong) in sentence("cifar10")


def test_a_folder_that_may_not_be_read_is_told_as_a_missing_set(folder, monkeypatch, no_network):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(datasets.CIFAR10, "_check_integrity", refuse)
    assert "Permission denied" in sentence("cifar10")


def test_the_bundled_set_needs_neither_folder_nor_network(folder, no_network):
    assert len(load_images(DataConfig(), CPU).train_labels) == 10_000
    assert not folder.exists()


def test_damaged_cifar_files_are_told_and_not_opened(folder, no_network):
    for name, _ in datasets.CIFAR10.train_list + datasets.CIFAR10.test_list:
        (folder / "cifar-10-batches-py").mkdir(parents=True, exist_ok=True)
        (folder / "cifar-10-batches-py" / name).write_bytes(
            b"cos\nsystem\n(S'false'\ntR."
        )  # a pickle that acts
    assert "not, or not whole, in" in sentence("cifar10")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "damage", [lambda b: b"", lambda b: b[:3], lambda b: b[:-1], lambda b: b"\xff" * len(b)]
)
def test_damaged_mnist_files_are_told(name, damage, folder, no_network):
    files = mnist_files()
    write_mnist(folder, files | {name: damage(files[name])})
    assert "not, or not whole, in" in sentence("mnist")


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:1000], lambda b: b[: len(b) // 2] + b[1:]])
def test_a_damaged_bundled_file_is_told(damage, tmp_path, monkeypatch):
    whole = sets.BUNDLED.read_bytes()
    monkeypatch.setattr(sets, "BUNDLED", tmp_path / "set.npz")
    assert str(tmp_path / "set.npz") in sentence("fashion-mnist")  # it is not there at all
    sets.BUNDLED.write_bytes(damage(whole))
    said = sentence("fashion-mnist")
    assert said.startswith(f"Fashion-MNIST, 12k is missing or damaged: {sets.BUNDLED} ")


def test_a_bundled_file_without_its_arrays_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sets, "BUNDLED", tmp_path / "set.npz")
    np.savez(sets.BUNDLED, train_images=np.zeros((1, 28, 28), np.uint8))
    assert "train_labels" in sentence("fashion-mnist")


def test_a_silent_server_does_not_keep_anyone_waiting(folder, monkeypatch):
    monkeypatch.setattr(sets, "SECONDS_OF_SILENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:  # takes connections and never says a word
        monkeypatch.setattr(datasets.CIFAR10, "url", f"http://127.0.0.1:{server.getsockname()[1]}/set.tar.gz")
        start = time.perf_counter()
        assert "timed out" in sentence("cifar10")
    assert time.perf_counter() - start < 10
    assert socket.getdefaulttimeout() is None


@contextmanager
def serving_mnist(monkeypatch, files: dict[str, bytes], pause: float = 0.0):
    """A server on this machine that torchvision takes for MNIST's; yields the paths that were fetched."""
    packed = {f"/{name}.gz": gzip.compress(content, mtime=0) for name, content in files.items()}
    fetched: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            fetched.append(self.path)
            time.sleep(pause)
            self.send_response(200)
            self.send_header("Content-Length", str(len(packed[self.path])))
            self.end_headers()
            self.wfile.write(packed[self.path])

        def log_message(self, *args):
            pass

    digests = [(path[1:], hashlib.md5(content).hexdigest()) for path, content in packed.items()]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setattr(datasets.MNIST, "resources", digests)
        monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        try:
            yield fetched
        finally:
            server.shutdown()


def test_a_download_reports_how_far_it_is_and_happens_once(folder, monkeypatch):
    said: list[str] = []
    data = DataConfig(name="mnist", side=28)
    with serving_mnist(monkeypatch, mnist_files(), pause=0.12) as fetched:
        images = load_images(data, CPU, said.append)
        asked = len(fetched)
        again = load_images(data, CPU, said.append)
    assert asked == len(fetched)
    assert torch.equal(images.train_images, again.train_images)
    assert images.train_images.flatten().tolist() == np.arange(3 * 28 * 28, dtype=np.uint8).tolist()
    assert images.train_labels.tolist() == [0, 1, 2]
    assert said[0] == "Downloading MNIST: 0 of 12 MB"


def test_two_arms_that_need_the_same_set_download_it_once(folder, monkeypatch):
    data = DataConfig(name="mnist", side=28)
    with serving_mnist(monkeypatch, mnist_files(), pause=0.1) as fetched, ThreadPoolExecutor() as arms:
        first, other = arms.map(lambda _: load_images(data, CPU), range(2))
    assert torch.equal(first.train_images, other.train_images)
    gets = [path for path in fetched if fetched.count(path) > 2]  # torchvision asks for a redirection first
    assert gets == []


def test_an_interrupted_download_is_told_and_the_next_one_mends_it(folder, monkeypatch):
    with serving_mnist(monkeypatch, mnist_files()), monkeypatch.context() as patch:
        wrong = [(name, "0" * 32) for name, _ in datasets.MNIST.resources]
        patch.setattr(datasets.MNIST, "resources", wrong)  # as when the connection broke
        assert "corrupted" in sentence("mnist")
    with serving_mnist(monkeypatch, mnist_files()):
        assert len(load_images(DataConfig(name="mnist", side=28), CPU).train_labels) == 3
