"""Which characters are letters or digits, and what their lower case is, as Python knows them.

`python tests/native/make_letters.py` writes the tables of `runtime/native/src/letters.inc`.
Characters that Unicode has not assigned may count as either, which keeps the tables short.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

PLACE = Path(__file__).resolve().parents[2] / "runtime" / "native" / "src" / "letters.inc"
END = 0x30000  # nothing beyond has letters that anybody types


def letters() -> list[str]:
    """Ranges of letters and digits: first, last."""
    ranges: list[list[int]] = []
    before = False
    for code in range(END):
        if unicodedata.category(chr(code)) in ("Cn", "Co", "Cs"):
            continue
        now = chr(code).isalnum()
        if now and before:
            ranges[-1][1] = code
        elif now:
            ranges.append([code, code])
        before = now
    return [f"{{0x{first:X}, 0x{last:X}}}" for first, last in ranges]


def lowered() -> list[str]:
    """Runs of capitals: first, last, how far one is from the next, how far its lower case is."""
    runs: list[list[int]] = []
    for code in range(END):
        lower = chr(code).lower()
        if len(lower) != 1 or lower == chr(code):
            continue
        away = ord(lower) - code
        if runs and runs[-1][3] == away and code - runs[-1][1] in (1, 2):
            first, last, stride, _ = runs[-1]
            if first == last or stride == code - last:
                runs[-1][1:3] = [code, code - last]
                continue
        runs.append([code, code, 1, away])
    return [f"{{0x{first:X}, 0x{last:X}, {by}, {away}}}" for first, last, by, away in runs]


def table(name: str, kind: str, entries: list[str]) -> str:
    lines = [f"constexpr {kind} {name}[] = {{"]
    for entry in entries:
        if len(lines[-1]) + len(entry) + 2 > 100 or len(lines) == 1:
            lines.append("   ")
        lines[-1] += f" {entry},"
    return "\n".join([*lines, "};"])


def main() -> None:
    text = (
        f"// Made by tests/native/make_letters.py with Unicode {unicodedata.unidata_version}.\n\n"
        + table("letters", "Range", letters())
        + "\n\n"
        + table("capitals", "Run", lowered())
        + "\n"
    )
    PLACE.write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
