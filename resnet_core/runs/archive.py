"""A run as one zip, to be looked at elsewhere: settings, numbers, weights, and a manifest with every sum.

The optimizer's state stays behind, since an imported run has ended. What comes in is believed only as far as
it can be checked, and it is in the store whole or not at all.
"""

import hashlib
import io
import re
import shutil
import tempfile
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from ulid import ULID

from resnet_core.config import RunConfig, SettingsError, parse
from resnet_core.records import Phase, RunInfo
from resnet_core.runs import places
from resnet_core.runs.checkpoint_files import META, MODEL, complete_steps
from resnet_core.runs.durable import check_free_space
from resnet_core.runs.foreign_metrics import Contents, check_metrics
from resnet_core.runs.foreign_weights import check_checkpoint, is_sound
from resnet_core.runs.foreign_zip import (
    CHUNK_BYTES,
    MAX_FILES,
    MAX_UNPACKED_BYTES,
    MAX_ZIP_BYTES,
    MEGABYTE,
    ArchiveError,
    open_zip,
    read_entry,
    unpack_entry,
    unpacked_bytes,
)
from resnet_core.runs.manifest import KNOWN_FILES, NAME, Manifest, Packed, describe, read_manifest
from resnet_core.runs.metrics import copy_whole
from resnet_core.runs.origin import NOTE, read_origin
from resnet_core.runs.store import RunStore, StoreError

__all__ = ["ArchiveError", "pack_run", "unpack_run", "write_archive"]

CONFIG, METRICS = "config.json", "metrics.db"
_ROOM_FOR_LISTS = 8 * MEGABYTE  # the manifest and the zip's own list of files
_SECONDS_OF_A_LEFTOVER = 3600


def pack_run(store: RunStore, run_id: str) -> bytes:
    """The zip of a run, also of a live one, as `unpack_run` takes it."""
    target = io.BytesIO()
    write_archive(store, run_id, target)
    return target.getvalue()


def write_archive(store: RunStore, run_id: str, target: BinaryIO) -> None:
    """Write the zip to an open file.

    When not all checkpoints fit into what can be imported, the newest and the first one go in before others.
    """
    info, folder = store.run(run_id), store.folder(run_id)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        files = {CONFIG: _add_bytes(archive, CONFIG, info.config.to_json().encode())}
        if (folder / NOTE).exists():
            files[NOTE] = _add_bytes(archive, NOTE, (folder / NOTE).read_bytes())
        if places.metrics_file(folder).exists():
            files[METRICS] = _add_metrics(archive, places.metrics_file(folder))
        _check_packable(files)
        _add_checkpoints(archive, places.checkpoints_folder(folder), files)
        archive.writestr(NAME, describe(info, files).model_dump_json(indent=1))


def unpack_run(store: RunStore, source: bytes | BinaryIO) -> RunInfo:
    """Enter a packed run into the store. Raises `ArchiveError` or `StoreError`, and then leaves nothing.

    A run that had not ended when it was packed comes in as STOPPED: nobody goes on with it here.
    """
    store.require_writable()
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    with open_zip(file, KNOWN_FILES) as archive, _scratch_folder(store) as folder:
        manifest = _manifest(archive)
        _check_is_new(store, manifest.run_id)
        _unpack(archive, manifest, folder)
        info = _info(manifest, *_check_contents(folder, manifest))
        arms_here = {run.arm for run in store.race(info.race_id)}
        return store.adopt(_alone(info) if info.arm in arms_here else info, folder)


# packing


