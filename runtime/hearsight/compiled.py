"""Compiled graphs of this machine: kept in the user's cache, each with the key it was built for.

A compiled graph is a folder named after its key's digest, with `record.json` and the files. It
appears whole or not at all: it is built in a folder beside, under a lock of its key, and renamed.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import re
import shutil
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from .errors import BundleError, OutputError
from .hashes import HashMemory
from .keys import Key, differences, reason
from .records import (
    RECORD,
    Record,
    astray,
    copy,
    damage,
    described,
    intact,
    offered,
    read_record,
    record_bytes,
    size_of,
    too_far,
)
from .sampler import Cancel

__all__ = ["Compiled", "Found", "Key", "Missing", "Record"]

_PATIENCE = 0.2  # seconds between two looks at a wish to stop
_EQUAL_DB = 300.0  # stands for the infinite SNR of equal outputs: JSON holds no infinity
_DIGEST = re.compile(r"[0-9a-f]{32}")
_LEFTOVER = re.compile(r"\.([0-9a-f]{32})\.([0-9]+)\.(part|old)")

Make = Callable[[Path], float | None]
"""Writes files into a folder and gives their SNR in dB against the graph, if it was measured."""


@dataclass(frozen=True)
class Found:
    """A compiled graph that fits and whose files are as they were built."""

    record: Record
    folder: Path


@dataclass(frozen=True)
class Missing:
    """No compiled graph fits; `reason` says why in one or more sentences."""

    reason: str


class Compiled:
    """The store of compiled graphs; any number of processes may use one at once.

    Args:
        folder: where it is; None takes the user's cache folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        cache = platformdirs.user_cache_path("hearsight", appauthor=False)
        self.folder = folder or cache / "compiled"

    def find(
        self, wanted: Key, bundle: str = "", name: str = "", least_snr_db: float = -math.inf
    ) -> Found | Missing:
        """The compiled graph that fits a key, its files checked, or why there is none.

        `bundle` and `name` are those of the graph: with them a reason can tell that the graph has
        changed. One that came less near to its golden outputs than `least_snr_db` is none. Hashes
        that were checked before are remembered by size and time of change.
        """
        near: list[Key] = []
        flaws: list[str] = []
        entries = sorted(self._entries(), key=lambda entry: entry[0].name != wanted.digest)
        for place, record in entries:
            if isinstance(record, BundleError):
                if place.name == wanted.digest:
                    flaws.append(f"Its record is damaged: {record}")
                continue
            key = record.key
            if not any(differences(key, wanted)):
                memory = HashMemory()
                flaw = damage(place, record, memory.sha256) or astray(place, record)
                flaw = flaw or too_far(record, least_snr_db)
                memory.save()
                if not flaw:
                    return Found(record, place)
                flaws.append(flaw)
            if key.graph == wanted.graph or (record.bundle, record.name) == (bundle, name):
                near.append(key)
        return Missing(" ".join(flaws) or reason(near, wanted))

    def build(
        self,
        wanted: Key,
        bundle: str,
        name: str,
        make: Make,
        cancel: Cancel,
        waiting: Callable[[str], None] | None = None,
        least_snr_db: float = -math.inf,
    ) -> Found:
        """The compiled graph that fits a key: the one that is there, or a new one.

        Args:
            wanted: the key it is built for.
            bundle, name: of the graph.
            make: builds it.
            cancel: looked at while another process builds the same, and before building.
            waiting: told once, in a sentence, that another process builds it already.
            least_snr_db: as for `find`.

        Raises:
            Cancelled: before it was built.
            OutputError: the folder cannot be written, such as to a full disk.
            HearsightError: whatever `make` raises; nothing is left behind.
        """
        with self._locked(wanted.digest, cancel, waiting):
            found = self.find(wanted, bundle, name, least_snr_db)
            if isinstance(found, Found):
                return found
            with self._part(wanted.digest, f'The compiled graph "{name}" of "{bundle}"') as part:
                began = time.monotonic()
                snr_db = make(part)
                seconds = round(time.monotonic() - began, 3)
                record = Record(
                    key=wanted,
                    bundle=bundle,
                    name=name,
                    files=described(part),
                    seconds=seconds,
                    snr_db=None if snr_db is None else _finite(snr_db),
                )
                return Found(record, self._publish(part, record))

    def compared(self, found: Found, snr_db: float) -> Found:
        """Keep in its record how near a compiled graph came to its golden outputs here.

        A record that cannot be written, or that another process changes, stays as it is: the
        comparison is made again, and that is all.
        """
        record = replace(found.record, snr_db=_finite(snr_db))
        part = found.folder / f".{RECORD}.{os.getpid()}.part"
        with (
            contextlib.suppress(OSError, Timeout),
            self._lock(found.folder.name).acquire(timeout=0),
        ):
            try:
                if read_record(found.folder) == found.record:
                    part.write_bytes(record_bytes(record))
                    _to_disk(part)
                    part.replace(found.folder / RECORD)
            except BundleError:
                pass  # deleted or damaged meanwhile
            finally:
                part.unlink(missing_ok=True)
        return replace(found, record=record)

    def records(self) -> Iterator[tuple[Path, Record]]:
        """Every compiled graph with its folder; those whose record cannot be read are left out."""
        for place, record in self._entries():
            if isinstance(record, Record):
                yield place, record

    def damaged(self) -> Iterator[tuple[Path, str]]:
        """The folders of what cannot be used any more, and why; files are not hashed for it."""
        for place, record in self._entries():
            flaw = str(record) if isinstance(record, BundleError) else damage(place, record)
            if flaw:
                yield place, flaw

    def leftovers(self) -> Iterator[Path]:
        """Folders of builders that did not come to an end, and that nobody works in."""
        for place in self._places():
            if found := _LEFTOVER.fullmatch(place.name):
                lock = self._lock(found[1])
                with contextlib.suppress(Timeout, OSError), lock.acquire(timeout=0):
                    yield place

    def remove(self, place: Path) -> int:
        """Delete one of the folders told here, or another of the cache, and give the bytes it took.

        Raises:
            OutputError: it cannot be deleted.
        """
        size = size_of(place)
        try:
            if _DIGEST.fullmatch(place.name):  # nobody must find half of it
                old = place.with_name(f".{place.name}.{os.getpid()}.old")
                shutil.rmtree(old, ignore_errors=True)
                place = place.rename(old)
            shutil.rmtree(place)
        except FileNotFoundError:
            return 0  # another process was faster
        except OSError as problem:
            raise OutputError(
                f"{place} cannot be deleted: {problem.strerror}. Close the programs that use it."
            ) from None
        return size

    def take_in(self, source: Path, cancel: Cancel) -> list[Record]:
        """Copy the compiled graphs of another store's folder, or of one of its folders.

        All records are checked before anything is copied, and each file's hash while it is
        copied. What another machine measured is not taken over. What is there already stays.
        `cancel` is looked at before each graph.

        Raises:
            Cancelled: before the next one.
            BundleError: there is none, or one breaks the format, is damaged or holds links.
            OutputError: this store's folder cannot be written.
        """
        taken: list[Record] = []
        for place, told in offered(source):
            record = replace(told, snr_db=None)
            digest = record.key.digest
            with self._locked(digest, cancel, None):
                if not intact(self.folder / digest):
                    with self._part(digest, f"The compiled graph in {place}") as part:
                        for listed in record.files:
                            copy(place / listed.file, part / listed.file, listed)
                        self._publish(part, record)
            taken.append(record)
        return taken

    def _places(self) -> list[Path]:
        try:
            return sorted(place for place in self.folder.iterdir() if place.is_dir())
        except OSError:
            return []

    def _entries(self) -> Iterator[tuple[Path, Record | BundleError]]:
        """Every folder named like a digest: its record, or what is wrong with it."""
        for place in self._places():
            if _DIGEST.fullmatch(place.name):
                try:
                    record = read_record(place)
                    if record.key.digest != place.name:
                        raise BundleError(f"{place} is not named after the key in its {RECORD}.")
                except BundleError as problem:
                    yield place, problem
                else:
                    yield place, record

    def _lock(self, digest: str) -> FileLock:
        # The system frees it when its process ends in whatever way; the empty file stays.
        return FileLock(self.folder / f".{digest}.lock")

    @contextmanager
    def _locked(
        self, digest: str, cancel: Cancel, waiting: Callable[[str], None] | None
    ) -> Generator[None, None, None]:
        lock = self._lock(digest)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            while True:
                cancel.raise_if()
                try:
                    lock.acquire(timeout=_PATIENCE, poll_interval=_PATIENCE / 4)
                    break
                except Timeout:
                    if waiting:
                        waiting(self._builder(digest))
                        waiting = None
        except OSError as problem:
            raise _unwritable(str(self.folder), problem) from None
        try:
            yield
        finally:
            lock.release()

    def _builder(self, digest: str) -> str:
        """Who builds it."""
        for place in self._places():
            found = _LEFTOVER.fullmatch(place.name)
            if found and found[1] == digest and found[3] == "part":
                return f"Process {found[2]} builds it already."
        return "Another process builds it already."

    @contextmanager
    def _part(self, digest: str, what: str) -> Generator[Path, None, None]:
        """An empty folder to build in, while the lock is held; what is left in it is deleted."""
        part = self.folder / f".{digest}.{os.getpid()}.part"
        try:
            for place in self._places():
                if place.name.startswith(f".{digest}."):
                    shutil.rmtree(place, ignore_errors=True)
            part.mkdir()
            yield part
        except OSError as problem:
            raise _unwritable(what, problem) from None
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _publish(self, part: Path, record: Record) -> Path:
        (part / RECORD).write_bytes(record_bytes(record))
        if read_record(part) != record:
            raise BundleError(f"{part / RECORD} does not survive being written and read.")
        for path in (*part.iterdir(), part):
            _to_disk(path)
        target = self.folder / record.key.digest
        self.remove(target)  # a damaged one
        part.rename(target)
        _to_disk(self.folder)
        return target


def _finite(snr_db: float) -> float:
    return min(max(snr_db, -_EQUAL_DB), _EQUAL_DB)


def _to_disk(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows has no such thing for folders
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(what: str, problem: OSError) -> OutputError:
    place = f" ({problem.filename})" if problem.filename else ""
    full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = " Free space there, or delete with `runtime-cli engines clean`." if full else ""
    return OutputError(f"{what} cannot be kept: {problem.strerror or problem}{place}.{remedy}")
