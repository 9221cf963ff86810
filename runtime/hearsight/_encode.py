"""Turn a sound and what is said about it into the bytes of a WAV, FLAC or Ogg file."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import _ogg, _riff
from .errors import OutputError

__all__ = ["Sound", "Subtype", "compressed", "wave"]

Subtype = Literal["16", "24", "32f"]

_MAX_BYTES = 0xFFFFFFFF - (1 << 20)  # of samples in a RIFF file, a megabyte left for words
_MAX_VORBIS_RATE = 200_000  # Hz; libsndfile 1.2 crashes beyond


@dataclass(frozen=True)
class Sound:
    """A sound and what a file says about it; `write` makes one of a take.

    audio: float32 [samples] or [samples, channels], one or two channels, in [-1, 1].
    comment: one line for people. model, seed: what made it. rights: one line on who may use
    it how. tool: the program and its version. record: JSON data for machines. loop: first and
    last sample of the one loop, both played. date: left out of the file when None.
    """

    audio: NDArray[np.float32]
    sample_rate: int
    title: str = ""
    comment: str = ""
    model: str = ""
    seed: int | None = None
    record: Mapping[str, Any] | None = None
    loop: tuple[int, int] | None = None
    rights: str = ""
    tool: str = ""
    date: datetime | None = None


def wave(sound: Sound, subtype: Subtype) -> Iterator[bytes]:
    """A WAV file in pieces: `fmt `, `data`, then what is said about it, so that a reader which
    knows only the plain header plays it too. 24 bit stays plain PCM, as broadcast files are.

    Raises:
        OutputError: more than 4 GB, or a loop outside the sound.
    """
    audio = sound.audio if sound.audio.ndim == 2 else sound.audio[:, None]
    frames, channels = audio.shape
    floating, bits = subtype == "32f", {"16": 16, "24": 24, "32f": 32}[subtype]
    size = frames * channels * bits // 8
    if size > _MAX_BYTES:
        raise OutputError("The sound exceeds the 4 GB that a WAV file can hold: write .flac.")
    block = channels * bits // 8
    rate = sound.sample_rate
    layout = struct.pack("<HHIIHH", 3 if floating else 1, channels, rate, rate * block, block, bits)
    before = _riff.pack(b"fmt ", layout + (b"\0\0" if floating else b""))
    if floating:
        before += _riff.pack(b"fact", struct.pack("<I", frames))
    after = b"\0" * (size % 2)
    if sound.loop is not None:
        first, last = sound.loop
        if not 0 <= first < last < frames:
            raise OutputError(f"The loop {first} to {last} does not lie in the {frames} samples.")
        after += _riff.smpl(rate, first, last)
    said = {
        "INAM": sound.title,
        "ICMT": sound.comment,
        "ISFT": sound.tool,
        "ICOP": sound.rights,
        "ICRD": f"{sound.date:%Y-%m-%d}" if sound.date else "",
    }
    history = _history(sound, channels, subtype)
    after += _riff.info(said)
    after += _riff.bext(sound.comment, sound.tool, history, sound.date)
    after += _riff.ixml(sound.comment, channels, sound.record)
    whole = 4 + len(before) + 8 + size + len(after)
    yield b"RIFF" + struct.pack("<I", whole) + b"WAVE" + before
    yield b"data" + struct.pack("<I", size)
    yield from _samples(audio, subtype)
    yield after


def compressed(sound: Sound, kind: Literal["FLAC", "OGG"], subtype: Subtype) -> bytes:
    """A FLAC or Ogg Vorbis file; the record is the last line of the comment tag.

    Raises:
        OutputError: a rate or subtype that the format lacks.
    """
    import soundfile

    channels = 1 if sound.audio.ndim == 1 else sound.audio.shape[1]
    if kind == "OGG":
        if sound.sample_rate > _MAX_VORBIS_RATE:
            raise OutputError(f"OGG does not hold {sound.sample_rate} Hz: use .wav.")
        form, blocks = "VORBIS", _blocks(sound.audio)
    else:
        bits = int(subtype)
        form, blocks = f"PCM_{subtype}", (x << (32 - bits) for x in _whole(sound.audio, bits))
    record = None if sound.record is None else json.dumps(sound.record, allow_nan=False)
    stream = io.BytesIO()
    try:
        with soundfile.SoundFile(
            stream, "w", sound.sample_rate, channels, form, format=kind
        ) as file:
            said = {
                "title": sound.title,
                "comment": "\n".join(part for part in (sound.comment, record) if part),
                "software": sound.tool,
                "copyright": sound.rights,
                "date": f"{sound.date:%Y-%m-%d}" if sound.date else "",
            }
            for name, text in said.items():
                if text:
                    setattr(file, name, text)
            for block in blocks:
                file.write(block)
    except soundfile.LibsndfileError as problem:
        raise OutputError(f"{kind} does not hold {sound.sample_rate} Hz: use .wav.") from problem
    data = stream.getvalue()
    return _ogg.with_serial(data, 1) if kind == "OGG" else data


def _history(sound: Sound, channels: int, subtype: Subtype) -> str:
    """A line of coding history (EBU R 98-1999), with model and seed as its free text."""
    coding = "FLOAT" if subtype == "32f" else "PCM"
    mode = "mono" if channels == 1 else "stereo"
    made = [f"T={sound.model}"] if sound.model else []
    made += [f"seed={sound.seed}"] if sound.seed is not None else []
    line = f"A={coding},F={sound.sample_rate},W={subtype.rstrip('f')},M={mode}"
    return line + (f",{' '.join(made)}" if made else "")


def _samples(audio: NDArray[np.float32], subtype: Subtype) -> Iterator[bytes]:
    """Interleaved little-endian samples as the format holds them."""
    if subtype == "32f":
        yield from (block.astype("<f4").tobytes() for block in _blocks(audio))
    elif subtype == "16":
        yield from (block.astype("<i2").tobytes() for block in _whole(audio, 16))
    else:
        for block in _whole(audio, 24):
            wide = np.ascontiguousarray(block.astype("<i4"))
            yield wide.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def _whole(audio: NDArray[np.float32], bits: int) -> Iterator[NDArray[np.int32]]:
    """Samples as whole numbers of `bits` bits: 24 rounded, 16 with dither.

    What is whole already, such as the kept part of a 16-bit file, stays as it is.
    """
    scale = 2.0 ** (bits - 1)
    noise = np.random.Philox(key=0)
    for block in _blocks(audio):
        scaled = block.astype(np.float64) * scale
        if bits == 16:
            # Two uniforms from each word of a fixed Philox stream: the difference is
            # triangular, one step wide each way, and the same in every file.
            words = noise.random_raw(scaled.size)
            high, low = (words >> np.uint64(32)), words & np.uint64(0xFFFFFFFF)
            dither = ((high.astype(np.float64) - low) / 2.0**32).reshape(scaled.shape)
            scaled += np.where(scaled == np.rint(scaled), 0.0, dither)
        yield np.clip(np.rint(scaled), -scale, scale - 1).astype(np.int32)


def _blocks(audio: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """A sound in pieces that fit into a processor's cache."""
    for start in range(0, len(audio), 65536):
        yield audio[start : start + 65536]
