"""What happens to a sound after the model made it: trim, loop, fades, level, rate, channels.

Everything is done at the delivered rate, so that lengths, loop points and levels are those of
the file. Loudness follows ITU-R BS.1770-4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import HearsightError
from .request import Finish

__all__ = ["Finished", "finish", "lufs"]

Samples = NDArray[np.float32]

_SILENCE = 1e-6  # -120 dBFS: below it a 24-bit file holds a handful of steps
_SHORT_PEAK_DB = -1.0  # sounds without a loudness are brought to this peak


@dataclass(frozen=True)
class Finished:
    """A finished sound; see `Take` for the fields."""

    audio: Samples
    sample_rate: int
    gain_db: float = 0.0
    loop: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()


def finish(audio: Samples, sample_rate: int, spec: Finish, seconds: float) -> Finished:
    """Finish `audio` [samples] or [samples, channels] to `round(seconds * spec.sample_rate)`
    samples (fewer when silence is trimmed, never none), mono [samples] or stereo [samples, 2].

    For a loop, what `audio` holds beyond `seconds` feeds the crossfade; hand in
    `seconds + spec.loop_seconds` for a loop of full length. Without that surplus the crossfade
    shortens the loop, and a note says so. Fades are left out of a loop.

    Raises:
        HearsightError: the model returned values that are not numbers.
    """
    if not np.isfinite(audio).all():
        raise HearsightError(
            "The model returned values that are not numbers. Try precision fp32 or device cpu; "
            "if that does not help, check the bundle with `runtime-cli bundles verify`."
        )
    notes: list[str] = []
    length = max(1, round(seconds * spec.sample_rate))
    x = _resampled(_channels(audio, spec.channels), sample_rate, spec.sample_rate)
    if not spec.loop:
        x = _exactly(x, length)
    if spec.trim:
        x = _trimmed(x, spec.trim_db, notes)
    if spec.loop:
        x = _looped(x, length, round(spec.loop_seconds * spec.sample_rate))
        if len(x) < length and not spec.trim:
            short = (length - len(x)) / spec.sample_rate
            notes.append(f"The crossfade shortened the loop by {short:.3g} seconds.")
        if spec.fade_in or spec.fade_out:
            notes.append("Fades were left out: they would break the loop.")
    else:
        x = _faded(
            x, round(spec.fade_in * spec.sample_rate), round(spec.fade_out * spec.sample_rate)
        )
    gain_db = _gain(x, spec, notes)
    x = np.clip(x * np.float32(10 ** (gain_db / 20)), -1.0, 1.0).astype(np.float32)
    return Finished(
        audio=np.ascontiguousarray(x[:, 0] if spec.channels == 1 else x),
        sample_rate=spec.sample_rate,
        gain_db=gain_db,
        loop=(0, len(x) - 1) if spec.loop and len(x) > 1 else None,
        notes=tuple(notes),
    )


def lufs(audio: Samples, sample_rate: int) -> float | None:
    """Integrated loudness of [samples] or [samples, channels] in LUFS (BS.1770-4, annex 1).

    Blocks of 400 ms overlap by 75 %; gates at -70 LUFS and 10 LU below what passed it. None
    for sounds under 0.4 s, which have no loudness; -inf when every block is under the gate.
    """
    hop = (sample_rate + 5) // 10
    x = audio if audio.ndim == 2 else audio[:, None]
    if len(x) < 4 * hop:
        return None
    weighted = _weighted(x, sample_rate)[: len(x) // hop * hop]
    energy = np.square(weighted).sum(axis=1).reshape(-1, hop).sum(axis=1)
    power = np.convolve(energy, np.ones(4), "valid") / (4 * hop)
    power = power[power > 10 ** ((-70 + 0.691) / 10)]
    if len(power) == 0:
        return -math.inf
    power = power[power > power.mean() / 10]
    return float(-0.691 + 10 * np.log10(power.mean()))


def _weighted(x: Samples, sample_rate: int) -> NDArray[np.float64]:
    """K-weighted samples: the two filters of BS.1770-4, annex 1, tables 1 and 2.

    The tables are for 48 kHz; for other rates the filters behind them are bilinearly
    transformed anew. Filtered by FFT in pieces that overlap by a second, in which the filters
    ring down to nothing (e^-239).
    """
    size = 1 << (8 * sample_rate).bit_length()
    step = size - sample_rate
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    high_shelf = _response(z, sample_rate, 1681.974450955533, 0.7071752369554196, 3.999843853973347)
    high_pass = _response(z, sample_rate, 38.13547087602444, 0.5003270373238773, None)
    response = (high_shelf * high_pass)[:, None]
    padded = np.pad(x.astype(np.float64), ((sample_rate, 0), (0, 0)))
    pieces = [
        np.fft.irfft(np.fft.rfft(padded[at : at + size], size, axis=0) * response, size, axis=0)
        for at in range(0, len(x), step)
    ]
    return np.concatenate([piece[sample_rate:] for piece in pieces])[: len(x)]


def _response(
    z: NDArray[np.complex128], sample_rate: int, hertz: float, q: float, gain_db: float | None
) -> NDArray[np.complex128]:
    """A biquad's response at z^-1 = `z`: a high shelf of `gain_db`, or for None a high pass."""
    k = math.tan(math.pi * hertz / sample_rate)
    a0 = 1 + k / q + k * k
    a1, a2 = 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0
    if gain_db is None:
        b0, b1, b2 = 1.0, -2.0, 1.0
    else:
        high = 10 ** (gain_db / 20)
        band = high**0.4996667741545416
        b0 = (high + band * k / q + k * k) / a0
        b1 = 2 * (k * k - high) / a0
        b2 = (high - band * k / q + k * k) / a0
    return (b0 + b1 * z + b2 * z * z) / (1 + a1 * z + a2 * z * z)


