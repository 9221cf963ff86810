"""Byte-pair vocabularies as tokenizers publish them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .checkpoints import CheckpointError

__all__ = ["BytePairs", "TokenizerError", "find_byte_pairs", "read_byte_pairs"]

CLIP_MERGES = 48894  # CLIP takes the first ones of a longer list
CLIP_MARKS = ("<|startoftext|>", "<|endoftext|>")


class TokenizerError(CheckpointError):
    """Tokenizer files that are missing or not what they should be."""


@dataclass(frozen=True)
class BytePairs:
    """Pieces with their ids, and the pairs to merge, `left right`, in order of rank."""

    vocabulary: Mapping[str, int]
    merges: tuple[str, ...]


def read_byte_pairs(path: Path) -> BytePairs:
    """Read a byte-pair tokenizer.

    `path` is a folder (or one with a folder `tokenizer` in it) that holds `vocab.json` and
    `merges.txt`, or else `tokenizer.json`; or such a `tokenizer.json`; or CLIP's own
    `bpe_simple_vocab_16e6.txt.gz`, which lists merges only.

    Raises:
        TokenizerError: there is no such file, or it holds something else.
    """
    found = find_byte_pairs(path)
    if found is None:
        raise TokenizerError(
            f"{path} holds no tokenizer: expected vocab.json with merges.txt, or tokenizer.json."
        )
    try:
        if found.name.endswith(".gz"):
            return _clip_pairs(gzip.decompress(found.read_bytes()).decode())
        data = json.loads(found.read_text("utf-8"))
        if found.name == "vocab.json":
            merges = found.with_name("merges.txt").read_text("utf-8")
            return _pairs(data, _lines(merges), found)
        model = data["model"]
        return _pairs(model["vocab"], [_joined(pair) for pair in model["merges"]], found)
    except (OSError, EOFError, ValueError, KeyError, TypeError) as problem:
        if isinstance(problem, TokenizerError):
            raise
        raise TokenizerError(
            f"{found} cannot be read as a byte-pair tokenizer: {problem}."
        ) from None


def find_byte_pairs(path: Path) -> Path | None:
    """The file that `read_byte_pairs` would begin with, or None."""
    if path.is_file():
        return path
    for folder in (path, path / "tokenizer"):
        if (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
            return folder / "vocab.json"
        if (folder / "tokenizer.json").is_file():
            return folder / "tokenizer.json"
    return None


def _lines(merges: str) -> list[str]:
    return [line for line in merges.split("\n") if line and not line.startswith("#version")]


def _joined(pair: Any) -> str:
    return pair if isinstance(pair, str) else " ".join(pair)


def _pairs(vocabulary: Any, merges: list[str], found: Path) -> BytePairs:
    if not isinstance(vocabulary, dict) or not all(isinstance(v, int) for v in vocabulary.values()):
        raise TokenizerError(f"{found} holds no vocabulary of pieces and ids.")
    if not merges or any(len(pair.split(" ")) != 2 for pair in merges):
        raise TokenizerError(f"{found}: expected merges of two pieces, a space between them.")
    return BytePairs(vocabulary, tuple(merges))


def _clip_pairs(text: str) -> BytePairs:
    """CLIP's ids: bytes, bytes that end a word, merged pairs in order, marks (openai/CLIP)."""
    merges = text.split("\n")[1 : 1 + CLIP_MERGES]
    letters = [chr(i) for i in (*range(33, 127), *range(161, 173), *range(174, 256))]
    letters += [chr(256 + i) for i in range(256 - len(letters))]  # for bytes that show nothing
    pieces = [*letters, *(f"{letter}</w>" for letter in letters)]
    pieces += ["".join(pair.split()) for pair in merges]
    return BytePairs({p: i for i, p in enumerate([*pieces, *CLIP_MARKS])}, tuple(merges))
