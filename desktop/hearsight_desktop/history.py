"""What the user made and did, kept on disk: takes, their stars and trims, and the queue."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from hearsight import OutputError, RequestError

from .database import Damaged, connected, moved_aside, opened
from .entry import Entry
from .jobs import Job, job_from_json, job_to_json
from .rows import entry_line, read_entry

__all__ = ["History", "says"]

T = TypeVar("T")

_SELECT = """
    SELECT takes.id, entry FROM takes
    JOIN (SELECT batch, min(created) AS began FROM takes GROUP BY batch) USING (batch)
    WHERE {} ORDER BY began DESC, batch, number, created
"""


class History:
    """Every take that was made, in one SQLite file; it belongs to the thread that opened it.

    What a method wrote is on disk when it returns: it outlives this program, however that ends.
    """

    def __init__(self, file: Path) -> None:
        """Open or begin a history.

        A damaged file is moved aside and what can be read of it is taken over; `notes` says so.

        Raises:
            OutputError: its folder cannot be written, or a newer version wrote it.
        """
        self._file = file
        self._said: list[str] = []
        self._unread: set[tuple[str, object]] = set()
        self._read: dict[str, tuple[str, Entry]] = {}
        with self._told():
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                self._base = opened(file)
            except Damaged:
                aside = moved_aside(file)
                self._base = opened(file)
                self._rescue(aside)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user: what was damaged, what was left out."""
        takes = sum(kind == "take" for kind, _ in self._unread)
        jobs = len(self._unread) - takes
        unread = [
            f"{count} {kind}{'s' if count > 1 else ''} in {self._file} could not be read."
            for kind, count in (("take", takes), ("waiting job", jobs))
            if count
        ]
        return (*self._said, *unread)

    def add(self, *entries: Entry) -> None:
        """Keep entries, in place of those with the same ids.

        Raises:
            OutputError: it could not be written; the history is as before.
        """
        with self._writing() as base:
            base.executemany(
                "INSERT OR REPLACE INTO takes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [_row(entry) for entry in entries],
            )

    def entry(self, id: str) -> Entry | None:
        """The entry of that id, if there is one that can be read."""
        return next(iter(self._entries("takes.id = ?", [id])), None)

    def entries(
        self, words: str = "", *, starred: bool = False, rejected: bool = False
    ) -> list[Entry]:
        """The newest batch first, within a batch by number.

        Each of `words` must occur in the texts, name or model of an entry, in whatever case.
        `starred`: only those. `rejected`: only those; otherwise they are left out.
        """
        wanted = _folded(words).split()
        clauses = ["rejected = ?", *["starred"] * starred, *["instr(words, ?)"] * len(wanted)]
        return self._entries(" AND ".join(clauses), [rejected, *wanted])

    def forget(self, ids: Iterable[str]) -> None:
        """Keep these entries no longer.

        Raises:
            OutputError: it could not be written; the history is as before.
        """
        gone = [(id,) for id in ids]
        with self._writing() as base:
            base.executemany("DELETE FROM takes WHERE id = ?", gone)
        for (id,) in gone:
            self._read.pop(id, None)

    def save_queue(self, jobs: Sequence[Job]) -> None:
        """Keep the jobs that wait, in their order, and no others.

        Raises:
            OutputError: it could not be written; those kept before still are.
        """
        rows = [
            (place, json.dumps(job_to_json(job), allow_nan=False)) for place, job in enumerate(jobs)
        ]
        with self._writing() as base:
            base.execute("DELETE FROM queue")
            base.executemany("INSERT INTO queue VALUES (?, ?)", rows)

    def queue(self) -> list[Job]:
        """The jobs that waited when they were last saved."""
        jobs: list[Job] = []
        with self._told():
            rows = self._base.execute("SELECT place, job FROM queue ORDER BY place").fetchall()
        for place, line in rows:
            try:
                jobs.append(_job(line))
            except ValueError:
                self._unread.add(("job", place))
        return jobs

    def close(self) -> None:
        """Finish; the history cannot be used any more."""
        self._base.close()

    def _entries(self, clause: str, values: Sequence[object]) -> list[Entry]:
        with self._told():
            rows = self._base.execute(_SELECT.format(clause), values).fetchall()
        return [entry for id, line in rows if (entry := self._entry(id, line))]

    def _entry(self, id: str, line: str) -> Entry | None:
        # Reading a row takes longer than finding it, and every letter of a search finds many.
        known = self._read.get(id)
        if known and known[0] == line:
            return known[1]
        try:
            entry = read_entry(line)
            if entry.id != id:
                raise ValueError(f"{id} names itself {entry.id}")
        except ValueError:
            self._unread.add(("take", id))
            return None
        self._unread.discard(("take", id))
        self._read[id] = line, entry
        return entry

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """All that happens inside is written, or nothing."""
        if not self._file.exists():  # SQLite would go on in a file that is lost when it is closed
            raise OutputError(
                f"The history {self._file} is gone: deleted, or its disk is not connected. "
                "Bring it back, or start Hearsight again to begin a new one."
            )
        with self._told():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
                self._base.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._base.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite or the system says, as what failed and what to do."""
        try:
            yield
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise OutputError(
                f"The history {self._file} cannot be kept there: {reason}. {_advice('')}"
            ) from problem
        except sqlite3.Error as problem:
            raise OutputError(
                f"The history {self._file} could not be used: {problem}. {_advice(str(problem))}"
            ) from problem

    def _rescue(self, aside: Path) -> None:
        entries, jobs = _legible(aside)
        for entry in entries:
            self.add(entry)
        self.save_queue(jobs)
        saved = f"{len(entries)} take{'' if len(entries) == 1 else 's'}"
        self._said.append(
            f"The history was damaged. {saved} could be read from it; the damaged file is kept "
            f"as {aside}."
        )


def says(entry: Entry, words: str) -> bool:
    """Whether each of the words occurs in the texts, name or model of an entry, in whatever
    case."""
    said = _said(entry)
    return all(word in said for word in _folded(words).split())


def _said(entry: Entry) -> str:
    texts = (entry.title, entry.name, entry.request.negative, entry.model)
    return _folded("\n".join(texts))


def _row(entry: Entry) -> tuple[object, ...]:
    """An entry as a row of the table `takes`; created in microseconds since 1970."""
    return (
        entry.id,
        entry.batch,
        entry.number,
        round(entry.created.timestamp() * 1e6),
        entry.starred,
        entry.rejected,
        _said(entry),
        entry_line(entry),
    )


def _job(line: str) -> Job:
    """Read a job strictly, or raise ValueError."""
    try:
        return job_from_json(json.loads(line))
    except (AttributeError, RecursionError, RequestError, TypeError) as problem:
        raise ValueError(str(problem)) from problem


def _folded(text: str) -> str:
    """Without what looks or sounds the same: SQLite knows upper case in ASCII only."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return folded.encode(errors="replace").decode()


def _legible(aside: Path) -> tuple[list[Entry], list[Job]]:
    """What can be read of a damaged file."""
    base = connected(aside)
    entries = _readable(base, "SELECT rowid, entry FROM takes ORDER BY rowid", read_entry)
    jobs = _readable(base, "SELECT rowid, job FROM queue ORDER BY rowid", _job)
    base.close()
    return entries, jobs


def _readable(base: sqlite3.Connection, query: str, read: Callable[[str], T]) -> list[T]:
    """From both ends up to the damage, in the order of the rows."""
    found: dict[int, T] = {}
    for order in (" ASC", " DESC"):
        with contextlib.suppress(sqlite3.Error):
            for row, line in base.execute(query + order):
                with contextlib.suppress(ValueError):
                    found[row] = read(line)
    return [found[row] for row in sorted(found)]


def _advice(said: str) -> str:
    if "full" in said or "I/O" in said:
        return "Free some space on its disk, and see that it is connected."
    if "locked" in said or "busy" in said:
        return "Another program is using it: close that and try again."
    if "malformed" in said or "not a database" in said:
        return "Start Hearsight again: it saves what can be read."
    return "See that its disk is connected and that you may write there."
