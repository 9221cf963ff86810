"""Bundles on this machine: finding, opening and checking them before anything runs."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from os.path import exists, expanduser, isdir, isfile
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from . import _parse, contract
from .errors import BundleError
from .hashes import HashMemory
from .manifest import FORMAT, Manifest, TensorFile

__all__ = [
    "MANIFEST",
    "Bundle",
    "list_bundles",
    "manifest_schema",
    "open_bundle",
    "parse_manifest",
    "search_path",
    "user_folder",
    "verify",
]

MANIFEST = "bundle.json"
MAX_MANIFEST_BYTES = 16 * 2**20

LITTLE_ENDIAN = {
    "float32": "<f4",
    "float16": "<f2",
    "int64": "<i8",
    "int32": "<i4",
    "uint8": "u1",
    "bool": "?",
}
_AGAIN = "the file is damaged or incomplete; fetch or export the bundle again"


@dataclass(frozen=True)
class Bundle:
    """An opened bundle: its folder, what it says about itself, and the hash of saying so."""

    root: Path
    manifest: Manifest
    sha256: str

    @property
    def rights(self) -> str:
        """One line on the licences of the weights, for the files they make."""
        marks = {True: "", False: " (no commercial use)", None: " (commercial use not known)"}
        terms = {
            f"{each.name}{marks[each.commercial_use]}" for each in self.manifest.license.values()
        }
        return f"Made with {self.manifest.name}: {'; '.join(sorted(terms))}"

    def path(self, listed: contract.Listed) -> Path:
        """Where a listed file lies.

        Raises:
            BundleError: the path, or a link on the way, leaves the bundle's folder.
        """
        return confined(self.root, listed.file)

    def tensor(self, listed: TensorFile) -> NDArray[Any]:
        """Read a stored tensor, in its own dtype and shape.

        Raises:
            BundleError: the file cannot be read or has another size.
        """
        path = self.path(listed)
        try:
            raw = path.read_bytes()
        except OSError as problem:
            raise BundleError(f"{path} cannot be read: {problem.strerror}.") from None
        if len(raw) != listed.bytes:
            raise BundleError(f"{path} has {len(raw)} bytes and not {listed.bytes}: {_AGAIN}.")
        stored: NDArray[Any] = np.frombuffer(raw, LITTLE_ENDIAN[listed.dtype])
        return np.reshape(stored, listed.shape).astype(listed.dtype)


def open_bundle(name_or_path: str | Path, *, verify: bool = True) -> Bundle:
    """Open a bundle by the name of its folder on the search path, or by its path.

    A string with a path separator, or a Path, is a path. With `verify`, the hash of every file
    is checked; hashes that were checked before are remembered by size and time of change.
    Sizes are always checked.

    Raises:
        BundleError: not found, not of this format, broken rules, missing or changed files.
    """
    root = _find(name_or_path)
    where = root / MANIFEST
    raw = _read_manifest(root)
    bundle = Bundle(root, parse_manifest(raw, str(where)), hashlib.sha256(raw).hexdigest())
    _check_files(bundle, hashes="remembered" if verify else "none")
    return bundle


def verify(bundle: Bundle) -> None:
    """Hash every file of an opened bundle anew, whatever is remembered.

    Raises:
        BundleError: names the first file that is missing or not as listed.
    """
    _check_files(bundle, hashes="fresh")


def search_path() -> tuple[Path, ...]:
    """The folders in which a bundle's name is looked up, first come first served.

    Those of the environment variable HEARSIGHT_ENGINES (separated like PATH), the user's own
    folder, and the bundles that came with the package.
    """
    said = os.environ.get("HEARSIGHT_ENGINES", "")
    named = [Path(expanduser(part)) for part in said.split(os.pathsep) if part]
    package = Path(__file__).resolve().parent
    installed = package / "_engines"
    shipped = installed if installed.is_dir() else package.parents[1] / "engines"
    return (*named, user_folder(), shipped)


def user_folder() -> Path:
    """The user's own bundles: where `import_bundle` puts them."""
    return platformdirs.user_data_path("hearsight", appauthor=False) / "engines"


def list_bundles() -> list[tuple[str, Path | BundleError]]:
    """All bundles of the search path by name: the folder, or why it cannot be opened.

    Files are checked for presence and size, not hashed. Of two with one name, the first counts.
    """
    found: dict[str, Path | BundleError] = {}
    for name, root in _candidates():
        if name not in found:
            try:
                found[name] = open_bundle(root, verify=False).root
            except BundleError as problem:
                found[name] = problem
    return sorted(found.items())


