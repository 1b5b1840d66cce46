"""A run as a zip: what goes out comes in again, and whatever else comes in is refused with a sentence."""

import hashlib
import io
import json
import os
import random
import sqlite3
import stat
import struct
import time
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace

import numpy as np
import pytest

from resnet_core.config import from_flat
from resnet_core.records import Phase, StepRecord
from resnet_core.runs import archive, foreign_metrics, foreign_zip, places
from resnet_core.runs.archive import ArchiveError, pack_run, unpack_run
from resnet_core.runs.store import RunStore, StoreError
from tests.core.finished_runs import CONFIG, RECORDS, add_checkpoint, add_finished_run, add_numbers

MODEL = "checkpoints/3/model.safetensors"


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> bytes:
    store = RunStore(tmp_path_factory.mktemp("packed"))
    return pack_run(store, add_finished_run(store).id)


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(tmp_path / "store")


def contents(zipped: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(zipped)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zip_of(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return target.getvalue()


def with_sums(files: dict[str, bytes], **changes: object) -> bytes:
    """A zip whose manifest has the right sums, whatever is in it: what a careful attacker would send."""
    manifest = json.loads(files["manifest.json"]) | changes
    manifest["files"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in files.items()
        if name != "manifest.json"
    }
    return zip_of(files | {"manifest.json": json.dumps(manifest).encode()})


def files_in(store: RunStore) -> list[str]:
    return sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*"))


def assert_refused(store: RunStore, zipped: bytes, words: str):
    before = files_in(store)
    with pytest.raises(ArchiveError, match=words):
        unpack_run(store, zipped)
    assert files_in(store) == before
    assert store.runs() == []


# there and back


def test_a_run_comes_back_as_it_went(tmp_path, store):
    home = RunStore(tmp_path / "home")
    there = add_finished_run(home)
    here = unpack_run(store, pack_run(home, there.id))
    assert here == replace(there, attempt=0)
    assert store.runs() == [here]
    assert store.raw_steps(here.id) == home.raw_steps(there.id)
    assert store.layout(here.id) == home.layout(there.id)
    assert store.checkpoints(here.id) == [0, 3]
    (step, found), (_, expected) = store.pictures(here.id)[0], home.pictures(there.id)[0]
    assert step == 0
    np.testing.assert_array_equal(found.images, expected.images)
    assert pack_run(store, here.id)  # and could go on
    assert not [name for name in files_in(store) if "import" in name or "optimizer" in name]


def test_a_run_may_come_from_an_open_file(tmp_path, store, packed):
    (tmp_path / "run.zip").write_bytes(packed)
    with open(tmp_path / "run.zip", "rb") as file:
        assert unpack_run(store, file).phase is Phase.DIVERGED


def test_a_live_run_is_packed_as_far_as_it_is(tmp_path, store):
    home = RunStore(tmp_path / "home")
    run = home.add_race([CONFIG], phase=Phase.RUNNING, attempt=1)[0]
    writer = add_numbers(home, run, RECORDS[:2])
    add_checkpoint(home, run, 0)
    here = unpack_run(store, pack_run(home, run.id))
    writer.close()
    assert (here.phase, here.steps_done, here.test_accuracy) == (Phase.STOPPED, 2, 0.5)
    assert here.reason == "imported; it was running when it was exported"
    assert here.finished is not None
    assert {path.name for path in store.folder(here.id).iterdir()} == {
        "config.json",
        "metrics.db",
        "checkpoints",
    }


def test_a_run_that_waits_has_only_settings(tmp_path, store):
    home = RunStore(tmp_path / "home")
    here = unpack_run(store, pack_run(home, home.create_race([CONFIG])[0].id))
    assert (here.phase, here.steps_done, store.steps(here.id)) == (Phase.STOPPED, 0, [])
    assert store.catalog.unfinished() == []


def test_the_arms_of_a_race_find_each_other_again(tmp_path, store):
    home = RunStore(tmp_path / "home")
    race = home.create_race([CONFIG, from_flat({"depth": 8, "skip": "none"})])
    for run in reversed(race):
        unpack_run(store, pack_run(home, run.id))
    assert [run.id for run in store.race(race[0].race_id)] == [run.id for run in race]


def test_a_run_whose_place_in_the_race_is_taken_comes_alone(store, packed):
    taken = store.add_race([CONFIG], phase=Phase.STOPPED)[0]
    other = with_sums(contents(packed), race_id=taken.race_id)
    here = unpack_run(store, other)
    assert here.race_id != taken.race_id
    assert store.race(taken.race_id) == [taken]


def test_a_run_that_is_here_already_is_refused(store, packed):
    run = unpack_run(store, packed)
    before = files_in(store)
    with pytest.raises(ArchiveError, match=f"run {run.id} is already in this store; delete it first"):
        unpack_run(store, packed)
    assert files_in(store) == before
    store.delete(run.id)
    assert unpack_run(store, packed) == run


def test_a_store_that_cannot_be_written_says_so(tmp_path, packed):
    RunStore(tmp_path)
    with pytest.raises(StoreError, match="reading only"):
        unpack_run(RunStore(tmp_path, writable=False), packed)


def test_a_full_disk_says_so_and_keeps_nothing(store, packed, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    before = files_in(store)
    with pytest.raises(StoreError, match="full: 0 MB free and 200 MB needed"):
        unpack_run(store, packed)
    assert files_in(store) == before


def test_what_a_killed_import_left_is_cleared_away_an_hour_later(store, packed):
    for name, seconds_ago in ((".import-old", 4000), (".import-new", 10)):
        (store.root / name).mkdir()
        os.utime(store.root / name, (time.time() - seconds_ago,) * 2)
    unpack_run(store, packed)
    assert [path.name for path in store.root.glob(".import-*")] == [".import-new"]


def test_a_store_opened_for_reading_can_be_packed_from(tmp_path, store):
    run = add_finished_run(RunStore(tmp_path / "home"))
    home = RunStore(tmp_path / "home", writable=False)
    before = files_in(home)
    assert unpack_run(store, pack_run(home, run.id)).id == run.id
    assert files_in(home) == before


def test_a_damaged_checkpoint_stays_at_home(tmp_path, store):
    home = RunStore(tmp_path / "home")
    run = add_finished_run(home)
    weights = places.checkpoints_folder(home.folder(run.id)) / "3" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    here = unpack_run(store, pack_run(home, run.id))
    assert store.checkpoints(here.id) == [0]


def test_the_newest_and_the_first_checkpoint_go_first(tmp_path, store, monkeypatch):
    home = RunStore(tmp_path / "home")
    run = add_finished_run(home, from_flat({"depth": 8, "steps": 9}), checkpoints=(0, 3, 6, 9))
    monkeypatch.setattr(archive, "MAX_FILES", 8)
    assert store.checkpoints(unpack_run(store, pack_run(home, run.id)).id) == [0, 9]


# what is refused


def test_a_file_that_is_no_zip(store, packed):
    for content in (
        b"",
        b"PK",
        b"\x89PNG" + bytes(100),
        packed[:-1],
        packed[: len(packed) // 2],
        packed + b"x",
    ):
        assert_refused(store, content, "not a (whole )?zip file")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../evil", "leads out of its folder"),
        ("checkpoints/../../evil", "leads out of its folder"),
        ("/etc/passwd", "leads out of its folder"),
        ("C:\\evil", "leads out of its folder"),
        ("\\\\server\\share", "leads out of its folder"),
        ("..\\evil", "leads out of its folder"),
        ("checkpoints/3/model.safetensors/../../evil", "leads out of its folder"),
        ("worker.lock", "which no exported run has"),
        ("metrics.db-wal", "which no exported run has"),
        ("checkpoints/003/meta.json", "which no exported run has"),
        ("checkpoints/٣/meta.json", "which no exported run has"),
        ("checkpoints/3/", "which no exported run has"),
        ("Config.json", "which no exported run has"),
        ("config.json\0.txt", "which no exported run has"),
        ("config.json\n", "which no exported run has"),
    ],
)
def test_a_foreign_file(store, packed, name, words):
    entry = zipfile.ZipInfo("placeholder")
    entry.filename = name
    target = io.BytesIO(packed)
    with zipfile.ZipFile(target, "a") as file:
        file.writestr(entry, b"evil")
    assert_refused(store, target.getvalue(), words)


def test_a_link(store, packed):
    entry = zipfile.ZipInfo("checkpoints/2/model.safetensors")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    target = io.BytesIO(packed)
    with zipfile.ZipFile(target, "a") as file:
        file.writestr(entry, "/etc/passwd")
    assert_refused(store, target.getvalue(), "is a link")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_twice(store, packed):
    target = io.BytesIO(packed)
    with zipfile.ZipFile(target, "a") as file:
        file.writestr("config.json", "{}")
    assert_refused(store, target.getvalue(), "config.json is in the zip twice")


def test_a_bomb(store, packed):
    bomb = contents(packed) | {MODEL: bytes(30 * 2**20)}
    assert_refused(store, with_sums(bomb), "would unpack to 30 MiB, more than 100 times its size")


def test_a_zip_of_too_much(store, packed, monkeypatch):
    monkeypatch.setattr(foreign_zip, "MAX_UNPACKED_BYTES", len(packed) // 2)
    assert_refused(store, packed, "unpacked, the zip would have")
    monkeypatch.setattr(foreign_zip, "MAX_ZIP_BYTES", len(packed) - 1)
    assert_refused(store, packed, "the zip has")


def test_a_zip_of_too_many_files(store):
    many = zip_of({f"checkpoints/{step}/meta.json": b"" for step in range(10_001)})
    assert_refused(store, many, "more than 10000 files")


def test_a_zip_that_says_it_unpacks_to_less_than_it_does(store, packed):
    place = packed.rindex(b"PK\1\2", 0, packed.rindex(b"config.json"))
    (size,) = struct.unpack_from("<L", packed, place + 24)
    lying = packed[: place + 24] + struct.pack("<L", size - 5) + packed[place + 28 :]
    assert_refused(store, lying, "config.json in the zip is damaged")


def test_an_encrypted_file(store, packed):
    place = packed.rindex(b"PK\1\2", 0, packed.rindex(b"config.json"))
    assert_refused(store, packed[: place + 8] + b"\1\0" + packed[place + 10 :], "is encrypted")


def test_a_newer_format(store, packed):
    newer = with_sums(contents(packed), format=2, something_new=True)
    assert_refused(store, newer, r"newer version of ResNet Lab \(format 2; this one reads up to 1\)")


@pytest.mark.parametrize(
    "changes",
    [
        {"run_id": "../../../../../../../evil00"}, {"run_id": "x"}, {"race_id": 7}, {"arm": 4}, {"arm": -1},
        {"phase": "QUEUED!"}, {"created": 1e300}, {"finished": "soon"}, {"reason": "x" * 3000}, {"more": 1},
        {"steps_per_second": -1}, {"environment": {"device": "x" * 1000}}, {"kind": "something else"},
        {"environment": [1]}, {"format": 0},
    ],
)  # fmt: skip
def test_a_manifest_that_cannot_be(store, packed, changes):
    assert_refused(store, with_sums(contents(packed), **changes), "manifest.json in the zip is damaged")


@pytest.mark.parametrize("text", [b"", b"null", b"\xff\xfe", b"[" * 100_000, b'{"kind": 1e999}', b"{" * 9])
def test_a_manifest_that_is_no_manifest(store, packed, text):
    assert_refused(
        store, zip_of(contents(packed) | {"manifest.json": text}), "manifest.json in the zip is damaged"
    )


def test_an_incomplete_zip(store, packed):
    files = contents(packed)
    for name in ("manifest.json", "config.json"):
        assert_refused(store, zip_of({k: v for k, v in files.items() if k != name}), f"has no {name}")
    without_numbers = {k: v for k, v in files.items() if k != "metrics.db"}
    assert_refused(store, zip_of(without_numbers), "differ: metrics.db")
    without_meta = {k: v for k, v in files.items() if k != "checkpoints/3/meta.json"}
    assert_refused(store, with_sums(without_meta), "checkpoints/3 in the zip is not a whole checkpoint")
    assert_refused(
        store, zip_of(files | {"checkpoints/2/meta.json": b"{}"}), "differ: checkpoints/2/meta.json"
    )


def test_a_file_that_is_not_what_it_was(store, packed):
    other = contents(packed)["config.json"].replace(b'"seed": 0', b'"seed": 1')
    assert_refused(
        store, zip_of(contents(packed) | {"config.json": other}), "config.json in the zip is damaged"
    )


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (b'{"model": {"depth": 9999}}', "depth: 9999 is above the largest possible value, 1202"),
        (b'{"training": {"learning_rate": NaN}}', "settings in the zip are not possible"),
        (b"[" * 100_000, "settings in the zip are not possible"),
        (b'{"model": {"width": 16}}', "belongs to another run or step"),
        (b'{"training": {"steps": 2}}', "has a step '2' that its run cannot have"),
    ],
)
def test_settings_that_cannot_be(store, packed, config, words):
    assert_refused(store, with_sums(contents(packed) | {"config.json": config}), words)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (b"", "no readable list of tensors"),
        (struct.pack("<Q", 2**40) + b"{}", "no readable list of tensors"),
        (struct.pack("<Q", 2) + b"[]", "is not a safetensors file"),
        (
            struct.pack("<Q", 80) + b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}'.ljust(80),
            "is not a",
        ),
    ],
)
def test_weights_that_are_none(store, packed, weights, words):
    files = contents(packed) | {MODEL: weights}
    meta = json.loads(files["checkpoints/3/meta.json"])
    meta["files"]["model.safetensors"] = {
        "sha256": hashlib.sha256(weights).hexdigest(),
        "bytes": len(weights),
    }
    files["checkpoints/3/meta.json"] = json.dumps(meta).encode()
    assert_refused(store, with_sums(files), words)


