"""Making bundles and taking them in: the writing side of the format."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
import struct
import zipfile
import zlib
from os.path import expanduser, isfile
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .bundle import (
    LITTLE_ENDIAN,
    MANIFEST,
    Bundle,
    confined,
    open_bundle,
    parse_manifest,
    user_folder,
)
from .contract import Listed, files
from .errors import BundleError, OutputError
from .hashes import file_sha256
from .manifest import DataFile, DType, Manifest, TensorFile
from .sources import MAX_DOCUMENT_BYTES, Opener, in_folder, in_zip
from .whole import write_whole

__all__ = ["describe", "import_bundle", "manifest_bytes", "write_bundle", "write_tensor"]

_CHUNK = 2**20

_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)

_FLAT_LIST = re.compile(r"\[\n +([^\[\]{}]*)\n +\]")  # JSON has no line feeds inside of texts
_ITEM_BREAK = re.compile(r",\n +")


def write_bundle(folder: Path, manifest: Manifest) -> Bundle:
    """Write `bundle.json` beside the files it names, and open the bundle as a player would.

    The manifest is checked before it is written and appears in one go.

    Raises:
        BundleError: rules of the format are broken, or a file is not as the manifest says.
    """
    raw = manifest_bytes(manifest)
    path = folder / MANIFEST
    if parse_manifest(raw, str(path)) != manifest:
        raise BundleError(f"{path}: the manifest does not survive being written and read.")
    write_whole(path, raw)
    return open_bundle(folder)


def import_bundle(source: str | Path, destination: Path | None = None) -> Bundle:
    """Copy a bundle, from a folder or a zip, into the user's own folder or `destination`.

    It becomes the folder `destination/<name in its manifest>`, and only after every file was
    copied and its hash was right. Listed files and short documents beside them are taken,
    nothing else. Importing what is already there does nothing.

    Raises:
        BundleError: the source is no sound bundle, or another one of that name is there.
        OutputError: the destination cannot be written.
    """
    source = Path(expanduser(source))
    if source.name == MANIFEST:
        source = source.parent
    if isfile(source):
        try:
            with zipfile.ZipFile(source) as archive:
                raw, openers = in_zip(archive, source)
                return _take_in(source, raw, openers, destination or user_folder())
        except _ZIP_ERRORS as problem:
            raise BundleError(f"{source} cannot be read as a zip: {problem}.") from None
        except OSError as problem:
            raise BundleError(f"{source} cannot be read: {problem.strerror}.") from None
    bundle = open_bundle(source, verify=False)
    raw, openers = in_folder(bundle)
    return _take_in(source, raw, openers, destination or user_folder())


def manifest_bytes(manifest: Manifest) -> bytes:
    """The canonical JSON of a manifest: keys in the order of the format, defaults left out,
    indented by one space, lists of plain values on one line.

    Raises:
        BundleError: a number is not finite, or a text is not Unicode.
    """
    try:
        text = json.dumps(_plain(manifest), indent=1, ensure_ascii=False, allow_nan=False)
        return (_FLAT_LIST.sub(_on_one_line, text) + "\n").encode()
    except ValueError as problem:
        raise BundleError(
            f'The manifest of "{manifest.name}" cannot be written as JSON: {problem}.'
        ) from None


def describe(folder: Path, file: str) -> DataFile:
    """The entry of an existing file of the bundle in `folder`.

    Raises:
        BundleError: the file is missing or outside the folder.
    """
    path = confined(folder, file)
    try:
        return DataFile(file, file_sha256(path), path.stat().st_size)
    except OSError as problem:
        raise BundleError(f"{path} cannot be read: {problem.strerror}.") from None


def write_tensor(folder: Path, file: str, values: NDArray[Any]) -> TensorFile:
    """Store a tensor in the bundle in `folder`, raw and little-endian, and give its entry.

    Raises:
        BundleError: bundles hold no tensors of that dtype, or the file is outside the folder.
    """
    kind = str(values.dtype)
    if kind not in LITTLE_ENDIAN:
        raise BundleError(f"{file}: a bundle holds no tensors of {kind}.")
    raw = np.ascontiguousarray(values, LITTLE_ENDIAN[kind]).tobytes()
    path = confined(folder, file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    digest = hashlib.sha256(raw).hexdigest()
    return TensorFile(file, digest, len(raw), cast(DType, kind), values.shape)


def _on_one_line(found: re.Match[str]) -> str:
    return f"[{_ITEM_BREAK.sub(', ', found[1])}]"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if getattr(value, field.name) != _default(field)
        }
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in cast(dict[str, Any], value).items()}
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in cast(tuple[Any, ...], value)]
    return value


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _take_in(source: Path, raw: bytes, openers: dict[str, Opener], destination: Path) -> Bundle:
    manifest = parse_manifest(raw, str(source))
    listed = {entry.file: entry for _, entry in files(manifest)}
    target = destination / manifest.name
    if target.exists():
        there = target / MANIFEST
        if there.is_file() and there.read_bytes() == raw:
            return open_bundle(target)
        raise BundleError(
            f"{target} already exists and is another bundle than the one in {source}: "
            "remove that folder first, or choose another destination."
        )
    part = destination / f".{manifest.name}.part"
    try:
        if part.exists():
            shutil.rmtree(part)
        part.mkdir(parents=True)
        for file, entry in {**dict.fromkeys(openers), **listed}.items():
            if file not in openers:
                raise BundleError(f"{source}: the file {file} is missing, and {MANIFEST} names it.")
            _copy(source, file, openers[file], part / file, entry)
        (part / MANIFEST).write_bytes(raw)
        part.rename(target)
    except OSError as problem:
        raise OutputError(
            f"{source} cannot be copied to {target}: {problem.strerror or problem}."
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return open_bundle(target)


def _copy(source: Path, file: str, opener: Opener, path: Path, entry: Listed | None) -> None:
    """Copy one file, no further than its listed size, and check its hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    most = entry.bytes if entry else MAX_DOCUMENT_BYTES
    digest, size = hashlib.sha256(), 0
    with opener() as given, path.open("wb") as taken:
        while size <= most and (chunk := given.read(min(_CHUNK, most + 1 - size))):
            digest.update(chunk)
            taken.write(chunk)
            size += len(chunk)
    if size > most or (entry and (size, digest.hexdigest()) != (entry.bytes, entry.sha256)):
        raise BundleError(
            f"{source}: the file {file} is not the one that {MANIFEST} lists: it is damaged or "
            "incomplete; fetch or export the bundle again."
        )
