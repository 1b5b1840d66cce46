"""Published weights: the table is torchvision's, and a file is whole and right or it has no name."""

import gc
import hashlib
import http.server
import os
import threading
import time
import urllib.error
from contextlib import contextmanager

import pytest
import torch
from torchvision.models import get_model_weights

from resnet_core import imagenet_weights
from resnet_core.imagenet_weights import (
    PUBLISHED,
    Published,
    WeightsUnavailable,
    download,
    published,
    weights_file,
    weights_folder,
)

CONTENT = bytes(range(256)) * 4096  # 1 MiB
RIGHT = hashlib.sha256(CONTENT).hexdigest()[:8]
FILE = f"tiny-{RIGHT}.pth"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Torch hub's folder of checkpoints, not made yet."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


@contextmanager
def server(monkeypatch, answer):
    """A network called "tiny" is on offer here, at a server that answers with `answer(handler)`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            answer(self)

        def log_message(self, *said):
            pass

    asked: list[str] = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        address = f"http://127.0.0.1:{listening.server_address[1]}/"
        monkeypatch.setitem(PUBLISHED, "tiny", Published("Tiny", FILE, len(CONTENT) / 1e6, 1, address))
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield asked
        finally:
            listening.shutdown()
            thread.join()


def sends(content: bytes, promised: int | None = None):
    def answer(handler):
        handler.send_response(200)
        if promised is not None:
            handler.send_header("Content-Length", str(promised))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def refusal(report=lambda share: None) -> str:
    with pytest.raises(WeightsUnavailable) as caught:
        download("tiny", report)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def left_in(folder) -> list[str]:
    """Files other than the lock, which must stay where it is."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_table_is_that_of_torchvision(name):
    weights = get_model_weights(name).IMAGENET1K_V1
    on_offer = PUBLISHED[name]
    assert on_offer.url == weights.url
    assert on_offer.megabytes == weights.meta["_file_size"]
    assert len(weights.meta["categories"]) == 1000


def test_a_network_that_is_not_on_offer_is_named_with_those_that_are():
    with pytest.raises(ValueError, match="'resnet9' is not one of resnet18, resnet34"):
        published("resnet9")


@pytest.mark.parametrize(
    "variables",
    [{}, {"TORCH_HOME": "~/models"}, {"XDG_CACHE_HOME": "/c"}, {"TORCH_HOME": "", "XDG_CACHE_HOME": "/c"}],
)
def test_the_folder_is_where_torch_hub_looks(variables, monkeypatch):
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert weights_folder() == imagenet_weights.Path(os.path.join(torch.hub.get_dir(), "checkpoints"))


def test_weights_that_are_not_there_are_none(folder):
    assert weights_file("resnet18") is None
    folder.mkdir(parents=True)
    assert weights_file("resnet18") is None


def test_a_file_with_another_hash_is_refused_until_it_is_replaced(folder, monkeypatch):
    monkeypatch.setitem(PUBLISHED, "tiny", Published("Tiny", FILE, 1.0, 1))
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(b"damaged")
    with pytest.raises(WeightsUnavailable) as caught:
        weights_file("tiny")
    for part in (str(folder / FILE), hashlib.sha256(b"damaged").hexdigest()[:8], RIGHT, "Delete it"):
        assert part in str(caught.value)
    assert refusal() == str(caught.value)  # it is the visitor's: nothing is written over it
    (folder / FILE).write_bytes(CONTENT)
    assert weights_file("tiny") == folder / FILE


def test_the_hash_is_computed_once_a_file(folder, monkeypatch):
    monkeypatch.setitem(PUBLISHED, "tiny", Published("Tiny", FILE, 1.0, 1))
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(CONTENT)
    weights_file("tiny")
    monkeypatch.setattr(imagenet_weights, "sha256", None)
    assert weights_file("tiny") == folder / FILE


