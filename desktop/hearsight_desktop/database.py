"""The SQLite file of the history: opened whole and of this version's schema, or set aside."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from hearsight import OutputError

__all__ = ["Damaged", "connected", "moved_aside", "opened"]

_PATIENCE = 2.0  # seconds to wait for another program that writes
_STEPS = (
    (
        "CREATE TABLE takes (id TEXT PRIMARY KEY, batch TEXT NOT NULL, number INTEGER NOT NULL,"
        " created INTEGER NOT NULL, starred INTEGER NOT NULL, rejected INTEGER NOT NULL,"
        " words TEXT NOT NULL, entry TEXT NOT NULL)",
        "CREATE INDEX batches ON takes (batch, created)",
        "CREATE TABLE queue (place INTEGER PRIMARY KEY, job TEXT NOT NULL)",
    ),
)
"""Statements that make of the schema of their index (`user_version`) the next one."""

_KNOWN = (
    "SELECT id, batch, number, created, starred, rejected, words, entry FROM takes LIMIT 0",
    "SELECT place, job FROM queue LIMIT 0",
)


class Damaged(Exception):
    """A file that is no history, or no whole one."""


def opened(file: Path) -> sqlite3.Connection:
    """A connection to a whole history of this version.

    Raises:
        Damaged: it is none.
        OutputError: a newer version wrote it.
        sqlite3.OperationalError: the system refused.
    """
    base = connected(file)
    try:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        if (found := base.execute("PRAGMA quick_check(1)").fetchone()) != ("ok",):
            raise Damaged(found)
        _migrate(base, file)
        for query in _KNOWN:
            base.execute(query)
    except BaseException as problem:
        base.close()
        if _is_damage(problem):
            raise Damaged(str(problem)) from problem
        raise
    return base


def connected(file: Path) -> sqlite3.Connection:
    """A connection to whatever the file is; each statement is a transaction of its own."""
    base = sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None)
    # All that is read back was written in ASCII: anything else spoils its row, not the query.
    base.text_factory = lambda data: data.decode("ascii", "surrogateescape")
    return base


def _is_damage(problem: BaseException) -> bool:
    if isinstance(problem, sqlite3.OperationalError):
        return str(problem).startswith("no such ")
    return isinstance(problem, sqlite3.DatabaseError)


def _migrate(base: sqlite3.Connection, file: Path) -> None:
    """Bring the schema up to this version, whole or not at all."""
    if _version(base) == len(_STEPS):
        return
    base.execute("BEGIN IMMEDIATE")
    version = _version(base)  # another program may have done it meanwhile
    if version > len(_STEPS):
        raise OutputError(
            f"A newer Hearsight wrote the history {file}. Update Hearsight, or move that file away."
        )
    for statement in (statement for step in _STEPS[version:] for statement in step):
        base.execute(statement)
    base.execute(f"PRAGMA user_version = {len(_STEPS)}")
    base.execute("COMMIT")


def _version(base: sqlite3.Connection) -> int:
    [version] = base.execute("PRAGMA user_version").fetchone()
    return version


def moved_aside(file: Path) -> Path:
    """The new name of a file, `history.damaged-1.sqlite`, and of what SQLite keeps beside it."""
    number = 1
    while (aside := file.with_name(f"{file.stem}.damaged-{number}{file.suffix}")).exists():
        number += 1
    for tail in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            file.with_name(file.name + tail).rename(aside.with_name(aside.name + tail))
    return aside