def _channels(audio: Samples, channels: int) -> Samples:
    """[samples, channels]: mono copied to both sides, stereo averaged to mono."""
    x = audio if audio.ndim == 2 else audio[:, None]
    if x.shape[1] == channels:
        return x
    return np.repeat(x.mean(axis=1, keepdims=True, dtype=np.float32), channels, axis=1)


def _resampled(x: Samples, old: int, new: int) -> Samples:
    if old == new:
        return x
    import soxr

    return np.asarray(soxr.resample(x, old, new, quality="VHQ"), np.float32)


def _exactly(x: Samples, length: int) -> Samples:
    """Cut, or filled with silence: resampling may round to a sample more or less."""
    return np.pad(x[:length], ((0, max(0, length - len(x))), (0, 0)))


def _trimmed(x: Samples, trim_db: float, notes: list[str]) -> Samples:
    loud = np.flatnonzero(np.abs(x).max(axis=1, initial=0.0) > 10 ** (trim_db / 20))
    if len(loud) == 0:
        notes.append(f"Nothing was trimmed: all of the sound is below {trim_db:g} dBFS.")
        return x
    return x[loud[0] : loud[-1] + 1]


def _looped(x: Samples, length: int, fade: int) -> Samples:
    """Lay what follows the loop's end under its start, equal in power, so that the last sample
    runs on into the first."""
    fade = min(fade, len(x) // 2, length)
    size = min(length, len(x) - fade)
    angle = (np.arange(fade, dtype=np.float32)[:, None] + 0.5) / max(fade, 1) * (math.pi / 2)
    start = x[:fade] * np.sin(angle) + x[size : size + fade] * np.cos(angle)
    return np.concatenate([start, x[fade:size]]).astype(np.float32)


def _faded(x: Samples, fade_in: int, fade_out: int) -> Samples:
    """Raised-cosine fades; each is cut to the length of the sound."""
    x = x.copy()
    for fade, end in ((min(fade_in, len(x)), x), (min(fade_out, len(x)), x[::-1])):
        ramp = np.sin((np.arange(fade) + 0.5) / max(fade, 1) * (math.pi / 2)) ** 2
        end[:fade] *= ramp.astype(np.float32)[:, None]
    return x


def _gain(x: Samples, spec: Finish, notes: list[str]) -> float:
    """Level change in dB that `spec` asks for and full scale allows."""
    peak = float(np.abs(x).max(initial=0.0))
    if peak < _SILENCE:
        if spec.level != "none":
            notes.append("The sound is silent, so its level was left as it is.")
        return 0.0
    room = -20 * math.log10(peak)
    if spec.level == "none":
        if room < 0:
            notes.append(f"The model went over full scale: turned down by {-room:.1f} dB.")
        return min(0.0, room)
    if spec.level == "peak":
        return min(spec.level_db, 0.0) + room
    loudness = lufs(x, spec.sample_rate)
    if loudness is None:
        notes.append("Sounds under 0.4 seconds have no loudness: set to a peak of -1 dBFS instead.")
        return _SHORT_PEAK_DB + room
    if loudness == -math.inf:
        notes.append("The sound is too quiet to have a loudness: its level was left as it is.")
        return min(0.0, room)
    if spec.level_db - loudness > room:
        notes.append(
            f"The loudness is {loudness + room:.1f} LUFS, not {spec.level_db:g}: "
            "more gain would go over full scale."
        )
        return room
    return spec.level_db - loudness