def test_a_download_is_told_as_shares_and_done_once(folder, monkeypatch):
    shares: list[float] = []
    with server(monkeypatch, sends(CONTENT, len(CONTENT))) as asked:
        assert download("tiny", shares.append) == folder / FILE
        assert download("tiny", shares.append) == folder / FILE
    assert shares == [0.25, 0.5, 0.75, 1.0]  # 1 MiB in pieces of 256 KiB
    assert asked == [f"/{FILE}"]
    assert (folder / FILE).read_bytes() == CONTENT
    assert left_in(folder) == [FILE]


def test_a_server_that_does_not_say_how_much_comes_is_good_enough(folder, monkeypatch):
    with server(monkeypatch, sends(CONTENT)):
        assert download("tiny").read_bytes() == CONTENT


def test_two_at_once_download_once(folder, monkeypatch):
    def slowly(handler):
        time.sleep(0.1)
        sends(CONTENT, len(CONTENT))(handler)

    with server(monkeypatch, slowly) as asked:
        threads = [threading.Thread(target=download, args=("tiny",)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(asked) == 1
    assert left_in(folder) == [FILE]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (sends(CONTENT[:-1] + b"x", len(CONTENT)), "another SHA-256"),
        (sends(CONTENT[:-1]), "another SHA-256"),
        (sends(CONTENT[:300_000], len(CONTENT)), "broke off after 0.3 of 1.0 MB"),
        (sends(CONTENT * 3), "sends more than 1 MB"),
        (sends(b""), "another SHA-256"),
        (lambda handler: handler.send_error(404), "HTTP Error 404"),
        (lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"), "nonsense"),
        (lambda handler: None, "closed connection without response"),
    ],
    ids=["wrong", "short", "broken off", "endless", "empty", "missing", "no http", "hung up"],
)
def test_what_does_not_come_right_leaves_nothing_and_is_told(answer, said, folder, monkeypatch):
    with server(monkeypatch, answer):
        sentence = refusal()
    assert said in sentence
    assert left_in(folder) == []
    assert weights_file("tiny") is None


# The standard library leaves the socket of a request that got no answer to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("begun", [b"", CONTENT[:1000]], ids=["from the start", "in the middle"])
def test_a_silent_server_is_given_up(begun, folder, monkeypatch):
    monkeypatch.setattr(imagenet_weights, "SECONDS_OF_SILENCE", 0.1)
    over = threading.Event()

    def silent(handler):
        if begun:
            sends(begun, len(CONTENT))(handler)
        over.wait(10)

    with server(monkeypatch, silent):
        sentence = refusal()
        over.set()
    assert "timed out" in sentence
    assert left_in(folder) == []
    gc.collect()


def test_without_network_the_sentence_says_which_file_from_where_and_into_which_folder(folder, monkeypatch):
    def refuse(*args, **kwargs):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(WeightsUnavailable) as caught:
        download("resnet50")
    for part in (
        "ResNet-50", "Name or service not known", "resnet50-0676ba61.pth", str(folder), "TORCH_HOME",
        "https://download.pytorch.org/models/resnet50-0676ba61.pth", "random weights",
    ):  # fmt: skip
        assert part in str(caught.value)


def test_a_full_disk_is_told_before_anything_is_asked_for(folder, monkeypatch):
    full = imagenet_weights.shutil.disk_usage("/")._replace(free=150_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda path: full)
    with server(monkeypatch, sends(CONTENT)) as asked:
        assert "150 MB are free there and 201 MB needed" in refusal()
    assert asked == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    (tmp_path / "torch").write_text("a file where the folder should be")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with server(monkeypatch, sends(CONTENT)):
        assert "File exists" in refusal() or "Not a directory" in refusal()


def test_what_an_ended_process_left_is_begun_anew(folder, monkeypatch):
    folder.mkdir(parents=True)
    (folder / f".{FILE}.part").write_bytes(CONTENT[:5000])
    with server(monkeypatch, sends(CONTENT, len(CONTENT))):
        assert download("tiny").read_bytes() == CONTENT
    assert left_in(folder) == [FILE]