def _add_bytes(archive: zipfile.ZipFile, name: str, content: bytes) -> Packed:
    archive.writestr(name, content)
    return Packed(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def _add_file(archive: zipfile.ZipFile, name: str, source: BinaryIO, method: int) -> Packed:
    digest, size = hashlib.sha256(), 0
    entry = zipfile.ZipInfo(name, time.localtime()[:6])
    entry.compress_type = method
    with archive.open(entry, "w", force_zip64=False) as target:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            target.write(chunk)
            size += len(chunk)
    return Packed(sha256=digest.hexdigest(), bytes=size)


def _add_metrics(archive: zipfile.ZipFile, path: Path) -> Packed:
    with tempfile.TemporaryDirectory(prefix="resnet-lab-") as scratch:
        copy = Path(scratch) / METRICS
        copy_whole(path, copy)
        with open(copy, "rb") as source:
            return _add_file(archive, METRICS, source, zipfile.ZIP_DEFLATED)


def _check_packable(files: dict[str, Packed]) -> None:
    size = sum(packed.bytes for packed in files.values())
    if size > MAX_UNPACKED_BYTES:
        raise ArchiveError(
            f"the run has {size // MEGABYTE} MiB of numbers and a zip can have "
            f"{MAX_UNPACKED_BYTES // MEGABYTE}; export it as Parquet instead"
        )


def _add_checkpoints(archive: zipfile.ZipFile, folder: Path, files: dict[str, Packed]) -> None:
    room = MAX_ZIP_BYTES - _ROOM_FOR_LISTS - archive.fp.tell()
    room = min(room, MAX_UNPACKED_BYTES - _ROOM_FOR_LISTS - sum(packed.bytes for packed in files.values()))
    for step in _by_importance(complete_steps(folder)):
        try:
            # Open files stay what they were when a worker puts this checkpoint aside.
            with (
                open(folder / str(step) / META, "rb") as meta,
                open(folder / str(step) / MODEL, "rb") as model,
            ):
                if not is_sound(meta.read(), model):
                    continue
                room -= model.seek(0, 2) + meta.seek(0, 2)
                if room < 0 or len(files) + 3 > MAX_FILES:
                    return
                for name, source in ((META, meta), (MODEL, model)):
                    source.seek(0)
                    entry = f"checkpoints/{step}/{name}"
                    files[entry] = _add_file(archive, entry, source, zipfile.ZIP_STORED)
        except FileNotFoundError:
            continue


def _by_importance(steps: list[int]) -> list[int]:
    return [*steps[-1:], *steps[:1], *reversed(steps[1:-1])] if len(steps) > 1 else steps


# unpacking


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    names = set(archive.namelist())
    for name in (NAME, CONFIG):
        if name not in names:
            raise ArchiveError(f"the zip has no {name}, so it is not an exported run")
    manifest = read_manifest(read_entry(archive, NAME, _ROOM_FOR_LISTS))
    if wrong := sorted(names - {NAME} ^ manifest.files.keys()):
        raise ArchiveError(f"the zip and its list of files differ: {wrong[0][:80]}")
    return manifest


def _check_is_new(store: RunStore, run_id: str) -> None:
    if any(run.id == run_id for run in store.runs()):
        raise ArchiveError(f"run {run_id} is already in this store; delete it first to import it again")


@contextmanager
def _scratch_folder(store: RunStore) -> Iterator[Path]:
    """A folder on the disk of the store that is gone afterwards, unless the store has taken it."""
    folder = store.root / f".import-{uuid.uuid4().hex}"
    try:
        _clear_leftovers(store.root)
        folder.mkdir()
        yield folder
    except OSError as error:
        raise StoreError(f"the run cannot be unpacked: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear_leftovers(root: Path) -> None:
    """Of imports that were killed."""
    for leftover in root.glob(".import-*"):
        if time.time() - leftover.stat().st_mtime > _SECONDS_OF_A_LEFTOVER:
            shutil.rmtree(leftover, ignore_errors=True)


def _unpack(archive: zipfile.ZipFile, manifest: Manifest, folder: Path) -> None:
    check_free_space(folder, unpacked_bytes(archive))
    for name, packed in manifest.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if unpack_entry(archive, name, target) != packed.sha256 or target.stat().st_size != packed.bytes:
            raise ArchiveError(f"{name} in the zip is damaged: it is not what it was when it was packed")


def _check_contents(folder: Path, manifest: Manifest) -> tuple[RunConfig, Contents]:
    try:
        config = parse((folder / CONFIG).read_bytes())
    except SettingsError as error:
        raise ArchiveError(f"the settings in the zip are not possible: {error}") from error
    _check_origin(folder, manifest)
    contents = Contents(0, None)
    if (folder / METRICS).exists():
        contents = check_metrics(folder / METRICS, config)
    for name in manifest.files:
        if name.startswith("checkpoints/"):
            _check_is_pair(name, manifest)
        if name.endswith(f"/{MODEL}"):
            check_checkpoint((folder / name).parent, config, manifest.files[name])
    return config, contents


def _check_origin(folder: Path, manifest: Manifest) -> None:
    try:
        origin = read_origin(folder)
    except StoreError as error:
        raise ArchiveError(f"{NOTE} in the zip is damaged") from error
    first = manifest.files.get(f"checkpoints/0/{MODEL}")
    if origin is not None and first is not None and first.sha256 != origin.sha256:
        raise ArchiveError(f"{NOTE} in the zip belongs to other weights than those of step 0")


def _check_is_pair(name: str, manifest: Manifest) -> None:
    place = name.rpartition("/")[0]
    if not {f"{place}/{MODEL}", f"{place}/{META}"} <= manifest.files.keys():
        raise ArchiveError(f"{place} in the zip is not a whole checkpoint")


def _info(manifest: Manifest, config: RunConfig, contents: Contents) -> RunInfo:
    phase, reason = manifest.phase, manifest.reason
    if not phase.has_ended:
        phase, reason = Phase.STOPPED, f"imported; it was {phase.lower()} when it was exported"
    return RunInfo(
        manifest.run_id,
        manifest.race_id,
        manifest.arm,
        config,
        phase,
        _plain(reason),
        created=manifest.created,
        started=manifest.started,
        finished=time.time() if manifest.finished is None else manifest.finished,
        steps_done=contents.steps_done,
        test_accuracy=contents.test_accuracy,
        steps_per_second=manifest.steps_per_second,
        environment={_plain(name): _plain(value) for name, value in manifest.environment.items()},
    )


def _plain(text: str) -> str:
    # It will stand on a page: no HTML, no Markdown link or picture, no formula.
    return " ".join(re.sub(r"[<>\[\]`$\\]", " ", text).split())


def _alone(info: RunInfo) -> RunInfo:
    """For a run whose place in its race is taken here by another one."""
    return replace(info, race_id=str(ULID()), arm=0)
