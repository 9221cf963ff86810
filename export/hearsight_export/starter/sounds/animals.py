"""Birds, crickets, frog, cat and dog."""

import numpy as np

from hearsight_export.starter.sounds import dsp
from hearsight_export.starter.sounds.dsp import Rng, Wave
from hearsight_export.starter.sounds.kind import Params


def _song(rng: Rng, centre: float) -> Wave:
    """One bird's phrase: a few whistled syllables, trilled, slurred or warbled."""
    style = rng.integers(0, 3)
    count = int(rng.integers(5, 11)) if style == 0 else int(rng.integers(1, 5))
    seconds = rng.uniform(0.035, 0.06) if style == 0 else rng.uniform(0.08, 0.2)
    gap = rng.uniform(0.02, 0.05) if style == 0 else rng.uniform(0.03, 0.1)
    n = dsp.samples(seconds)
    x = np.linspace(0.0, 1.0, n)
    out = np.zeros(dsp.samples((seconds + gap) * count) + n, dtype=np.float32)
    sweep = rng.uniform(-0.5, 0.5)
    for index in range(count):
        if style != 0:
            sweep = rng.uniform(-0.45, 0.45)
        curve = centre * 2.0 ** (sweep * (x - 0.5) + rng.uniform(-0.08, 0.08))
        if style == 2:
            curve = curve * (
                1.0 + 0.06 * np.sin(2.0 * np.pi * rng.uniform(18.0, 40.0) * x * seconds)
            )
        note = dsp.sine(np.minimum(curve, 7400.0), n) * dsp.swell(n, 0.2, 0.5)
        dsp.add(out, note, dsp.samples(index * (seconds + gap)), rng.uniform(0.6, 1.0))
    return out


def birds(params: Params, rng: Rng, n: int) -> Wave:
    """Two or three birds singing across each other."""
    rate = dsp.between(params["rate"], 0.7, 3.2)
    base = dsp.between(params["pitch"], 2100.0, 5200.0)
    flock = base * 2.0 ** rng.uniform(-0.3, 0.3, rng.integers(2, 4))
    out = np.zeros(n, dtype=np.float32)
    for position in dsp.steady(rng, n, rate, 0.35).tolist():
        dsp.add(out, _song(rng, float(rng.choice(flock))), position, rng.uniform(0.4, 1.0))
    return out


def crickets(params: Params, rng: Rng, n: int) -> Wave:
    """Regular chirps of three to five pulses on one high tone, over a field of others."""
    rate = dsp.between(params["rate"], 1.2, 5.0)
    tone = dsp.between(params["pitch"], 3000.0, 5800.0) * rng.uniform(0.97, 1.03)
    pulses = int(rng.integers(3, 5))
    spacing = min(0.035, 0.62 / rate / pulses)
    length = dsp.samples(spacing * 0.75)
    field = dsp.narrow(rng, n, tone * 1.06, 140.0)
    out = 0.035 * field
    for voice, level in ((1.0, 1.0), (rng.uniform(1.02, 1.06), 0.25)):
        pulse = dsp.sine(tone * voice, length) * dsp.swell(length, 0.3, 0.6)
        chirp = np.zeros(dsp.samples(spacing * pulses) + length, dtype=np.float32)
        for index in range(pulses):
            dsp.add(chirp, pulse, dsp.samples(index * spacing), 0.6 + 0.4 * index / pulses)
        for position in dsp.steady(rng, n, rate, 0.02).tolist():
            dsp.add(out, chirp, position, level * rng.uniform(0.85, 1.0))
    return out


def _croak(rng: Rng, formant: float, seconds: float, pulses: float) -> Wave:
    """A train of short throaty pulses that grows and stops."""
    throat = dsp.modes(
        700,
        formant * np.array([0.5, 1.0, 1.9, 3.1]),
        (0.05, 0.035, 0.03, 0.02),
        (0.5, 1.0, 0.5, 0.25),
    )
    n = dsp.samples(seconds)
    out = np.zeros(n, dtype=np.float32)
    at = 0.0
    while at < seconds:
        level = (0.35 + 0.65 * at / seconds) * rng.uniform(0.85, 1.0)
        dsp.add(out, throat, dsp.samples(at), level)
        at += rng.uniform(0.94, 1.06) / pulses
    return out * dsp.swell(n, 0.08, 0.15)


