"""Answers as files and in memory: what was found comes back, and nothing else is believed."""

import os
import pickle
import re

import numpy as np
import pytest

from resnet_core.analyst.answers import (
    FOLDER,
    answer_file,
    drop_oldest,
    has_answer,
    read_answer,
    write_answer,
)
from resnet_core.analyst.remembered import Remembered
from resnet_core.config import RunConfig
from resnet_core.findings import GradientNoise, Shattered
from resnet_core.questions import INSTRUMENTS, question
from resnet_core.runs.archive import pack_run, unpack_run
from resnet_core.runs.manifest import KNOWN_FILES
from resnet_core.runs.store import RunStore, StoreError
from tests.core.finished_runs import add_finished_run

NOISE = question("gradient-noise", RunConfig())
LINE = question("shattered", RunConfig())


def noise(size: int = 3) -> GradientNoise:
    numbers = np.linspace(-1, 1, size)
    numbers[0] = np.nan
    return GradientNoise(
        np.array([f"layer{i}" for i in range(size)]), np.arange(size), numbers, numbers, numbers / 0.1,
        np.float64(np.inf), np.int64(4),
    )  # fmt: skip


def shattered() -> Shattered:
    ends = (np.zeros((1, 2, 2), np.uint8), np.full((1, 3, 3), 7, np.uint8))
    fields = {name: np.arange(2.0) for name in Shattered._fields}
    return Shattered(**fields | {"ends": ends})


def assert_equal(found, expected):
    assert type(found) is type(expected)
    for name, value in expected._asdict().items():
        parts = value if isinstance(value, tuple) else (value,)
        found_parts = getattr(found, name)
        assert isinstance(found_parts, tuple) == isinstance(value, tuple)
        for here, there in zip(
            found_parts if isinstance(value, tuple) else (found_parts,), parts, strict=True
        ):
            assert (here.dtype, here.shape) == (np.asarray(there).dtype, np.shape(there))
            np.testing.assert_array_equal(here, there)


@pytest.mark.parametrize(("asked", "finding"), [(NOISE, noise()), (LINE, shattered())])
def test_what_was_found_comes_back_bit_for_bit(tmp_path, asked, finding):
    path = tmp_path / FOLDER / "answer.npz"
    write_answer(path, finding)
    assert_equal(read_answer(path, asked), finding)
    assert [file.name for file in path.parent.iterdir()] == ["answer.npz"]


def test_no_session_can_change_what_others_see(tmp_path):
    write_answer(tmp_path / "a.npz", noise())
    with pytest.raises(ValueError, match="read-only"):
        read_answer(tmp_path / "a.npz", NOISE).depths[0] = 5


def whole(path):
    write_answer(path, noise())
    return path.read_bytes()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: b"not a zip",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content.replace(b"depths", b"dephts"),
        lambda content: content[:80] + bytes(8) + content[88:],
        lambda content: re.sub(rb"(PK\x01\x02.{4})..", lambda m: m[1] + b"\xff\0", content, flags=re.DOTALL),
    ],
)
def test_a_damaged_file_is_no_answer(tmp_path, spoil):
    path = tmp_path / "answer.npz"
    spoiled = spoil(whole(path))
    path.write_bytes(spoiled)
    assert read_answer(path, NOISE) is None


def test_an_answer_to_another_question_is_none(tmp_path):
    write_answer(tmp_path / "a.npz", noise())
    assert read_answer(tmp_path / "a.npz", LINE) is None
    assert read_answer(tmp_path / "none.npz", LINE) is None
    assert read_answer(tmp_path, LINE) is None


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def test_a_foreign_file_is_never_unpickled(tmp_path):
    objects = np.array([Trap(tmp_path / "sprung")], object)
    np.savez(tmp_path / "a.npz", **noise()._asdict() | {"depths": objects})
    (tmp_path / "b.npz").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    np.save(tmp_path / "c.npy", objects, allow_pickle=True)
    for name in ("a.npz", "b.npz", "c.npy"):
        assert read_answer(tmp_path / name, NOISE) is None
    assert not (tmp_path / "sprung").exists()


