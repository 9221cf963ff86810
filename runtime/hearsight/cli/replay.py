"""`runtime-cli replay`: make the sound in a file again and say how far the two are apart."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..sampler import Cancel
    from .settings import Settings

__all__ = ["replay"]

_SAME_DB = -60.0


def replay(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file this program made.")],
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE", help="Keep the new sound here.")
    ] = "",
    model: Annotated[
        str,
        typer.Option(metavar="BUNDLE", help="Instead of the bundle that the file names."),
    ] = "",
    *,
    given: Mapping[str, Any],
) -> int:
    """Make a sound again from its file.

    Prints how far the two are apart, in dB.

    The exit code is 0 when the two are the same or the difference is below -60 dB, else 1.
    """
    from ..errors import OutputError
    from .console import Console
    from .interrupt import interruptible
    from .layers import resolve
    from .work import check_writable

    settings = resolve(given).settings
    if out:
        if Path(out).exists():
            raise OutputError(f"{out} exists already; choose another name for the new sound.")
        check_writable([Path(out).parent])
    with Console(settings) as console, tempfile.TemporaryDirectory() as scratch:
        target = Path(out) if out else Path(scratch) / f"again{Path(file).suffix.lower()}"
        found = interruptible(
            lambda cancel: _again(Path(file), target, model, settings, cancel), [target]
        )
        for note in found.notes:
            console.warning(note)
        if console.json:
            console.document(
                {
                    "file": file,
                    "out": out or None,
                    "same_bytes": found.same_bytes,
                    "same_samples": found.db == -math.inf,
                    "difference_db": None if math.isinf(found.db) else round(found.db, 2),
                    "notes": found.notes,
                }
            )
        elif found.db == math.inf:
            console.print("The file is silent, and the sound made again is not.")
        elif found.db == -math.inf:
            same = "The same file, byte for byte" if found.same_bytes else "The same samples"
            console.print(f"{same}.")
        else:
            console.print(f"The difference is at {found.db:.1f} dB, relative to the sound.")
        return 0 if found.db <= _SAME_DB else 1


@dataclass(frozen=True)
class _Found:
    """`db`: level of the difference below that of the sound; -inf when there is none."""

    same_bytes: bool
    db: float
    notes: tuple[str, ...]


def _again(file: Path, target: Path, model: str, settings: Settings, cancel: Cancel) -> _Found:
    from .. import wav
    from ..generator import load
    from .made import SUBTYPES, check_inputs, read_made
    from .work import loading

    made = read_made(file)
    check_inputs(made.request, file)
    info = wav.read_info(file)
    subtype = SUBTYPES.get(info["subtype"], "24")
    wav.check_form(target, subtype)
    with load(
        model or made.bundle,
        conditioners=settings.conditioner,
        judge=settings.judge or None,
        **loading(settings),
    ) as generator:
        [take] = generator.generate(made.request, cancel=cancel)
        wav.write(
            target,
            take,
            subtype=subtype,
            rights=info.get("rights", ""),
        )
    changed = {
        "bundle": made.plan.get("bundle_sha256") != take.plan.bundle_sha256,
        "provider": made.plan.get("provider") != take.plan.provider,
        "precision": made.plan.get("precision") != take.plan.precision,
    }
    notes = tuple(
        f"The {what} is not the one that made the file."
        for what, is_new in changed.items()
        if is_new
    )
    return _Found(file.read_bytes() == target.read_bytes(), difference_db(file, target), notes)


def difference_db(file: Path, other: Path) -> float:
    """Level of what differs between two sound files, relative to the first, in dB.

    Where one is longer, the other counts as silent.
    """
    import numpy as np
    import soundfile  # pyright: ignore[reportMissingTypeStubs]

    read = cast(Any, soundfile).read
    sounds: list[NDArray[np.float64]] = [
        read(path, dtype="float64", always_2d=True)[0] for path in (file, other)
    ]
    length = max(len(sound) for sound in sounds)
    first, second = (np.pad(sound, ((0, length - len(sound)), (0, 0))) for sound in sounds)
    error, level = float(np.sum((first - second) ** 2)), float(np.sum(first**2))
    if error == 0:
        return -math.inf
    return 10 * math.log10(error / level) if level else math.inf
