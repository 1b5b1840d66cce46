"""A zip from elsewhere, opened only when it keeps to the bounds, and unpacked one known file at a time."""

import hashlib
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

MEGABYTE = 2**20
MAX_ZIP_BYTES = 512 * MEGABYTE
MAX_UNPACKED_BYTES = 1024 * MEGABYTE
MAX_FILES = 10_000
MAX_RATIO = 100  # unpacked to packed, of a file above 1 MiB: an empty database of less is allowed to shrink
CHUNK_BYTES = 2**20

_END = struct.Struct("<4s4H2LH")  # the record a zip ends with
_BYTES_PER_ENTRY = 400  # in the list of files: 46 and a name
_ENCRYPTED = 0x1
_DAMAGE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, NotImplementedError,
    RuntimeError, ValueError, IndexError, OverflowError, OSError,
)  # fmt: skip


class ArchiveError(ValueError):
    """What is wrong with the zip of a run, in a sentence for people."""


def open_zip(file: BinaryIO, known: re.Pattern[str]) -> zipfile.ZipFile:
    """The zip in `file`, all of whose files have `known` names. Nothing is unpacked yet."""
    try:
        _check_end(file)
        archive = zipfile.ZipFile(file)
        _check_entries(archive.infolist(), known)
    except ArchiveError:
        raise
    except _DAMAGE as error:
        raise ArchiveError(f"this is not a whole zip file ({error})") from error
    return archive


def read_entry(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """A small file of the zip."""
    size = archive.getinfo(name).file_size
    if size > limit:
        raise ArchiveError(f"{name} in the zip has {size} bytes; at most {limit} are possible")
    return b"".join(_chunks(archive, name))


def unpack_entry(archive: zipfile.ZipFile, name: str, target: Path) -> str:
    """Write a file of the zip to `target`, which must not exist; returns its sha256."""
    digest = hashlib.sha256()
    with open(target, "xb") as file:
        for chunk in _chunks(archive, name):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def unpacked_bytes(archive: zipfile.ZipFile) -> int:
    return sum(entry.file_size for entry in archive.infolist())


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    # zipfile never gives more bytes than the list of files says, so the checks there bound what comes.
    try:
        with archive.open(name) as source:
            while chunk := source.read(CHUNK_BYTES):
                yield chunk
    except _DAMAGE as error:
        raise ArchiveError(f"{name} in the zip is damaged ({error})") from error


def _check_end(file: BinaryIO) -> None:
    """The size, and the length of the list of files: `zipfile` reads all of it before one can look at it."""
    size = file.seek(0, 2)
    if size > MAX_ZIP_BYTES:
        raise ArchiveError(
            f"the zip has {_megabytes(size)}; at most {_megabytes(MAX_ZIP_BYTES)} are possible"
        )
    file.seek(max(0, size - _END.size - 20))
    tail = file.read()
    if len(tail) < _END.size:
        raise ArchiveError(f"this is not a zip file: it has only {size} bytes")
    mark, disk, first_disk, here, count, list_bytes, _, comment = _END.unpack(tail[-_END.size :])
    if mark != b"PK\5\6" or comment or disk or first_disk or here != count:
        raise ArchiveError("this is not a whole zip file: its end is missing, or something was added to it")
    if tail.startswith(b"PK\6\7") or count > MAX_FILES or list_bytes > MAX_FILES * _BYTES_PER_ENTRY:
        raise ArchiveError(f"the zip has more than {MAX_FILES} files, which no run has")


def _check_entries(entries: Sequence[zipfile.ZipInfo], known: re.Pattern[str]) -> None:
    if len(entries) > MAX_FILES:
        raise ArchiveError(f"the zip has {len(entries)} files; at most {MAX_FILES} are possible")
    seen: set[str] = set()
    for entry in entries:
        _check_entry(entry, known)
        if entry.filename in seen:
            raise ArchiveError(f"{entry.filename} is in the zip twice")
        seen.add(entry.filename)
    total = sum(entry.file_size for entry in entries)
    if total > MAX_UNPACKED_BYTES:
        raise ArchiveError(
            f"unpacked, the zip would have {_megabytes(total)}; "
            f"at most {_megabytes(MAX_UNPACKED_BYTES)} are possible"
        )


def _check_entry(entry: zipfile.ZipInfo, known: re.Pattern[str]) -> None:
    name = repr(entry.orig_filename[:80])
    parts = re.split(r"[/\\]", entry.orig_filename)
    if ".." in parts or parts[0] == "" or ":" in parts[0]:
        raise ArchiveError(f"the zip has a file {name}, which leads out of its folder")
    if entry.filename != entry.orig_filename or not known.fullmatch(entry.filename):
        raise ArchiveError(f"the zip has a file {name}, which no exported run has")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise ArchiveError(f"{name} in the zip is a link or something else that is not a plain file")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError(f"{name} in the zip is encrypted, or packed in a way that is not read here")
    if entry.file_size > MEGABYTE and entry.file_size > MAX_RATIO * entry.compress_size:
        raise ArchiveError(
            f"{name} in the zip would unpack to {_megabytes(entry.file_size)}, "
            f"more than {MAX_RATIO} times its size"
        )


def _megabytes(count: int) -> str:
    return f"{count / MEGABYTE:.0f} MiB"
