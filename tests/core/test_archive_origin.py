"""The note of where a run's weights come from, on its way to another machine."""

import io
import json
import zipfile

import pytest

from resnet_core.runs import checkpoint_files, places
from resnet_core.runs.archive import pack_run, unpack_run
from resnet_core.runs.origin import NOTE, Origin, plain_name, read_origin
from resnet_core.runs.store import RunStore
from resnet_core.runs.worker import train_in_foreground
from tests.core.given_weights import CONFIG
from tests.core.zips import assert_refused, contents, with_sums


@pytest.fixture(scope="module")
def zipped(net_file, tmp_path_factory) -> bytes:
    home = RunStore(tmp_path_factory.mktemp("home"))
    run = train_in_foreground(home, CONFIG, weights=net_file)
    return pack_run(home, run.id)


def test_a_zip_of_a_run_says_what_it_began_with(store, zipped):
    run = unpack_run(store, zipped)
    origin = read_origin(store.folder(run.id))
    meta = checkpoint_files.read_meta(places.checkpoints_folder(store.folder(run.id)), 0)
    assert origin == Origin(file="net.safetensors", sha256=meta["files"]["model.safetensors"]["sha256"])
    assert NOTE in zipfile.ZipFile(io.BytesIO(zipped)).namelist()


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (b"", "weights.json in the zip is damaged"),
        (b"{}", "weights.json in the zip is damaged"),
        (json.dumps({"file": "<script>", "sha256": "0" * 64}).encode(), "weights.json in the zip is damaged"),
        (
            json.dumps({"file": "a", "sha256": "0" * 64}).encode(),
            "belongs to other weights than those of step 0",
        ),
        (b'{"file": "' + b"a" * 10_000 + b'"}', "weights.json in the zip is damaged"),
    ],
)
def test_a_note_that_is_wrong_is_refused(store, zipped, note, words):
    assert_refused(store, with_sums(contents(zipped) | {NOTE: note}), words)


def test_a_name_is_kept_without_what_a_page_would_take_for_more():
    assert plain_name("net v2 (best).safetensors") == "net v2 (best).safetensors"
    assert plain_name("<b>x²\x1b[31m.safetensors") == "_b_x___31m.safetensors"
    assert len(plain_name("a" * 500)) == 200
