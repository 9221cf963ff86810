"""The words of a text prompt: how much of it is read, and which of it the model never met."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import BundleError

__all__ = ["MAX_TEXT_BYTES", "readable", "remark", "unknown", "vocabulary"]

MAX_TEXT_BYTES = 100_000

_SHOWN_WORDS = 12


def vocabulary(path: Path) -> frozenset[str]:
    """The words of a vocabulary file.

    Raises:
        BundleError: it cannot be read.
    """
    try:
        return frozenset(path.read_text("utf-8").split())
    except (OSError, UnicodeDecodeError) as problem:
        raise BundleError(f"{path} cannot be read as words: {problem}.") from None


def unknown(text: str, known: frozenset[str]) -> list[str]:
    """Words of a text that are not known, each once, in order."""
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower().replace("\u2019", "'"))
    return list(
        dict.fromkeys(w for w in words if w not in known and w.removesuffix("'s") not in known)
    )


def readable(text: str) -> tuple[str, list[str]]:
    """The text that will be encoded, and a remark if that is not all of it."""
    raw = text.replace("\0", " ").encode()
    notes: list[str] = []
    if len(raw) > MAX_TEXT_BYTES:
        notes.append(
            f"The text of {len(raw):,} bytes is too long; "
            f"its first {MAX_TEXT_BYTES:,} bytes were used."
        )
    return raw[:MAX_TEXT_BYTES].decode(errors="ignore"), notes


def remark(words: list[str]) -> list[str]:
    """What is said of unknown words."""
    if not words:
        return []
    more = len(words) - _SHOWN_WORDS
    return [
        "These words were not understood, so the sound does not follow them: "
        + ", ".join(words[:_SHOWN_WORDS])
        + (f" and {more} more." if more > 0 else ".")
    ]
