"""Put a sound under a video with the user's own ffmpeg; the pictures are copied as they are."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from hearsight import Cancel, MediaError, OutputError

__all__ = ["SUFFIXES", "ffmpeg", "mux"]

# What holds 24-bit sound as it is does; the others get what every player of theirs plays.
_CODECS = {
    ".mov": ("pcm_s24le",),
    ".mkv": ("pcm_s24le",),
    ".avi": ("pcm_s24le",),
    ".mp4": ("aac", "-b:a", "320k"),
    ".m4v": ("aac", "-b:a", "320k"),
    ".webm": ("libopus", "-b:a", "256k"),
}
SUFFIXES = tuple(_CODECS)
"""Of the videos that can be written."""

_LOOK = 0.1  # seconds between two looks at a wish to stop
_LAST_WORDS = 3  # lines of ffmpeg that are told


def ffmpeg() -> tuple[Path | None, str]:
    """The ffmpeg that is on the PATH, or None and why videos cannot be written."""
    found = shutil.which("ffmpeg")
    if found:
        return Path(found), ""
    return None, (
        "Videos are written with ffmpeg, which is not on the PATH. Install it from ffmpeg.org or "
        "your system's packages, then start this program again."
    )


def mux(video: Path, wav: Path, to: Path, *, cancel: Cancel | None = None) -> tuple[str, ...]:
    """Write `to`: the pictures of `video`, not encoded anew, with the sound of `wav` alone
    from the first of them on. Gives back what is worth telling.

    The sound is kept as 24-bit samples in .mov, .mkv and .avi, and is compressed in .mp4, .m4v
    and .webm. The file appears whole or not at all, in place of one that was there.

    Raises:
        MediaError: the video or the sound is not there.
        OutputError: no ffmpeg, a suffix that is not written, `video` itself as the target, or
            what ffmpeg says.
        Cancelled: `cancel` was used; nothing is left behind.
    """
    program, reason = ffmpeg()
    if not program:
        raise OutputError(reason)
    suffix = to.suffix.lower()
    if suffix not in _CODECS:
        raise OutputError(
            f"Videos are not written as {to.suffix or 'files without a suffix'} ({to}): end the "
            f"name in {', '.join(SUFFIXES)}; {video.suffix} is the safest, as the video has it."
        )
    for path in (video, wav):
        if not path.is_file():
            raise MediaError(f"There is no file {path}: it was moved or deleted.")
    if to.exists() and any(to.samefile(path) for path in (video, wav)):
        raise OutputError(f"{to} is what the video is made from: choose another name.")
    if not to.parent.is_dir():
        raise OutputError(f"There is no folder {to.parent}: choose one that is there.")
    part = to.with_name(f".{to.stem[:80]}.part{suffix}")
    command = [
        str(program), "-nostdin", "-hide_banner", "-loglevel", "error", "-y",
        # Files only: a video may be a list of addresses in disguise.
        "-protocol_whitelist", "file", "-i", _as_url(video),
        "-protocol_whitelist", "file", "-i", _as_url(wav),
        "-map", "0:V:0", "-map", "1:a:0", "-map_metadata", "0",
        "-c:v", "copy", "-c:a", *_CODECS[suffix],
        _as_url(part),
    ]  # fmt: skip
    try:
        _run(command, cancel or Cancel(), to)
        os.replace(part, to)
    except OSError as problem:
        raise OutputError(
            f"{to} could not be written: {problem.strerror or problem}. Choose another place."
        ) from problem
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    codec = _CODECS[suffix][0]
    if codec == "pcm_s24le":
        return ()
    return (
        f"The sound was compressed, as {suffix} files ask for; .mov and .mkv keep it as it is.",
    )


def _run(command: list[str], cancel: Cancel, to: Path) -> None:
    # To a file and not a pipe: a pipe that nobody reads fills up, and ffmpeg would wait for it.
    with tempfile.TemporaryFile() as words:
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words,
            creationflags=flags,
        )
        try:
            while True:
                cancel.raise_if()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK)
                    break
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            words.seek(0)
            lines = words.read().decode(errors="replace").strip().splitlines()[-_LAST_WORDS:]
            said = " ".join(line.strip() for line in lines) or f"code {process.returncode}"
            raise OutputError(f"ffmpeg could not write {to}. It says: {said}")


def _as_url(path: Path) -> str:
    """A file, even if its name looks like an option or an address."""
    return f"file:{path.absolute()}"
