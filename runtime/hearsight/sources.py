"""What an import may take from a folder or a zip, and how to open each file of it."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

from .bundle import MANIFEST, MAX_MANIFEST_BYTES, Bundle, parse_manifest
from .contract import files
from .errors import BundleError

__all__ = ["MAX_DOCUMENT_BYTES", "Opener", "in_folder", "in_zip"]

MAX_DOCUMENT_BYTES = 4 * 2**20

_DOCUMENTS = (".md", ".txt", ".png", "")  # beside the listed files, at the top of the folder

Opener = Callable[[], IO[bytes]]


def in_folder(bundle: Bundle) -> tuple[bytes, dict[str, Opener]]:
    """The manifest's bytes, and how to open every file worth taking."""
    openers: dict[str, Opener] = {}
    for path in sorted(bundle.root.iterdir()):
        if (
            path.is_file()
            and not path.is_symlink()
            and _is_document(path.name, path.stat().st_size)
        ):
            openers[path.name] = _opener(path)
    for _, listed in files(bundle.manifest):
        openers[listed.file] = _opener(bundle.path(listed))
    return (bundle.root / MANIFEST).read_bytes(), openers


def _opener(path: Path) -> Opener:
    return lambda: path.open("rb")


def in_zip(archive: zipfile.ZipFile, source: Path) -> tuple[bytes, dict[str, Opener]]:
    """As `in_folder`; the bundle may be the zip's top or its one folder."""
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = PurePosixPath(entry.filename)
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        escapes = name.is_absolute() or any(p == ".." or ":" in p for p in name.parts)
        if is_link or escapes or "\\" in entry.orig_filename:
            raise BundleError(
                f'{source} holds "{entry.orig_filename}", which leads out of the bundle\'s '
                "folder: do not use this file unless you know who made it."
            )
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleError(f"{source} must be a plain zip, stored or deflated.")
        if not entry.is_dir():
            found[entry.filename] = entry
    tops = [name for name in found if name == MANIFEST or name.endswith(f"/{MANIFEST}")]
    if len(tops) != 1 or tops[0].count("/") > 1:
        raise BundleError(f"{source} holds no {MANIFEST} at its top or in one folder: no bundle.")
    top = tops[0].removesuffix(MANIFEST)
    if found[tops[0]].file_size > MAX_MANIFEST_BYTES:
        raise BundleError(f"{source}: {tops[0]} is too large for a manifest.")
    raw = archive.read(found[tops[0]])
    listed = {entry.file for _, entry in files(parse_manifest(raw, f"{source}: {tops[0]}"))}
    openers: dict[str, Opener] = {}
    for name, entry in found.items():
        file = name.removeprefix(top) if name.startswith(top) else ""
        if file in listed or ("/" not in file and _is_document(file, entry.file_size)):
            openers[file] = lambda entry=entry: archive.open(entry)
    return raw, openers


def _is_document(name: str, size: int) -> bool:
    plain = name and not name.startswith(".") and size <= MAX_DOCUMENT_BYTES
    return bool(plain) and PurePosixPath(name).suffix.lower() in _DOCUMENTS
