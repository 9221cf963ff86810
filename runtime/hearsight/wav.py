"""Write a take as a WAV, FLAC or Ogg file that says how it was made, and read that back.

    >>> from hearsight import wav
    >>> wav.write("rain_01.wav", take)
    >>> wav.read_request("rain_01.wav")["seed"]
    7

The same take gives the same bytes, always: dither and Ogg serial numbers are fixed, and a
date is written only when one is passed.
"""

from __future__ import annotations

import contextlib
import errno
import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast, get_args

from . import _riff, _sniff
from ._encode import Sound, Subtype, compressed, wave
from .errors import MediaError, OutputError
from .request import Take, request_to_json
from .whole import write_whole

__all__ = [
    "SUFFIXES",
    "Sound",
    "Subtype",
    "check_form",
    "read_info",
    "read_record",
    "read_request",
    "write",
]

SUFFIXES = (".wav", ".flac", ".ogg")

_INFO = {
    "INAM": "title",
    "ICMT": "comment",
    "ISFT": "software",
    "ICOP": "rights",
    "ICRD": "date",
}

# What the International Press Telecommunications Council asks generated media to carry.
_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def write(
    path: str | Path,
    sound: Take | Sound,
    *,
    subtype: Subtype = "24",
    rights: str = "",
    date: datetime | None = None,
) -> Path:
    """Write a file whose suffix names the format, and return its path.

    `.wav` holds 16 bit (with triangular dither), 24 bit or 32 bit float; `.flac` 16 or 24 bit;
    `.ogg` is Vorbis, whatever `subtype` says. `rights` is a line on who may use it how. The
    file appears whole or not at all: it is written beside its place as `NAME.part`, flushed to
    the disk and renamed.

    Raises:
        OutputError: another suffix, a subtype the format lacks, no such folder, no right to
            write there, or a full disk; nothing is left behind.
    """
    path = Path(path)
    suffix = check_form(path, subtype)
    if sound.audio.ndim > 2 or sound.audio.shape[1:] > (2,):
        raise OutputError(f"{path} can hold one or two channels, not {sound.audio.shape[1:]}.")
    made = _described(sound) if isinstance(sound, Take) else sound
    made = _printable(replace(made, rights=rights or made.rights, date=date or made.date))
    if suffix == ".wav":
        pieces = wave(made, subtype)
    else:
        pieces = iter([compressed(made, "FLAC" if suffix == ".flac" else "OGG", subtype)])
    _replace(path, pieces)
    return path


def check_form(path: Path, subtype: str) -> str:
    """The suffix, in lower case, of a file that can be written with that sample format.

    Raises:
        OutputError: another suffix, or a subtype the format lacks.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise OutputError(
            f"Sounds are not written as {path.suffix or 'files without a suffix'} ({path}): "
            f"end the name in {', '.join(SUFFIXES)}."
        )
    if subtype not in get_args(Subtype) or (suffix == ".flac" and subtype == "32f"):
        depths = "16 or 24" if suffix == ".flac" else "16, 24 or 32f"
        raise OutputError(f"{suffix} holds {depths} bit, not {subtype}: choose again for {path}.")
    return suffix


def read_info(path: str | Path) -> dict[str, Any]:
    """What a sound file is and says: format, subtype, sample_rate, channels, frames, seconds,
    and where present loop, title, comment, software, rights, date, bext, record.

    Raises:
        MediaError: it is missing, no sound file, or damaged.
    """
    import soundfile

    path = _sniff.checked(path, "audio")
    try:
        with open(path, "rb") as stream, soundfile.SoundFile(stream) as file:
            facts: dict[str, Any] = {
                "format": file.format,
                "subtype": file.subtype,
                "sample_rate": file.samplerate,
                "channels": file.channels,
                "frames": file.frames,
                "seconds": file.frames / file.samplerate,
            }
            tags = file.copy_metadata()
    except (soundfile.LibsndfileError, OSError) as problem:
        raise MediaError(f"The sound {path} is damaged or of a type that is not read.") from problem
    if facts["format"] in ("WAV", "WAVEX"):
        return facts | _chunks(path)
    comment, record = _split_comment(path, tags.get("comment", ""))
    said = {
        "title": tags.get("title", ""),
        "comment": comment,
        "software": tags.get("software", "").split(" (libsndfile")[0],
        "rights": tags.get("copyright", ""),
        "date": tags.get("date", ""),
        "record": record,
    }
    return facts | {name: value for name, value in said.items() if value}


def read_record(path: str | Path) -> dict[str, Any]:
    """The JSON record in a file this package wrote: `request`, `plan`, `tool` and source type.

    Raises:
        MediaError: the file cannot be read, or carries no whole record.
    """
    record = read_info(path).get("record")
    if record is None:
        raise MediaError(
            f"{path} does not say how it was made: it was not written by hearsight, or a "
            "program that saved it since has dropped that part."
        )
    return record


def read_request(path: str | Path) -> dict[str, Any]:
    """The request in a file this package wrote, as JSON data for `request_from_json`.

    Raises:
        MediaError: the file cannot be read, or carries no whole request.
    """
    request = read_record(path).get("request")
    if not isinstance(request, dict):
        raise MediaError(f"The record in {path} holds no request, so it cannot be made again.")
    return cast("dict[str, Any]", request)


@cache
def _tool() -> str:
    from importlib import metadata

    try:
        return f"Hearsight {metadata.version('hearsight')}"
    except metadata.PackageNotFoundError:
        return "Hearsight"


def _described(take: Take) -> Sound:
    """What a take's file says about it."""
    prompts = "; ".join(p.value for p in take.request.prompts)
    plan = take.plan
    record: dict[str, Any] = {
        "tool": _tool(),
        "digital_source_type": _SOURCE_TYPE,
        "item_seed": take.item_seed,
        "request": request_to_json(take.request),
        "plan": {
            "bundle": plan.bundle,
            "bundle_sha256": plan.bundle_sha256,
            "provider": plan.provider,
            "precision": plan.precision,
            "solver": plan.solver,
            "steps": plan.steps,
            "guidance": plan.guidance,
        },
    }
    if take.sources:
        record["sources"] = [asdict(heard) for heard in take.sources]
    return Sound(
        audio=take.audio,
        sample_rate=take.sample_rate,
        title=take.request.id or prompts[:80],
        comment=prompts,
        model=plan.bundle,
        seed=take.request.seed,
        tool=_tool(),
        record=record,
        loop=take.loop,
    )