def test_weights_of_another_step(store, packed):
    files = contents(packed)
    files["checkpoints/3/meta.json"] = files["checkpoints/0/meta.json"]
    assert_refused(store, with_sums(files), "checkpoint 3 in the zip belongs to another run or step")
    files["checkpoints/3/meta.json"] = b"{}"
    assert_refused(store, with_sums(files), "its meta.json is not understood")


def test_words_that_would_do_something_on_a_page_are_made_plain(store, packed):
    reason = "![x](http://example.org/x.png) <script>1</script> `a` $x$ \n\n# big"
    run = unpack_run(store, with_sums(contents(packed), reason=reason, environment={"device": "<b>"}))
    assert run.reason == "! x (http://example.org/x.png) script 1 /script a x # big"
    assert run.environment == {"device": "b"}


# numbers from elsewhere


def changed(packed: bytes, tmp_path, change: Callable[[sqlite3.Connection], object]) -> bytes:
    """The zip with a change made to its database, and the sums right again."""
    path = tmp_path / "changed.db"
    path.write_bytes(contents(packed)["metrics.db"])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        change(connection)
    return with_sums(contents(packed) | {"metrics.db": path.read_bytes()})


LAYERS = '{"layers": [["conv1", "conv", 1]], "blocks": []}'
ROW = struct.pack("<4f", 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("CREATE TABLE evil (x)", "has a table 'evil', which no run has"),
        ("CREATE VIEW evil AS SELECT load_extension('x')", "has a table 'evil'"),
        ("CREATE TRIGGER evil AFTER INSERT ON steps BEGIN SELECT 1; END", "has a table 'evil'"),
        ("CREATE INDEX evil ON steps (present)", "has a table 'evil'"),
        ("DROP TABLE pictures", "does not have the tables of a run"),
        ("ALTER TABLE steps ADD COLUMN more", "does not have the tables of a run"),
        ("PRAGMA journal_mode = WAL", "not a plain SQLite file"),
        ("INSERT INTO meta VALUES ('more', '1')", "facts that no run has"),
        ("INSERT INTO meta VALUES (x'00', x'00')", "facts that no run has"),
        ("UPDATE meta SET value = 'no json'", "what its layers are"),
        ("UPDATE meta SET value = replace(value, 'conv1', '<script>')", "what its layers are"),
        ("UPDATE meta SET value = replace(value, ', 3]', ', 9]')", "what its layers are"),
        ("UPDATE meta SET value = replace(value, ', 3]', ', 1e9]')", "what its layers are"),
        ("UPDATE meta SET value = replace(value, 'layers', 'lawyers')", "what its layers are"),
        (f"UPDATE meta SET value = '{'[' * 100_000}'", "what its layers are"),
        (f"UPDATE meta SET value = '{LAYERS}'", "do not fit its layers"),
        ("DELETE FROM meta WHERE key = 'layout'", "do not fit its layers"),
        ("UPDATE steps SET numbers = x'00' WHERE step = 1", "step 1 in metrics.db has numbers"),
        ("UPDATE steps SET numbers = 'text' WHERE step = 1", "has a step '1' that"),
        ("UPDATE steps SET numbers = randomblob(2000000) WHERE step = 1", "do not fit its layers"),
        ("UPDATE steps SET present = 256 WHERE step = 1", "has a step '1' that"),
        ("UPDATE steps SET present = -1 WHERE step = 1", "has a step '1' that"),
        ("UPDATE steps SET present = 'all' WHERE step = 1", "has a step '1' that"),
        ("UPDATE steps SET step = 3 WHERE step = 2", "has a step '3' that"),
        ("UPDATE steps SET step = -1 WHERE step = 0", "has a step '-1' that"),
        ("UPDATE pictures SET shape = '[2, 16, 16, 4]'", "pictures of step '0'"),
        ("UPDATE pictures SET shape = '[true, 16, 16, 1]'", "pictures of step '0'"),
        ("UPDATE pictures SET shape = '7'", "pictures of step '0'"),
        ("UPDATE pictures SET images = x''", "pictures of step '0'"),
        ("UPDATE pictures SET labels = x'0a00000000000000'", "pictures of step '0'"),
        ("UPDATE pictures SET predictions = x'ffffffff00000000'", "pictures of step '0'"),
        ("UPDATE pictures SET labels = x'00'", "pictures of step '0'"),
        ("UPDATE pictures SET step = 3", "pictures of step '3'"),
    ],
)
def test_a_database_that_no_run_has(store, packed, tmp_path, statement, words):
    assert_refused(store, changed(packed, tmp_path, lambda c: c.execute(statement)), words)


