"""Zips of runs for the tests of the archive: as they leave the lab, and as somebody might send them."""

import hashlib
import io
import json
import zipfile

import pytest

from resnet_core.runs.archive import ArchiveError, unpack_run
from resnet_core.runs.store import RunStore


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
