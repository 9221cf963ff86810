"""What the making of every bundle shares: a folder that appears whole, licences, origins."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from hearsight.bundle import MANIFEST
from hearsight.contract import is_name
from hearsight.errors import OutputError, refused
from hearsight.hashes import file_sha256
from hearsight.manifest import Graph, License

__all__ = [
    "CARD",
    "check_place",
    "name_of",
    "new_bundle",
    "sha256_of",
    "tell",
    "tools",
    "weight_files",
    "weight_licenses",
]

CARD = ("CARD.md", "sheet.png")
"""Documents of what was measured on a bundle as it is; they hold for no other."""


@contextmanager
def new_bundle(out: Path, keep: Sequence[str] = ()) -> Iterator[Path]:
    """A folder to make a bundle in; it becomes `out` when the block ends without an error.

    It lies beside `out` meanwhile. An older bundle there is replaced, and the files named by
    `keep` are taken over from it where the new one has none; after an error nothing is left of
    the new one, and the older one is as it was.

    Raises:
        OutputError: `out` is something else than a bundle, or cannot be written.
    """
    check_place(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        place = tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-")
    except OSError as problem:
        raise refused(problem) from None
    with place:
        new, old = Path(place.name) / "new", Path(place.name) / "old"
        new.mkdir()
        yield new
        if out.exists():
            for name in keep:
                if (out / name).exists() and not (new / name).exists():
                    shutil.copy2(out / name, new / name)
        _put(new, out, old)


def check_place(out: Path) -> None:
    """Whether a bundle can be put there: nothing is there yet, or a bundle to be replaced.

    Raises:
        OutputError: `out` is something else.
    """
    if out.exists() and not (out / MANIFEST).is_file() and not (out.is_dir() and _empty(out)):
        raise OutputError(
            f"{out} is there already and is no bundle; choose another place, or remove it first."
        )


def name_of(out: Path) -> str:
    """What a bundle in the folder `out` is called: as the folder.

    Raises:
        OutputError: bundles cannot be called that.
    """
    name = out.resolve().name
    if not is_name(name):
        raise OutputError(
            f'A bundle cannot be called "{name}"; choose a folder name of lower-case letters, '
            "digits and single . _ - between them."
        )
    return name


def tell(graphs: Mapping[str, Graph], log: Callable[[str], None]) -> None:
    """Tell `log` how near every graph is to PyTorch, size by size."""
    for name, graph in graphs.items():
        for row in graph.parity:
            log(
                f"{name} {row.precision} at {'; '.join(row.shapes)}: relative L2 "
                f"{row.relative_l2:.1e}, SNR {row.snr_db:.0f} dB"
            )


def weight_files(graphs: Mapping[str, Graph]) -> list[str]:
    """The files that hold weights, sorted: external ones, and graphs that have none."""
    return sorted(_graph_of_weights(graphs))


def weight_licenses(
    graphs: Mapping[str, Graph], default: License, others: Mapping[str, License] | None = None
) -> dict[str, License]:
    """Terms of every weight file: those of its graph in `others`, or the default."""
    terms = others or {}
    return {
        file: terms.get(graph, default) for file, graph in sorted(_graph_of_weights(graphs).items())
    }


def sha256_of(path: Path) -> str:
    """The hash of a file; of a folder, the hash over names and hashes of all files in it."""
    if path.is_file():
        return file_sha256(path)
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file_sha256(file)}  {file.relative_to(path).as_posix()}\n".encode())
    return digest.hexdigest()


def tools(*names: str) -> dict[str, str]:
    """Installed versions of what exports."""
    return {name: version(name) for name in names}


def _graph_of_weights(graphs: Mapping[str, Graph]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, graph in graphs.items():
        for variant in graph.variants.values():
            files = [data.file for data in variant.weights] or [variant.file]
            found.update(dict.fromkeys(files, name))
    return found


def _put(new: Path, out: Path, old: Path) -> None:
    """Move `new` to `out` and what is there to `old`, or leave `out` as it was."""
    try:
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except BaseException:
            if old.exists():
                old.rename(out)
            raise
    except OSError as problem:
        raise refused(problem) from None


def _empty(folder: Path) -> bool:
    return next(folder.iterdir(), None) is None