@pytest.mark.parametrize(
    "tested", [(2.0, 0.0, 5.0), (float("nan"), 0.0, 5.0), (0.5, 0.0, 0.0), (0.5, 0.0, float("inf"))]
)
def test_a_test_accuracy_that_cannot_be(store, packed, tmp_path, tested):
    numbers = ROW + struct.pack("<3f", *tested)
    zipped = changed(
        packed, tmp_path, lambda c: c.execute("INSERT OR REPLACE INTO steps VALUES (2, 1, ?)", [numbers])
    )
    assert_refused(store, zipped, "step 2 in metrics.db has")


def test_damaged_pages(store, packed):
    content = contents(packed)["metrics.db"]
    overwritten = content[:8192] + b"\xff" * 8192 + content[16384:]
    for damaged in (overwritten, content[:8192], content[:-8192], content[:18] + b"\2\2" + content[20:], b""):
        assert_refused(store, with_sums(contents(packed) | {"metrics.db": damaged}), "metrics.db in the zip")


def test_a_database_that_keeps_us_busy_is_given_up(store, packed, monkeypatch):
    monkeypatch.setattr(foreign_metrics, "SECONDS_TO_CHECK", -1)
    monkeypatch.setattr(foreign_metrics, "_INSTRUCTIONS_PER_LOOK", 1)
    assert_refused(store, packed, "metrics.db in the zip is damaged .interrupted.")