def frog(params: Params, rng: Rng, n: int) -> Wave:
    """Croaks, some of them in two syllables."""
    rate = dsp.between(params["rate"], 0.6, 2.4)
    formant = dsp.between(params["pitch"], 330.0, 1300.0) * rng.uniform(0.9, 1.1)
    pulses = rng.uniform(28.0, 50.0)
    double = rng.random() < 0.5
    length = min(rng.uniform(0.22, 0.45), 0.6 / rate)
    out = np.zeros(n, dtype=np.float32)
    for position in dsp.steady(rng, n, rate, 0.12).tolist():
        level = rng.uniform(0.7, 1.0)
        if double:
            dsp.add(out, _croak(rng, formant * 0.9, length * 0.4, pulses), position, level)
            second = _croak(rng, formant * 1.2, length * 0.55, pulses * 1.2)
            dsp.add(out, second, position + dsp.samples(length * 0.45), level)
        else:
            dsp.add(out, _croak(rng, formant, length, pulses), position, level)
    return out


def _voice(base: float, formants: tuple[tuple[float, float, float], ...], count: int = 40) -> Wave:
    """A wavetable for a throat at `base` Hz with formants (Hz, octaves, gain)."""
    f = base * np.arange(1, max(2, min(count, int(7600.0 / base))) + 1)
    gains = 0.03 / np.sqrt(f / base)
    for centre, width, gain in formants:
        gains = gains + gain * dsp.bump(f, centre, width)
    return dsp.table(gains * dsp.lowpass(f, 6000.0))


def _meow(rng: Rng, base: float) -> Wave:
    """The mouth opens and closes while the pitch rises and falls."""
    n = dsp.samples(rng.uniform(0.55, 1.0))
    x = np.linspace(0.0, 1.0, n)
    peak = rng.uniform(0.25, 0.45)
    arch = np.interp(x, (0.0, peak, 0.75, 1.0), (-0.35, 0.25, 0.05, rng.uniform(-0.5, -0.2)))
    curve = base * 2.0**arch * (1.0 + 0.008 * np.sin(2.0 * np.pi * 6.0 * x))
    turns = dsp.phase(curve, n)
    stretch = (base / 600.0) ** 0.4
    closed = _voice(base, ((base, 0.5, 1.0), (1000.0 * stretch, 0.3, 0.2)))
    opened = _voice(
        base, ((1250.0 * stretch, 0.35, 1.0), (2500.0 * stretch, 0.3, 0.7), (base, 0.4, 0.5))
    )
    mouth = np.interp(x, (0.0, 0.2, 0.5, 0.85, 1.0), (0.0, 0.5, 1.0, 0.4, 0.1)).astype(np.float32)
    out = (1.0 - mouth) * dsp.play(closed, turns) * 0.6 + mouth * dsp.play(opened, turns)
    breath = 0.02 * dsp.coloured(rng, n, lambda f: dsp.bump(f, 3000.0, 0.7)) * mouth
    return (out + breath) * dsp.swell(n, 0.12, 0.3)


def cat(params: Params, rng: Rng, n: int) -> Wave:
    """Meows with pauses between them."""
    base = dsp.between(params["pitch"], 380.0, 950.0) * rng.uniform(0.95, 1.05)
    out = np.zeros(n, dtype=np.float32)
    for position in dsp.steady(rng, n, rng.uniform(0.5, 0.8), 0.15).tolist():
        dsp.add(
            out, _meow(rng, base * 2.0 ** rng.uniform(-0.1, 0.1)), position, rng.uniform(0.7, 1.0)
        )
    return out


def _bark(rng: Rng, base: float, size: float) -> Wave:
    """A burst of rough voice that jumps up and falls within a fifth of a second."""
    n = dsp.samples(rng.uniform(0.13, 0.2) * size**0.3)
    x = np.linspace(0.0, 1.0, n)
    curve = (
        base
        * np.interp(x, (0.0, 0.2, 1.0), (0.75, 1.25, 0.6))
        * dsp.wander(rng, n, 60.0, 0.93, 1.07)
    )
    voice = _voice(base, ((650.0 / size, 0.5, 1.0), (1500.0 / size, 0.4, 0.6), (base, 0.5, 0.5)))
    rough = 0.5 * dsp.coloured(rng, n, lambda f: dsp.bump(f, 1100.0 / size, 0.9))
    out = dsp.play(voice, dsp.phase(curve, n)) * 1.4 + rough
    envelope = np.interp(x, (0.0, 0.08, 0.35, 1.0), (0.0, 1.0, 0.7, 0.0)).astype(np.float32)
    return np.tanh(1.5 * out) * envelope**1.5


def dog(params: Params, rng: Rng, n: int) -> Wave:
    """Barks singly or in pairs."""
    rate = dsp.between(params["rate"], 0.9, 3.6)
    base = dsp.between(params["pitch"], 170.0, 620.0) * rng.uniform(0.93, 1.07)
    size = dsp.between(params["pitch"], 1.5, 0.6)
    out = np.zeros(n, dtype=np.float32)
    for position in dsp.steady(rng, n, rate, 0.18).tolist():
        bark = _bark(rng, base * 2.0 ** rng.uniform(-0.12, 0.12), size)
        dsp.add(out, bark, position, rng.uniform(0.7, 1.0))
    return out