def parse_manifest(raw: bytes, where: str) -> Manifest:
    """Read the bytes of a `bundle.json` strictly; `where` names it in errors.

    Raises:
        BundleError: another format, unknown keys, wrong types, broken rules of the format.
    """
    try:
        said = json.loads(raw)["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        said = FORMAT  # the strict parser says what is wrong
    if isinstance(said, int) and said != FORMAT:
        remedy = "update hearsight" if said > FORMAT else "export it again"
        raise BundleError(
            f"{where}: this bundle is of format {said}, this version plays {FORMAT}: {remedy}."
        )
    manifest = _parse.parse(Manifest, raw, where, BundleError)
    problem = next(contract.problems(manifest), None)
    if problem:
        raise BundleError(f"{where}: {problem}.")
    return manifest


def manifest_schema() -> dict[str, Any]:
    """JSON Schema of `bundle.json`: the types and keys; FORMAT.md holds the other rules."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Hearsight bundle, format {FORMAT}",
        **{key: value for key, value in _parse.schema(Manifest).items() if key != "title"},
    }


def confined(root: Path, file: str) -> Path:
    """`file` below `root`, after following links.

    Raises:
        BundleError: it lies outside.
    """
    path = root / file
    try:
        inside = path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        inside = False
    if not inside:
        raise BundleError(
            f"{path} leads out of the bundle's folder: a bundle holds all its files itself. "
            "Do not use this bundle unless you know who made it."
        )
    return path


def _candidates() -> list[tuple[str, Path]]:
    """(name, folder) of whatever on the search path has a manifest and may be looked at."""
    found: list[tuple[str, Path]] = []
    for place in search_path():
        try:
            roots = sorted(root for root in place.iterdir() if not root.name.startswith("."))
        except OSError:
            continue
        found += [(root.name, root) for root in roots if isfile(root / MANIFEST)]
    return found


def _find(name_or_path: str | Path) -> Path:
    said = str(name_or_path)
    separators = [os.sep, *([os.altsep] if os.altsep else [])]
    is_path = isinstance(name_or_path, Path) or any(mark in said for mark in separators)
    if not is_path and said not in (".", ".."):
        candidates = _candidates()
        for name, root in candidates:
            if name == said:
                return root
        if not exists(said):
            places = ", ".join(str(place) for place in search_path())
            close = _parse.nearest(said, [name for name, _ in candidates])
            raise BundleError(
                f'There is no bundle "{said}"{close} in {places}. '
                "`runtime-cli bundles list` shows what is there."
            )
    # Unlike a Path's own methods, these are False for names that no system takes, too.
    root = Path(expanduser(said))
    if root.name == MANIFEST and isfile(root):
        root = root.parent
    if isfile(root):
        raise BundleError(
            f"{root} is a file and a bundle is a folder; a bundle in a zip is first taken in "
            f"with `runtime-cli bundles import {root}`."
        )
    if not isfile(root / MANIFEST):
        reason = f"holds no {MANIFEST}" if isdir(root) else "does not exist"
        raise BundleError(f"{root} {reason}, so there is no bundle to open.")
    return root


def _read_manifest(root: Path) -> bytes:
    path = confined(root, MANIFEST)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_MANIFEST_BYTES + 1)
    except OSError as problem:
        raise BundleError(f"{path} cannot be read: {problem.strerror}.") from None
    if len(raw) > MAX_MANIFEST_BYTES:
        raise BundleError(f"{path} is larger than {MAX_MANIFEST_BYTES} bytes: no manifest is.")
    return raw


def _check_files(bundle: Bundle, *, hashes: str) -> None:
    memory = HashMemory(forget=hashes == "fresh")
    try:
        for at, listed in contract.files(bundle.manifest):
            path = bundle.path(listed)
            if not path.is_file():
                raise BundleError(
                    f"{path} is missing, which {MANIFEST} names at {at}: fetch or export the "
                    "bundle again."
                )
            size = path.stat().st_size
            if size != listed.bytes:
                raise BundleError(f"{path} has {size} bytes and not {listed.bytes}: {_AGAIN}.")
            if hashes != "none" and memory.sha256(path) != listed.sha256:
                raise BundleError(f"{path} has not the hash that {MANIFEST} gives it: {_AGAIN}.")
    except OSError as problem:
        where = problem.filename or bundle.root
        raise BundleError(f"{where} cannot be read: {problem.strerror}.") from None
    finally:
        memory.save()
