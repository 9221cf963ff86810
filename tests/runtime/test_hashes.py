"""Hashes are remembered, and forgetting or a broken cache changes nothing but time."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from hearsight.hashes import HashMemory, file_sha256

LONG_AGO = 10**18


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "hearsight"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights"
    path.write_bytes(b"first")
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    return path


def swap(path: Path) -> None:
    """Other content of the same size, with the same time of change."""
    path.write_bytes(b"other")
    os.utime(path, ns=(LONG_AGO, LONG_AGO))


def hash_once(path: Path, *, forget: bool = False) -> str:
    memory = HashMemory(forget=forget)
    digest = memory.sha256(path)
    memory.save()
    return digest


def test_a_file_is_hashed_in_pieces_as_in_one(tmp_path: Path):
    raw = os.urandom(3 * 2**20 + 7)
    (tmp_path / "large").write_bytes(raw)
    assert file_sha256(tmp_path / "large") == hashlib.sha256(raw).hexdigest()


def test_an_unchanged_file_is_not_read_again(file: Path):
    first = hash_once(file)
    assert first == hashlib.sha256(b"first").hexdigest()
    swap(file)
    assert hash_once(file) == first


def test_a_changed_file_is_read_again(file: Path):
    hash_once(file)
    file.write_bytes(b"other")
    assert hash_once(file) == hashlib.sha256(b"other").hexdigest()


def test_forgetting_reads_again_and_remembers_the_news(file: Path):
    hash_once(file)
    swap(file)
    other = hashlib.sha256(b"other").hexdigest()
    assert hash_once(file, forget=True) == other
    assert hash_once(file) == other


def test_a_file_that_changed_just_now_is_not_remembered(file: Path, cache: Path):
    os.utime(file)
    hash_once(file)
    assert not cache.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"x": 1}', "[" * 9999, '{"x": [1, 2, 3, 4]}'])
def test_a_broken_cache_is_made_anew(file: Path, cache: Path, content: str):
    cache.mkdir(parents=True)
    (cache / "hashes.json").write_text(content, encoding="utf-8")
    first = hash_once(file)
    swap(file)
    assert hash_once(file) == first


def test_a_cache_that_cannot_be_written_is_no_error(file: Path, cache: Path):
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the folder should be", encoding="utf-8")
    first = hash_once(file)
    swap(file)
    assert hash_once(file) != first


def test_two_memories_at_once_keep_both_findings(file: Path, tmp_path: Path):
    second = tmp_path / "second"
    second.write_bytes(b"first")
    os.utime(second, ns=(LONG_AGO, LONG_AGO))
    memories = [HashMemory(), HashMemory()]
    digests = [memory.sha256(path) for memory, path in zip(memories, (file, second), strict=True)]
    for memory in memories:
        memory.save()
    swap(file)
    swap(second)
    assert [hash_once(file), hash_once(second)] == digests
