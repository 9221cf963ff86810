"""`runtime-cli condition`: prompts as the numbers that a generator listens to, in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .asked import (
    Depths,
    Pictures,
    Signals,
    Sounds,
    Texts,
    Thermals,
    Videos,
    Weights,
    Words,
    prompts,
    said,
)

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ..bundle import Bundle
    from ..conditioner import Conditioning
    from ..request import Modality, Prompt, Request
    from ..sampler import Cancel
    from .console import Console
    from .settings import Settings

__all__ = ["condition"]


def condition(
    prompt: Words = None,
    text: Texts = None,
    image: Pictures = None,
    video: Videos = None,
    audio: Sounds = None,
    depth: Depths = None,
    thermal: Thermals = None,
    imu: Signals = None,
    sources: Weights = None,
    out: Annotated[
        str,
        typer.Option("--out", "-o", metavar="FILE", help="A .safetensors or .npy file. [required]"),
    ] = "",
    *,
    given: Mapping[str, Any],
) -> int:
    """Save prompts as the condition that they become, for programs that use the C library.

    Several are averaged by weight, or meet as the bundle was made for. A .safetensors file names
    the space of the condition, too.
    """
    from .console import Console
    from .layers import resolve
    from .work import reported

    settings = resolve(given).settings
    written: dict[Modality, list[str] | None] = {
        **{
            "text": [*(prompt or ()), *(text or ())],
            "image": image,
            "video": video,
            "audio": audio,
        },
        **{"depth": depth, "thermal": thermal, "imu": imu},
    }
    with Console(settings) as console:
        return reported(
            console, lambda: _condition(prompts(written, sources), out, settings, console)
        )


def _condition(asked: tuple[Prompt, ...], out: str, settings: Settings, console: Console) -> int:
    from pathlib import Path

    from ..bundle import open_bundle
    from ..errors import OutputError, RequestError
    from ..limits import check
    from .interrupt import interruptible
    from .work import base_request, check_writable, drawn_seed

    path = Path(out).expanduser()
    if path.suffix.lower() not in (".safetensors", ".npy"):
        raise RequestError("Name the file with --out, ending in .safetensors or .npy.")
    if path.exists() and not settings.overwrite:
        raise OutputError(
            f"{path} exists already; add --overwrite to replace it, or choose another name."
        )
    if not asked or any(each.blank for each in asked):
        raise RequestError("A condition needs something to listen to; an empty text says nothing.")
    if settings.mix == "branches":
        raise RequestError("Branches are several conditions, and a file holds one: mix otherwise.")
    seed = drawn_seed() if settings.seed is None else settings.seed
    request = replace(base_request(settings), prompts=asked, guidance=1.0, seed=seed)
    check(request)
    check_writable([path.parent])
    players = [open_bundle(name) for name in (*settings.conditioner, settings.model)]
    told = interruptible(lambda cancel: _told(request, players, settings, cancel), [path])
    assert told.target is not None, "no prompt is blank"
    [made] = told.target
    space = players[-1].manifest.space
    _write(path, made, space.name)
    for note in told.notes:
        console.warning(note)
    if console.json:
        facts = {"path": str(path), "space": space.name, "shape": list(made.shape), "seed": seed}
        heard = [asdict(each) for each in told.sources]
        console.document({**facts, "sources": heard, "notes": list(told.notes)})
    else:
        console.print(str(path))
        console.info(f"  {space.name} {list(made.shape)}, seed {seed}")
        for line in said(told.sources):
            console.info(f"  {line}")
    return 0


def _told(
    request: Request, players: list[Bundle], settings: Settings, cancel: Cancel
) -> Conditioning:
    """What becomes of the prompts of a request."""
    from contextlib import ExitStack

    from .. import conditioner
    from ..engine import Engine
    from ..errors import BundleError
    from .work import loading

    options = loading(settings)
    del options["memory"]  # of a generator's graphs
    wanted = players[-1].manifest.space
    for player in players:
        space = player.manifest.space
        if (space.name, space.shape) != (wanted.name, wanted.shape):
            raise BundleError(
                f"{player.root} speaks {space.name!r} {list(space.shape)}, and "
                f"{players[-1].manifest.name!r} {wanted.name!r} {list(wanted.shape)}; "
                "load conditioners of one space."
            )
    with ExitStack() as stack:
        able = [
            conditioner.Conditioner(player, stack.enter_context(Engine(player, **options)))
            for player in players
        ]
        return conditioner.condition(request, able, None, _silent, cancel)


def _write(path: Path, made: NDArray[np.float32], space: str) -> None:
    """Put the file at its place, whole or not at all."""
    import io
    import json

    import numpy as np

    from ..whole import write_whole

    little = np.ascontiguousarray(made, "<f4")
    if path.suffix.lower() == ".npy":
        file = io.BytesIO()
        np.save(file, little)
        write_whole(path, file.getvalue())
        return
    entry = {"dtype": "F32", "shape": made.shape, "data_offsets": [0, little.nbytes]}
    header = json.dumps({"__metadata__": {"space": space}, "cond": entry}).encode()
    header += b" " * (-len(header) % 8)
    write_whole(path, len(header).to_bytes(8, "little"), header, little.tobytes())


def _silent(stage: str, step: int, total: int) -> None:
    pass