# any damage at all


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Between one and twenty random bytes changed, a piece cut out, doubled, or overwritten."""
    damaged = bytearray(content)
    start = chance.randrange(len(damaged))
    end = min(len(damaged), start + chance.choice([1, 4, 100, 5000]))
    kind = chance.choice(["flip", "flip", "list", "cut", "double", "fill", "shorten"])
    if kind == "flip":
        for _ in range(chance.choice([1, 1, 5, 20])):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    elif kind == "list":  # where the names and sizes are
        damaged[chance.randrange(len(damaged) - 700, len(damaged))] = chance.randrange(256)
    elif kind == "cut":
        del damaged[start:end]
    elif kind == "double":
        damaged[start:start] = damaged[start:end]
    elif kind == "fill":
        damaged[start:end] = bytes([chance.choice([0, 255, 80])]) * (end - start)
    else:
        del damaged[start:]
    return bytes(damaged)


SEEDS = [*range(12), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(12, 200))]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_zip_is_refused_or_harmless(tmp_path, packed, seed):
    """Damage may hit what nobody reads, such as a date; then the run is the run."""
    chance, store = random.Random(seed), RunStore(tmp_path)
    whole = unpack_run(store, packed)
    numbers = store.raw_steps(whole.id)
    store.delete(whole.id)
    nothing = files_in(store)
    for _ in range(20):
        with suppress(ArchiveError):
            assert unpack_run(store, mutated(packed, chance)) == whole
            assert store.raw_steps(whole.id) == numbers
            store.delete(whole.id)
        assert files_in(store) == nothing


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_file_with_the_right_sum_is_refused_or_readable(tmp_path, packed, seed):
    """What gets past the sums must be something that every reader of the store can read."""
    chance, store, files = random.Random(1000 + seed), RunStore(tmp_path), contents(packed)
    nothing = files_in(store)
    for _ in range(15):
        name = chance.choice(
            ["config.json", "metrics.db", "metrics.db", "metrics.db", MODEL, "manifest.json"]
        )
        damaged = files | {name: mutated(files[name], chance)}
        with suppress(ArchiveError):
            run = unpack_run(store, zip_of(damaged) if name == "manifest.json" else with_sums(damaged))
            assert all(isinstance(record, StepRecord) for record in store.steps(run.id))
            store.pictures(run.id)
            store.delete(run.id)
        assert files_in(store) == nothing
