"""What an analyst's process does with a question, called in this process: numbers, or a sentence."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from resnet_core.analyst import process
from resnet_core.analyst.answers import read_answer
from resnet_core.analyst.process import be_analyst
from resnet_core.config import RunConfig, from_flat
from resnet_core.questions import Question, question
from resnet_core.runs.store import RunStore
from tests.core.given_weights import TINY


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No rehearsal, and torch is left as it was."""
    monkeypatch.setattr(process, "_rehearse", lambda sets: None)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def replies(*orders: dict) -> list[dict]:
    said = io.StringIO()
    be_analyst([json.dumps(order).encode() for order in orders], said)
    ready, *rest = [json.loads(line) for line in said.getvalue().splitlines()]
    assert ready == {"ready": True}
    return rest


def order(asked: Question, *files: Path, weights: Path | str = "", file: Path | str = "") -> dict:
    paths = {"weights": str(weights), "file": str(file), "files": list(map(str, files))}
    return {"question": asked.to_json()} | paths


def profile_of(config: RunConfig = from_flat(TINY), **more: object) -> Question:  # noqa: B008 it is frozen
    return question("profile", config, **more)


def test_an_answer_equals_what_the_run_itself_measured_bit_for_bit(trained: RunStore, tmp_path):
    run = trained.runs()[0]
    for step in (0, 3, 9):
        asked, file = profile_of(run.config, run_id=run.id, step=step), tmp_path / f"{step}.npz"
        assert replies(order(asked, file, weights=trained.weights_file(run.id, step))) == [
            {"file": str(file)}
        ]
        found, record = read_answer(file, asked), trained.steps(run.id)[step]
        assert record.step == step
        measured = record.quantities["gradient_norm"]
        np.testing.assert_array_equal(found.gradients.astype(np.float32), measured[: len(found.gradients)])
        assert np.float32(found.loss) == np.float32(record.loss)


def test_a_visitors_file_is_decoded_or_refused_in_a_sentence(tmp_path):
    asked = question("upload", RunConfig())
    picture, answered = tmp_path / "as it came", tmp_path / "a.npz"
    Image.new("RGB", (3, 2), (1, 2, 3)).save(picture, "PNG")
    gone = {"problem": "this picture is not here any more; choose the file again"}
    assert replies(
        order(asked, answered), order(asked, answered, file=tmp_path / "gone"),
        order(asked, answered, file=picture),
    ) == [gone, gone, {"file": str(answered)}]  # fmt: skip
    found = read_answer(answered, asked)
    assert (found.format, found.size.tolist(), found.pixels.shape) == ("PNG", [3, 2], (2, 3, 3))


def test_it_computes_with_as_many_threads_as_the_run(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(process, "make_deterministic", seen.append)
    replies(*(order(profile_of(from_flat(TINY | {"threads": n})), tmp_path / f"{n}.npz") for n in (3, 1)))
    assert seen == [3, 1]


def test_pictures_are_read_once_for_questions_about_one_set(tmp_path, monkeypatch, few):
    read = []
    monkeypatch.setattr(process, "load_images", lambda data, device: (read.append(data.side), few)[1])
    settings = [{}, {"augment": True}, {"seed": 1}, {"side": 28}, {}]
    orders = [order(profile_of(from_flat(TINY | s)), tmp_path / f"{i}.npz") for i, s in enumerate(settings)]
    replies(*orders)
    assert read == [16, 28, 16]


def test_an_answer_that_the_store_cannot_take_goes_beside_it(tmp_path):
    spare = tmp_path / "answers" / "a.npz"
    gone = tmp_path / "deleted run" / "answers" / "a.npz"
    assert replies(order(profile_of(), gone, spare)) == [{"file": str(spare)}]
    assert read_answer(spare, profile_of()) is not None
    assert not gone.parent.parent.exists()


def test_a_full_disk_is_left_its_reserve(tmp_path, monkeypatch):
    monkeypatch.setattr("resnet_core.runs.durable.RESERVED_BYTES", 10**18)
    file, spare = tmp_path / "store" / "answers" / "a.npz", tmp_path / "spare" / "a.npz"
    file.parent.mkdir(parents=True)
    assert replies(order(profile_of(), file, spare)) == [{"file": str(spare)}]
    assert list(file.parent.iterdir()) == []


def test_an_answer_that_nothing_can_take_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    [said] = replies(order(profile_of(), tmp_path / "file" / "answers" / "a.npz"))
    assert said == {"problem": "the answer cannot be kept: Not a directory"}


@pytest.mark.parametrize(
    ("content", "words"), [(None, "is not there, or not a file"), (b"x" * 99, "is not a safetensors file")]
)
def test_weights_that_are_gone_or_damaged_are_a_sentence(tmp_path, content, words):
    weights = tmp_path / "model.safetensors"
    if content is not None:
        weights.write_bytes(content)
    [said] = replies(order(profile_of(), tmp_path / "a.npz", weights=weights))
    assert words in said["problem"]
    assert not (tmp_path / "a.npz").exists()


def test_weights_of_another_network_are_a_sentence(trained, tmp_path, net_file):
    [said] = replies(order(profile_of(from_flat(TINY | {"width": 4})), tmp_path / "a.npz", weights=net_file))
    assert "does not fit this network" in said["problem"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("there is no block layer9.0"), "there is no block layer9.0"),
        (MemoryError(), "could not be computed: there was not enough memory"),
        (torch.OutOfMemoryError("CUDA"), "could not be computed: there was not enough memory"),
        (AssertionError("odd"), "could not be computed: AssertionError: odd"),
    ],
)
def test_what_an_instrument_raises_is_a_sentence_and_the_next_question_is_answered(
    tmp_path, monkeypatch, error, words
):
    def answer(asked, *more):
        if asked.config.seed:
            raise error
        return real(asked, *more)

    real = process.answer
    monkeypatch.setattr(process, "answer", answer)
    asked = [profile_of(from_flat(TINY | {"seed": seed})) for seed in (1, 0)]
    first, second = replies(*(order(one, tmp_path / "a.npz") for one in asked))
    assert first["problem"].endswith(words)
    assert second == {"file": str(tmp_path / "a.npz")}


def test_a_network_that_memory_cannot_take_is_refused_before_it_is_built(tmp_path):
    large = from_flat({"depth": 1199, "width": 256, "batch": 1024, "block": "bottleneck", "side": 28})
    [said] = replies(order(profile_of(large), tmp_path / "a.npz"))
    assert "of memory" in said["problem"]
    assert "choose a smaller batch, depth, width or image side" in said["problem"]


def test_how_far_an_answer_is_is_said_a_hundred_times_at_most(tmp_path, monkeypatch):
    def answer(asked, weights, images, report, file):
        for i in range(10_000):
            report(i / 10_000)
        raise ValueError("enough")

    monkeypatch.setattr(process, "answer", answer)
    *shares, last = replies(order(profile_of(), tmp_path / "a.npz"))
    assert last == {"problem": "enough"}
    assert 90 <= len(shares) <= 100
    assert shares == sorted(shares, key=lambda said: said["share"])


def test_the_rehearsal_answers_a_question_that_nobody_asked(tmp_path, monkeypatch, caplog):
    monkeypatch.undo()
    monkeypatch.setenv("RESNET_LAB_DEVICE", "cpu")
    assert replies() == []
    monkeypatch.setattr(process, "answer", lambda *_: 1 // 0)
    assert replies() == []
    assert "the rehearsal went wrong" in caplog.text