def _printable(sound: Sound) -> Sound:
    """The same sound with words that every format can hold."""
    names = ("title", "comment", "model", "rights", "tool")
    return replace(sound, **{name: _riff.printable(getattr(sound, name)) for name in names})


def _replace(path: Path, pieces: Iterator[bytes]) -> None:
    """Put `pieces` at `path`, all or none."""
    try:
        write_whole(path, more=pieces)
    except (OSError, ValueError) as problem:
        code = problem.errno if isinstance(problem, OSError) else None
        if not path.parent.is_dir():
            reason, advice = f"there is no folder {path.parent}", "Create it first."
        elif path.is_dir():
            reason, advice = "a folder has this name", "Choose another name."
        else:
            reason = getattr(problem, "strerror", None) or str(problem)
            full = code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            advice = "Free some space there." if full else "Choose another folder or name."
        raise OutputError(f"{path} could not be written: {reason}. {advice}") from problem


def _chunks(path: Path) -> dict[str, Any]:
    """What the chunks of a WAV file say."""
    found: dict[str, Any] = {}
    with open(path, "rb") as file:
        for chunk in _riff.walk(file):
            if chunk.id not in (b"LIST", b"bext", b"iXML", b"smpl"):
                continue
            file.seek(chunk.offset)
            content = file.read(chunk.size)
            # A chunk too short to be what it is named says nothing.
            with contextlib.suppress(struct.error):
                if chunk.id == b"LIST":
                    said = _riff.read_info(content)
                    found |= {_INFO[key]: said[key] for key in said if key in _INFO}
                elif chunk.id == b"bext":
                    found["bext"] = _riff.read_bext(content)
                elif chunk.id == b"smpl":
                    found |= {"loop": loop} if (loop := _riff.read_smpl(content)) else {}
                else:
                    found |= _ixml(path, content)
    return found


def _ixml(path: Path, content: bytes) -> dict[str, Any]:
    try:
        user = _riff.read_ixml(content).get("USER", "")
    except ValueError as problem:
        raise MediaError(f"The iXML part of {path} is damaged: {problem}.") from problem
    return {"record": _record(path, user)} if user.lstrip().startswith("{") else {}


def _split_comment(path: Path, comment: str) -> tuple[str, dict[str, Any] | None]:
    text, _, last = comment.rpartition("\n")
    if last.startswith("{"):
        return text, _record(path, last)
    return comment, None


def _record(path: Path, text: str) -> dict[str, Any]:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise MediaError(f"The record in {path} is damaged: {problem}.") from problem
