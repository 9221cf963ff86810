"""What happens to a sound after the model made it: keep, trim, fades, level, rate, channels.

Everything is done at the delivered rate, so that lengths, loop points and levels are those of
the file. Loudness follows ITU-R BS.1770-4.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import HearsightError
from .request import Finish

__all__ = ["Finished", "Kept", "finish", "lufs"]

Samples = NDArray[np.float32]

_SILENCE = 1e-6  # -120 dBFS: below it a 24-bit file holds a handful of steps
_HEARD_STRETCH = 0.01  # a sixth of a semitone: a change of speed that is worth telling
_RING = 0.05  # seconds on both sides of a circle in which a resampler's filter rings
_CROSSOVER = 0.02  # seconds in which a sound passes over into what was made anew
_SHORT_PEAK_DB = -1.0  # sounds without a loudness are brought to this peak


@dataclass(frozen=True)
class Finished:
    """A finished sound; see `Take` for the fields."""

    audio: Samples
    sample_rate: int
    gain_db: float = 0.0
    loop: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """A sound of which a part is made anew, and where that is.

    original: [samples, channels] at the delivered rate and as many channels. span: first and end
    sample of the part. band: its lowest and highest frequency in Hz, None for all.
    """

    original: Samples
    span: tuple[int, int]
    band: tuple[float, float] | None = None


def finish(
    audio: Samples,
    sample_rate: int,
    spec: Finish,
    seconds: float,
    *,
    loop: bool = False,
    kept: Kept | None = None,
) -> Finished:
    """Finish `audio` [samples] or [samples, channels] to `round(seconds * spec.sample_rate)`
    samples (fewer when silence is trimmed, never none), mono [samples] or stereo [samples, 2].

    With `loop`, `audio` is a circle: its end runs on into its start, and still does so when it
    has been brought to the length asked for, by playing it a little faster or slower if need
    be. Fades are left out of a loop. With `kept`, only the part in question is taken from
    `audio`: outside the span the original's samples stay bit for bit.

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
    x = _channels(audio, spec.channels)
    if loop:
        x = _around(x, sample_rate, length, spec.sample_rate, notes)
    else:
        x = _exactly(_resampled(x, sample_rate, spec.sample_rate), length)
    if kept:
        x = _patched(x, kept, spec.sample_rate, notes)
    if spec.trim:
        x = _trimmed(x, spec.trim_db, notes)
    if not loop:
        x = _faded(
            x, round(spec.fade_in * spec.sample_rate), round(spec.fade_out * spec.sample_rate)
        )
    elif spec.fade_in or spec.fade_out:
        notes.append("Fades were left out: they would break the loop.")
    gain_db = _gain(x, spec, notes)
    x = x * np.float32(10 ** (gain_db / 20))
    np.clip(x, -1.0, 1.0, out=x)
    return Finished(
        audio=np.ascontiguousarray(x[:, 0] if spec.channels == 1 else x),
        sample_rate=spec.sample_rate,
        gain_db=gain_db,
        loop=(0, len(x) - 1) if loop and len(x) > 1 else None,
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
    x = x[: len(x) // hop * hop]
    energy = np.concatenate(
        [
            np.square(piece).sum(axis=1).reshape(-1, hop).sum(axis=1)
            for piece in _weighted(x, sample_rate, hop)
        ]
    )
    power = np.convolve(energy, np.ones(4), "valid") / (4 * hop)
    power = power[power > 10 ** ((-70 + 0.691) / 10)]
    if len(power) == 0:
        return -math.inf
    power = power[power > power.mean() / 10]
    return float(-0.691 + 10 * np.log10(power.mean()))


def _weighted(x: Samples, sample_rate: int, hop: int) -> Iterator[NDArray[np.float64]]:
    """K-weighted samples, in pieces of whole hops: filters of BS.1770-4, annex 1, tables 1 and 2.

    The tables are for 48 kHz; for other rates the filters behind them are bilinearly
    transformed anew. In a second they ring down to nothing (e^-239).
    """
    size = _piece(sample_rate)
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    high_shelf = _response(z, sample_rate, 1681.974450955533, 0.7071752369554196, 3.999843853973347)
    high_pass = _response(z, sample_rate, 38.13547087602444, 0.5003270373238773, None)
    step = (size - sample_rate) // hop * hop
    return _filtered(x, high_shelf * high_pass, sample_rate, 0, step)


def _piece(sample_rate: int) -> int:
    """Size of an FFT for pieces of some seconds."""
    return 1 << (8 * sample_rate).bit_length()


def _filtered(
    x: Samples, response: NDArray[np.complex128], before: int, after: int, step: int
) -> Iterator[NDArray[np.float64]]:
    """x [samples, channels], filtered by FFT in pieces of `step` samples.

    The filter rings for `before` samples forwards and `after` backwards; its response is given
    for a size of at least all three together.
    """
    size = 2 * (len(response) - 1)
    for at in range(0, len(x), step):
        length = min(step, len(x) - at)
        first = max(0, at - before)
        piece = x[first : at + length + after].astype(np.float64)
        piece = np.pad(piece, ((first - (at - before), 0), (0, 0)))
        y = np.fft.irfft(np.fft.rfft(piece, size, axis=0) * response[:, None], size, axis=0)
        yield y[before : before + length]


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
    return np.pad(x, ((0, length - len(x)), (0, 0))) if len(x) < length else x[:length]


def _trimmed(x: Samples, trim_db: float, notes: list[str]) -> Samples:
    loud = np.flatnonzero(np.abs(x).max(axis=1, initial=0.0) > 10 ** (trim_db / 20))
    if len(loud) == 0:
        notes.append(f"Nothing was trimmed: all of the sound is below {trim_db:g} dBFS.")
        return x
    return x[loud[0] : loud[-1] + 1]


def _around(x: Samples, old: int, length: int, new: int, notes: list[str]) -> Samples:
    """A circle at rate `old` as one of `length` samples at rate `new`."""
    if old == new and len(x) == length:
        return x
    import soxr

    stretch = length / new / (len(x) / old) - 1
    if abs(stretch) > _HEARD_STRETCH:
        notes.append(
            f"The loop was played {abs(stretch):.1%} {'slower' if stretch > 0 else 'faster'}, so "
            f"that it lasts exactly {length / new:g} seconds."
        )
    context = round(_RING * old)
    wrapped = np.pad(x, ((context, context), (0, 0)), mode="wrap")
    y = np.asarray(soxr.resample(wrapped, len(x), length, quality="VHQ"), np.float32)
    start = round(context * length / len(x))
    return _exactly(y[start:], length)


def _patched(x: Samples, kept: Kept, sample_rate: int, notes: list[str]) -> Samples:
    """The original with `x` in its span and band, crossed over within the span.

    What goes over full scale there is turned down, and the original is not.
    """
    original = _exactly(kept.original, len(x))
    first, end = max(0, kept.span[0]), min(kept.span[1], len(x))
    old, new = original[first:end], x[first:end]
    if kept.band:
        rest = old - _within(original, kept.band, sample_rate)[first:end]
        new = _within(x, kept.band, sample_rate)[first:end]
    else:
        rest = np.zeros_like(old)
    # The largest gain at which |rest + gain * new| stays within 1 at every sample.
    room = 1 - rest * np.sign(new)
    over = np.abs(new) > room
    gain = max(0.0, float((room[over] / np.abs(new[over])).min(initial=1.0)))
    if gain < 1:
        lower = f"by {-20 * math.log10(gain):.1f} dB" if gain else "to nothing"
        notes.append(f"The new part went over full scale: turned down {lower}.")
    change = rest + np.float32(gain) * new - old
    fade = min(round(_CROSSOVER * sample_rate), (end - first) // 2)
    ramp = (np.sin((np.arange(fade) + 0.5) / max(fade, 1) * (math.pi / 2)) ** 2)[:, None]
    if first > 0:
        change[:fade] *= ramp.astype(np.float32)
    if end < len(x):
        change[len(change) - fade :] *= ramp[::-1].astype(np.float32)
    patched = original.copy()
    patched[first:end] = np.clip(old + change, -1, 1)
    return patched


def _within(x: Samples, band: tuple[float, float], sample_rate: int) -> Samples:
    """What of `x` lies between two frequencies, without delay.

    A windowed sinc of 50 ms (Oppenheim and Schafer 2010, sec. 7.5; Blackman).
    """
    half = round(0.025 * sample_rate)
    time = np.arange(-half, half + 1) / sample_rate
    low, high = (min(edge, sample_rate / 2) for edge in band)
    taps = 2 * high * np.sinc(2 * high * time) - 2 * low * np.sinc(2 * low * time)
    taps *= np.blackman(len(taps)) / sample_rate
    size = _piece(sample_rate)
    response = np.fft.rfft(np.roll(np.pad(taps, (0, size - len(taps))), -half))
    pieces = _filtered(x, response, half, half, size - 2 * half)
    return np.concatenate([piece.astype(np.float32) for piece in pieces])


def _faded(x: Samples, fade_in: int, fade_out: int) -> Samples:
    """Raised-cosine fades; each is cut to the length of the sound."""
    if not fade_in and not fade_out:
        return x
    x = x.copy()
    for fade, end in ((min(fade_in, len(x)), x), (min(fade_out, len(x)), x[::-1])):
        ramp = np.sin((np.arange(fade) + 0.5) / max(fade, 1) * (math.pi / 2)) ** 2
        end[:fade] *= ramp.astype(np.float32)[:, None]
    return x


def _gain(x: Samples, spec: Finish, notes: list[str]) -> float:
    """Level change in dB that `spec` asks for and full scale allows."""
    peak = float(max(x.max(initial=0.0), -x.min(initial=0.0)))
    if peak < _SILENCE:
        if spec.level != "none":
            notes.append("The sound is silent, so its level was left as it is.")
        return 0.0
    room = -20 * math.log10(peak)
    if spec.level == "none":
        if room < 0:
            notes.append(f"The sound went over full scale: turned down by {-room:.1f} dB.")
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
