"""A zip that is not what a run packs is refused with a sentence, and nothing of it stays."""

import hashlib
import io
import json
import sqlite3
import stat
import struct
import zipfile
from collections.abc import Callable
from contextlib import closing

import pytest

from resnet_core.records import QUANTITIES
from resnet_core.runs import foreign_metrics, foreign_zip
from resnet_core.runs.archive import unpack_run
from tests.core.zips import assert_refused, contents, with_sums, zip_of

MODEL = "checkpoints/3/model.safetensors"


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
        (f"UPDATE steps SET present = {1 << len(QUANTITIES)} WHERE step = 1", "has a step '1' that"),
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
