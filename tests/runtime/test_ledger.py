"""What a batch remembers, even when it was cut off in the middle of a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import OutputError
from hearsight.events import Result, Start
from hearsight.ledger import Ledger, read_past


def result(id: str, variation: int, digest: str) -> Result:
    return Result(
        id=id, variation=variation, path=f"{id}.wav", seed=1, duration=1.0, sha256="s",
        request_sha256=digest, bundle="b", provider="p", precision="fp32", why="w", gain_db=0.0,
        loop=None, similarity=None, notes=(), timings=(),
    )  # fmt: skip


START = Start(bundle="b", bundle_sha256="h", seed=42, total=3, skipped=0)


def test_no_ledger_means_that_nothing_is_done(tmp_path):
    past = read_past(tmp_path / "none.jsonl")
    assert (past.seed, past.done, past.damaged) == (None, {}, 0)


def test_what_was_added_is_remembered_and_the_last_word_counts(tmp_path):
    path = tmp_path / "results.jsonl"
    with Ledger(path) as ledger:
        ledger.add(START)
        ledger.add(result("a", 0, "old"))
        ledger.add(result("a", 1, "x"))
    with Ledger(path) as ledger:
        ledger.add(result("a", 0, "new"))
    past = read_past(path)
    assert past.seed == 42
    assert past.done == {("a", 0): "new", ("a", 1): "x"}


@settings(deadline=None)
@given(st.lists(st.text(max_size=5), min_size=1, max_size=5, unique=True), st.data())
def test_cut_anywhere_it_loses_the_last_line_at_most_and_can_go_on(tmp_path_factory, ids, data):
    path: Path = tmp_path_factory.mktemp("ledger") / "results.jsonl"
    with Ledger(path) as ledger:
        ledger.add(START)
        for name in ids:
            ledger.add(result(name, 0, name))
    whole = path.read_bytes()
    kept = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:kept])
    complete = whole[:kept].count(b"\n")
    torn_but_whole = whole[kept : kept + 1] == b"\n"
    expected = {(name, 0): name for name in ids[: max(0, complete - 1 + torn_but_whole)]}
    assert read_past(path).done == expected
    with Ledger(path) as ledger:
        ledger.add(result("later", 3, "z"))
    assert read_past(path).done == expected | {("later", 3): "z"}


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_ledger(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("ledger") / "results.jsonl"
    path.write_bytes(raw)
    past = read_past(path)
    assert past.damaged + len(past.done) <= len(raw.splitlines())


def test_a_ledger_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        Ledger(tmp_path / "gone" / "results.jsonl")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="folder cannot be read"):
        read_past(tmp_path / "folder")


def test_a_full_disk_is_told_when_a_line_is_added(tmp_path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Ledger(tmp_path / "results.jsonl") as ledger:
        ledger.add(START)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, limits[1]))
        try:
            with pytest.raises(OutputError, match="--resume"):
                ledger.add(result("a", 0, "x"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert read_past(tmp_path / "results.jsonl").done == {}
