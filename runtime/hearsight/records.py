"""The folder of one compiled graph: its files, and `record.json`, which says what they are."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from . import _parse
from .contract import is_name
from .errors import BundleError
from .external import external_files
from .hashes import file_sha256
from .keys import Key
from .manifest import DataFile

__all__ = [
    "RECORD",
    "Record",
    "astray",
    "copy",
    "damage",
    "described",
    "intact",
    "offered",
    "read_record",
    "record_bytes",
    "size_of",
    "too_far",
]

RECORD = "record.json"

_CHUNK = _MOST_BYTES = 2**20
_MOST_NAMED = 200  # characters
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TARGET = re.compile(r"([0-9]{1,2}\.[0-9]{1,2})?")


@dataclass(frozen=True)
class Record:
    """`record.json`, which lies beside the files of a compiled graph.

    bundle and name: of the graph it was built from. files: in the same folder. seconds: that
    building took. snr_db: against the golden outputs, measured on this machine; None where it was
    not.
    """

    key: Key
    bundle: str
    name: str
    files: tuple[DataFile, ...]
    seconds: float
    snr_db: float | None = None
    format: Literal[1] = 1

    @property
    def bytes(self) -> int:
        """Size of all its files."""
        return sum(listed.bytes for listed in self.files)


def record_bytes(record: Record) -> bytes:
    """The JSON text of a record."""
    return (json.dumps(dataclasses.asdict(record), indent=1) + "\n").encode()


def read_record(folder: Path) -> Record:
    """Read the record of a folder strictly; its files are not looked at.

    Raises:
        BundleError: it is missing, larger than any record, a link, or breaks a rule.
    """
    path = folder / RECORD
    try:
        if path.resolve() != folder.resolve() / RECORD:
            raise BundleError(f"{path} is a link, and compiled graphs hold their files themselves.")
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except (OSError, RuntimeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        raise BundleError(f"{path} cannot be read: {reason}.") from None
    if len(raw) > _MOST_BYTES:
        raise BundleError(f"{path} is larger than {_MOST_BYTES} bytes: no record is.")
    record = _parse.parse(Record, raw, str(path), BundleError)
    flaw = next(_flaws(record), "")
    if flaw:
        raise BundleError(f"{path}: {flaw}.")
    return record


def damage(place: Path, record: Record, sha256: Callable[[Path], str] | None = None) -> str:
    """What is wrong with the files of a record, in a sentence, or nothing."""
    for listed in record.files:
        path = place / listed.file
        try:
            if path.resolve() != place.resolve() / listed.file:
                return f"Its file {path} is a link."
            if not path.is_file():
                return f"Its file {path} is missing."
            whole = path.stat().st_size == listed.bytes
            if not whole or (sha256 and sha256(path) != listed.sha256):
                return f"Its file {path} is damaged."
        except (OSError, RuntimeError) as problem:
            return f"Its file {path} cannot be read: {problem}."
    return ""


def described(folder: Path) -> tuple[DataFile, ...]:
    """Every file in a folder, by name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple(
        DataFile(path.relative_to(folder).as_posix(), file_sha256(path), path.stat().st_size)
        for path in files
    )


def intact(place: Path) -> bool:
    """Whether a folder holds a record and its files, with the hashes that it says."""
    try:
        return not damage(place, read_record(place), file_sha256)
    except BundleError:
        return False


def offered(source: Path) -> list[tuple[Path, Record]]:
    """The compiled graphs of a folder that another machine made, files checked but not hashed.

    Raises:
        BundleError: there is none, or one breaks the format, is damaged or leads out of it.
    """
    try:
        places = [path for path in sorted(source.iterdir()) if path.is_dir()]
        visible = [path for path in places if not path.name.startswith(".")]
        single = (source / RECORD).is_file()
        if not single and not any((path / RECORD).is_file() for path in visible):
            raise BundleError(
                f"{source} holds no compiled graph; `hearsight-export engines --to` writes "
                "folders that do."
            )
        return [(path, _sound(source, path)) for path in ([source] if single else visible)]
    except OSError as problem:
        raise BundleError(f"{source} cannot be read: {problem.strerror}.") from None


def _sound(source: Path, place: Path) -> Record:
    if place != source and place.resolve() != source.resolve() / place.name:
        raise BundleError(f"{place} leads out of the folder; only its own files are taken.")
    record = read_record(place)
    if flaw := damage(place, record) or astray(place, record):
        raise BundleError(f"{place} cannot be taken in. {flaw}")
    return record


def astray(place: Path, record: Record) -> str:
    """Which file that is not its own a compiled graph would read, in a sentence, or nothing."""
    own = {listed.file for listed in record.files}
    for name in sorted(own):
        if name.endswith(".onnx"):
            try:
                others = external_files((place / name).read_bytes()) - own
            except (OSError, ValueError) as problem:
                return f"Its file {name} cannot be read: {problem}."
            if others:
                other = min(others)[:_MOST_NAMED]
                return f'Its file {name} reads "{other}", which its {RECORD} does not list.'
    return ""


def too_far(record: Record, least_snr_db: float) -> str:
    """How far from its golden outputs a compiled graph came, if that is too far, in a sentence, or
    nothing."""
    if record.snr_db is None or record.snr_db >= least_snr_db:
        return ""
    return (
        f"What {record.key.builder} made of it is {record.snr_db:.1f} dB from its golden outputs."
    )


def copy(source: Path, target: Path, listed: DataFile) -> None:
    """Copy a file, no further than its listed size, and check its hash.

    Raises:
        BundleError: it cannot be read, or is not as listed.
        OSError: it cannot be written.
    """
    digest, size = hashlib.sha256(), 0
    try:
        given = source.open("rb")
    except OSError as problem:
        raise BundleError(f"{source} cannot be read: {problem.strerror}.") from None
    with given, target.open("wb") as taken:
        while chunk := given.read(min(_CHUNK, listed.bytes + 1 - size)):
            digest.update(chunk)
            taken.write(chunk)
            size += len(chunk)
    if (size, digest.hexdigest()) != (listed.bytes, listed.sha256):
        raise BundleError(f"{source} is not the file that its {RECORD} lists: it is damaged.")


def size_of(place: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.lstat().st_size for path in place.rglob("*") if path.is_file())


def _flaws(record: Record) -> Iterator[str]:
    """Every breach of the format as a sentence without its end."""
    key = record.key
    if not _SHA256.fullmatch(key.graph):
        yield "key.graph must be 64 lower-case hexadecimal digits"
    if not key.targets or not all(_TARGET.fullmatch(target) for target in key.targets):
        yield "key.targets must be compute capabilities such as 8.6"
    if not key.builder or not key.system:
        yield "key.builder and key.system must not be empty"
    told = (key.profile, key.builder, key.card, key.driver, key.system, record.name)
    if not all(text.isprintable() for text in told):
        yield "texts must be printable"
    if not is_name(record.bundle) or not record.name:
        yield "bundle and name must be those of a bundle and its graph"
    if not record.files:
        yield "files is empty"
    if len({listed.file.casefold() for listed in record.files}) < len(record.files):
        yield "files names a file twice"
    for listed in record.files:
        if not _FILE.fullmatch(listed.file) or listed.file.casefold() == RECORD:
            yield f'files names "{listed.file}"; a file lies in the folder itself'
        if not _SHA256.fullmatch(listed.sha256) or listed.bytes < 0:
            yield f"files gives {listed.file} no true hash and size"
    if not 0 <= record.seconds < math.inf:
        yield "seconds must not be negative"
