"""The sounds as files: untouched originals in a folder of the app, finished ones in the user's.

Beside each original `ID.wav` lies its receipt `ID.json`: the entry as it was last kept or
delivered, and how to know the delivered file again. So a history that is lost can be made anew,
and a file that somebody has changed since is left alone.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from threading import Lock
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from hearsight import MediaError, OutputError, Sound, Take, write_wav

from .claim import claim
from .delivery import Delivery, render
from .entry import Edit, Entry
from .naming import file_name, typed_name
from .receipt import mark, read_receipt, write_receipt

__all__ = ["Takes", "Usage"]

_ORIGINAL = re.compile(r"[0-9a-f]{32}\.wav")
_UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.(wav|flac|ogg)(\.part)?|[0-9a-f]{32}\.(wav|json)\.part")
_STALE = 3600  # seconds after which nobody writes to an unfinished file any more


@dataclass(frozen=True)
class Usage:
    """Bytes: of the originals, of the delivered files, free on the fuller of their disks, and of
    the originals and delivered files that are rejected."""

    originals: int
    delivered: int
    free: int
    rejected: int


class Takes:
    """The files of all takes; any thread may use it."""

    def __init__(self, originals: Path, delivered: Path) -> None:
        """Use two folders, which are made when the first file is written."""
        self._originals = originals
        self._delivered = delivered
        self._lock = Lock()  # no two at once may give one take its file

    def deliver_to(self, folder: Path) -> None:
        """Deliver into another folder from now on; files delivered before stay where they are."""
        # Without the lock: whoever chooses another folder may do so because this one hangs.
        self._delivered = folder

    def keep(self, take: Take, *, batch: str, model: str, name: str) -> Entry:
        """Write a take as it came, and begin its entry.

        Its file holds 32-bit float samples and says how it was made; it appears whole, and so
        that `orphans` finds it from then on.

        Raises:
            OutputError: the disk is full, or not there, or cannot be written.
        """
        id = uuid4().hex
        init = take.request.init
        loop = take.loop and (
            take.loop[0] / take.sample_rate,
            (take.loop[1] + 1) / take.sample_rate,
        )
        entry = Entry(
            id=id,
            batch=batch,
            number=take.variation + 1,
            name=name,
            request=take.request,
            model=model,
            item_seed=take.item_seed,
            provider=take.plan.provider,
            precision=take.plan.precision,
            why=take.plan.why,
            created=datetime.now(timezone.utc),
            seconds=take.seconds,
            sample_rate=take.sample_rate,
            original=self._originals / f"{id}.wav",
            # What stays of a sound that was given must go on where the rest of it is.
            edit=Edit(loop=loop, level="none" if init and init.partial else Edit.level),
            notes=take.notes,
            sources=take.sources,
        )
        _make(self._originals)
        receipt = self._receipt(id)
        write_receipt(receipt, entry)
        try:
            write_wav(entry.original, take, subtype="32f")
        except BaseException:
            with contextlib.suppress(OSError):
                receipt.unlink()
            raise
        return entry

    def audio(self, entry: Entry) -> tuple[NDArray[np.float32], int]:
        """The original, float32 [samples] or [samples, 2], and its rate in Hz.

        Raises:
            MediaError: it was deleted, is damaged, or its disk is gone.
        """
        import soundfile

        path = self._original(entry)
        try:
            # Not by its path: libsndfile takes some names for something else.
            with open(path, "rb") as file:
                audio, sample_rate = soundfile.read(file, dtype="float32")
        except FileNotFoundError as problem:
            raise MediaError(_missing(path)) from problem
        except (OSError, soundfile.LibsndfileError) as problem:
            raise MediaError(
                f"The original {path} cannot be read: it is damaged, or its disk is. "
                "Use the settings of this take to make it again."
            ) from problem
        return audio, sample_rate

    def deliver(self, entry: Entry, delivery: Delivery, *, rights: str) -> Entry:
        """Write the finished file of a take, and give back the entry that knows it.

        It takes the place of the file that this take was delivered as before. A file that
        somebody else wrote, or has changed since, stays: the next free number is taken then.
        `rights`: a line on who may use it how.

        Raises:
            MediaError: the original was deleted or cannot be read.
            OutputError: the disk is full, or not there, or cannot be written.
            RequestError: the delivery makes no name of this take's.
        """
        name = typed_name(file_name(entry.name, delivery.naming))
        audio, sample_rate = self.audio(entry)
        entry = replace(entry, original=self._original(entry))
        sound = render(audio, sample_rate, entry, delivery, rights)
        with self._lock:
            return self._place(entry, sound, name, delivery)

    def usage(self, entries: Sequence[Entry]) -> Usage:
        """What lies on the disk now: everything in the folder of originals, and the delivered
        files of these entries. It looks at every file, so ask from a worker."""
        free = min(_free(self._originals), _free(self._delivered))
        delivered = sum(_bytes(entry.delivered) for entry in entries if entry.delivered)
        originals = sum(_bytes(path) for path in _listed(self._originals))
        rejected = sum(self.size(entry) for entry in entries if entry.rejected)
        return Usage(originals, delivered, free, rejected)

    def size(self, entry: Entry) -> int:
        """Bytes that the files of a take take on the disk."""
        files = (self._original(entry), self._receipt(entry.id), entry.delivered)
        return sum(_bytes(path) for path in files if path)

    def over_budget(self, entries: Sequence[Entry], limit_bytes: int) -> list[Entry]:
        """What to remove so that originals and delivered files take no more than that together.

        `entries`: all of them. Rejected ones go first, then the oldest; never one with a star,
        one that is used elsewhere, or one of the newest batch, even if that is not enough.
        """
        usage = self.usage(entries)
        excess = usage.originals + usage.delivered - limit_bytes
        newest = max(entries, key=lambda entry: entry.created).batch if entries else ""
        going: list[Entry] = []
        for entry in sorted(entries, key=lambda entry: (not entry.rejected, entry.created)):
            if excess <= 0:
                break
            spared = entry.starred or entry.used or entry.batch == newest
            if spared or not (size := self.size(entry)):
                continue
            going.append(entry)
            excess -= size
        return going

    def remove(self, entry: Entry) -> None:
        """Delete the original, and the delivered file if it is still as it was written: that one
        is read for it, so ask from a worker.

        Raises:
            OutputError: a file cannot be deleted; the original is then still there.
        """
        receipt = self._receipt(entry.id)
        with self._lock:
            try:
                for path in (self._own(entry.id), self._original(entry), receipt):
                    if path:
                        path.unlink(missing_ok=True)
            except OSError as problem:
                raise OutputError(
                    f"{problem.filename} cannot be deleted: {problem.strerror}. "
                    "Close the program that uses it and try again."
                ) from problem

    def orphans(self, known_ids: Collection[str]) -> list[Entry]:
        """Entries of the originals that a history does not know, the oldest first.

        They are as they were last delivered; an original without a readable receipt stays where
        it is.
        """
        found: list[Entry] = []
        for path in _listed(self._originals):
            if path.stem in known_ids or not _ORIGINAL.fullmatch(path.name):
                continue
            with contextlib.suppress(OSError, ValueError):
                entry, _ = read_receipt(self._receipt(path.stem))
                there = entry.delivered and entry.delivered.is_file()
                delivered = entry.delivered if there else None
                found.append(replace(entry, original=path, delivered=delivered))
        return sorted(found, key=lambda entry: (entry.created, entry.number))

    def clear_away(self) -> None:
        """Delete what a crash left unfinished. It may wait for a disk, so ask from a worker."""
        _clear(self._originals)
        _clear(self._delivered)

    def _place(self, entry: Entry, sound: Sound, name: str, delivery: Delivery) -> Entry:
        if not entry.original.exists():  # removed while its file was made
            raise MediaError(_missing(entry.original))
        folder, own = self._delivered, self._own(entry.id)
        _make(folder)
        part = folder / f".{entry.id}{delivery.suffix}"
        try:
            write_wav(part, sound, subtype=delivery.subtype)
            delivered_mark = mark(part)
            path = claim(part, folder, name, delivery.suffix, own)
        except BaseException as problem:
            with contextlib.suppress(OSError):
                part.unlink()
            if isinstance(problem, OSError):
                reason = problem.strerror or str(problem)
                raise OutputError(
                    f"{name}{delivery.suffix} could not be put into {folder}: {reason}. "
                    "See that its disk is connected, or choose another folder."
                ) from problem
            raise
        if delivery.naming.style == "name":
            entry = replace(entry, name=path.stem)
        entry = replace(entry, delivered=path)
        write_receipt(self._receipt(entry.id), entry, delivered_mark)
        # Projects may refer to files in a folder that was used before: those stay.
        if own and own.parent == folder:
            with contextlib.suppress(OSError):
                if not own.samefile(path):
                    own.unlink()
        return entry

    def _own(self, id: str) -> Path | None:
        """The file that a take was delivered as, while it is as it was written."""
        with contextlib.suppress(OSError, ValueError):
            entry, delivered_mark = read_receipt(self._receipt(id))
            if entry.delivered and mark(entry.delivered) == delivered_mark:
                return entry.delivered
        return None

    def _receipt(self, id: str) -> Path:
        return self._originals / f"{id}.json"

    def _original(self, entry: Entry) -> Path:
        """Where the original lies now: the folder may have moved along with the user's home."""
        moved = self._originals / f"{entry.id}.wav"
        return moved if moved.exists() else entry.original


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OutputError(
            f"The folder {folder} cannot be made: {problem.strerror or problem}. "
            "Connect its disk, or choose another folder."
        ) from problem


def _missing(path: Path) -> str:
    if not path.parent.is_dir():
        return f"The folder {path.parent} is gone. Connect its disk, or bring the folder back."
    return f"The original {path} was deleted. Use the settings of this take to make it again."


def _listed(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:  # which knows files from folders without asking again
            return [Path(item.path) for item in found if item.is_file()]
    except OSError:
        return []


def _clear(folder: Path) -> None:
    """Delete what was being written when a program ended."""
    for path in _listed(folder):
        with contextlib.suppress(OSError):
            if _UNFINISHED.fullmatch(path.name) and time.time() - path.stat().st_mtime > _STALE:
                path.unlink()


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _free(folder: Path) -> int:
    """Bytes free on the disk where a folder is, or will be."""
    for place in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            return shutil.disk_usage(place).free
    return 0
