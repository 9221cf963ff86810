"""`runtime-cli condition`: prompts as the numbers that a generator listens to, in a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ..bundle import Bundle
    from ..request import Prompt
    from ..sampler import Cancel
    from .console import Console
    from .settings import Settings

__all__ = ["condition"]


def condition(
    prompt: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PROMPT",
            help="What to hear, in words. Several are mixed; 'rain::2' weighs twice as much.",
            show_default=False,
        ),
    ] = None,
    image: Annotated[
        list[str] | None, typer.Option(help="A picture to hear; may be repeated.", metavar="FILE")
    ] = None,
    video: Annotated[
        list[str] | None, typer.Option(help="A video to hear; may be repeated.", metavar="FILE")
    ] = None,
    audio: Annotated[
        list[str] | None, typer.Option(help="A sound to resemble; may be repeated.", metavar="FILE")
    ] = None,
    out: Annotated[
        str,
        typer.Option("--out", "-o", metavar="FILE", help="A .safetensors or .npy file. [required]"),
    ] = "",
    *,
    given: Mapping[str, Any],
) -> int:
    """Save prompts as the condition that they become, for programs that use the C library.

    Several are averaged by weight. A .safetensors file names the space of the condition, too.
    """
    from .console import Console
    from .layers import resolve
    from .work import reported

    settings = resolve(given).settings
    written = {"text": prompt, "image": image, "video": video, "audio": audio}
    with Console(settings) as console:
        return reported(console, lambda: _condition(written, out, settings, console))


def _condition(
    written: Mapping[Any, list[str] | None], out: str, settings: Settings, console: Console
) -> int:
    from pathlib import Path

    from ..bundle import open_bundle
    from ..errors import OutputError, RequestError
    from ..spelling import found, parse_prompt
    from .interrupt import interruptible
    from .work import check_writable

    path = Path(out).expanduser()
    if path.suffix.lower() not in (".safetensors", ".npy"):
        raise RequestError("Name the file with --out, ending in .safetensors or .npy.")
    if path.exists() and not settings.overwrite:
        raise OutputError(
            f"{path} exists already; add --overwrite to replace it, or choose another name."
        )
    prompts = [
        found(parse_prompt(modality, one), Path())
        for modality, given in written.items()
        for one in given or []
    ]
    if not prompts or any(each.blank for each in prompts):
        raise RequestError("A condition needs something to listen to; an empty text says nothing.")
    check_writable([path.parent])
    players = [open_bundle(name) for name in (*settings.conditioner, settings.model)]
    made, notes = interruptible(lambda cancel: _made(prompts, players, settings, cancel), [path])
    space = players[-1].manifest.space
    _write(path, made, space.name)
    for note in notes:
        console.warning(note)
    if console.json:
        facts = {"path": str(path), "space": space.name, "shape": list(made.shape)}
        console.document({**facts, "notes": list(notes)})
    else:
        console.print(str(path))
        console.info(f"  {space.name} {list(made.shape)}")
    return 0


def _made(
    prompts: list[Prompt], players: list[Bundle], settings: Settings, cancel: Cancel
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """The condition [...space] of the prompts, and remarks about them."""
    from contextlib import ExitStack

    from .. import conditioner
    from ..engine import Engine
    from ..errors import BundleError
    from ..request import Request
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
        request = Request(tuple(prompts), guidance=1.0)
        told = conditioner.condition(request, able, None, _silent, cancel)
    assert told.target is not None, "no prompt is blank"
    return told.target[0], told.notes


def _write(path: Path, made: NDArray[np.float32], space: str) -> None:
    """Put the file at its place, whole or not at all."""
    import json
    import os

    import numpy as np

    little = np.ascontiguousarray(made, "<f4")
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            if path.suffix.lower() == ".npy":
                np.save(file, little)
            else:
                entry = {"dtype": "F32", "shape": made.shape, "data_offsets": [0, little.nbytes]}
                header = json.dumps({"__metadata__": {"space": space}, "cond": entry}).encode()
                header += b" " * (-len(header) % 8)
                file.write(len(header).to_bytes(8, "little") + header + little.tobytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _silent(stage: str, step: int, total: int) -> None:
    pass