def test_a_finding_that_would_be_pickled_is_not_written(tmp_path):
    with pytest.raises(AssertionError, match="plain numbers"):
        write_answer(tmp_path / "a.npz", noise()._replace(layers=np.array([None])))
    assert list(tmp_path.iterdir()) == []


def test_every_field_of_every_finding_is_an_array_or_a_tuple_of_them():
    for kind in INSTRUMENTS.values():
        assert set(map(str, kind.finding.__annotations__.values())) <= {
            str(np.ndarray), str(tuple[np.ndarray, ...]),
        }  # fmt: skip


# in the store


def test_answers_lie_with_their_run_and_go_with_it(store):
    run = add_finished_run(store)
    asked = question("gradient-noise", run.config, run_id=run.id)
    path = answer_file(store, asked)
    assert path.parent == store.folder(run.id) / FOLDER
    assert not has_answer(store, asked)
    write_answer(path, noise())
    assert has_answer(store, asked)
    store.delete(run.id)
    assert not path.parent.exists()
    assert answer_file(store, NOISE).parent == store.root / FOLDER


def test_an_answer_does_not_bring_a_deleted_run_back(store):
    run = add_finished_run(store)
    path = answer_file(store, question("gradient-noise", run.config, run_id=run.id))
    store.delete(run.id)
    with pytest.raises(FileNotFoundError):
        write_answer(path, noise())
    assert not store.folder(run.id).exists()


@pytest.mark.parametrize("run_id", ["../../etc", "x", "/etc/passwd", "..", "a" * 26])
def test_a_run_id_does_not_lead_out_of_the_store(store, run_id):
    with pytest.raises(StoreError, match="is not a run id"):
        answer_file(store, question("profile", RunConfig(), run_id=run_id))


def test_answers_do_not_travel_with_a_run(store, tmp_path):
    run = add_finished_run(store)
    write_answer(answer_file(store, question("gradient-noise", run.config, run_id=run.id)), noise())
    other = RunStore(tmp_path / "other")
    unpack_run(other, pack_run(store, run.id))
    assert not (other.folder(run.id) / FOLDER).exists()
    assert not KNOWN_FILES.fullmatch(f"{FOLDER}/{NOISE.key}.npz")


# room


def old_files(folder, count: int, size: int = 10):
    for i in range(count):
        (folder / f"{i}.npz").write_bytes(bytes(size))
        os.utime(folder / f"{i}.npz", (i, i))


def names(folder) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_the_oldest_answers_make_room(tmp_path):
    old_files(tmp_path, 5)
    drop_oldest(tmp_path, keep=5)
    assert len(names(tmp_path)) == 5
    drop_oldest(tmp_path, keep=3)
    assert names(tmp_path) == ["2.npz", "3.npz", "4.npz"]
    drop_oldest(tmp_path, room=25)  # 10 + 10 bytes fit, 30 do not
    assert names(tmp_path) == ["3.npz", "4.npz"]
    drop_oldest(tmp_path, room=1)
    assert names(tmp_path) == ["4.npz"]


def test_what_a_killed_process_left_is_dropped_in_its_turn(tmp_path):
    old_files(tmp_path, 3)
    (tmp_path / ".9.npz.123").write_bytes(b"half")
    os.utime(tmp_path / ".9.npz.123", (0, 0))
    drop_oldest(tmp_path, keep=3)
    assert names(tmp_path) == ["0.npz", "1.npz", "2.npz"]


def test_memory_keeps_what_was_used_last():
    size = 5 * 8000
    memory = Remembered(room=3 * size)
    for key in "abc":
        memory.put(key, noise(1000)._replace(layers=np.zeros(1)))  # 4 columns of 8000 bytes and less than one
    assert memory.get("a") is not None
    memory.put("d", noise(1000)._replace(layers=np.zeros(1)))
    assert [memory.get(key) is not None for key in "abcd"] == [True, False, True, True]
    memory.put("a", noise(100_000))
    assert (len(memory), memory.get("a") is not None) == (1, True)
    memory.put("a", noise())
    memory.put("b", noise())
    assert len(memory) == 2
