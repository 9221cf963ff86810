"""What tests of several folders measure."""

import numpy as np
import pytest

_SIDE = 0.032  # seconds on each side of a place that are compared
_QUIET = 1e-5  # of full scale: what lies below is as good as silence


@pytest.fixture(scope="session")
def seam():
    """A function of a sound and its rate: the jump where its end meets its start, in level and
    in spectrum, as the share of places inside at which the jump is smaller."""
    return _seam


def _seam(audio, sample_rate):
    size = round(_SIDE * sample_rate)
    inside = np.arange(size, len(audio) - size, size // 4)
    around = np.concatenate([audio[-size:], audio, audio[:size]])
    jumps = np.array([_jump(around[p : p + 2 * size]) for p in (0, *inside)])
    return (jumps[1:] < jumps[0]).mean(axis=0)


def _jump(both):
    """Change of level in dB, and mean change of level in 16 bands, in the middle of a piece."""
    sides = np.split(both.astype(float), 2)
    level, spectrum = zip(*map(_heard, sides), strict=True)
    return abs(level[0] - level[1]), np.abs(spectrum[0] - spectrum[1]).mean()


def _heard(side):
    power = np.abs(np.fft.rfft(side * np.hanning(len(side)))) ** 2 / len(side)
    edges = np.geomspace(1, len(power), 17).astype(int)
    bands = np.add.reduceat(power, np.unique(edges)[:-1])
    return 10 * np.log10(np.mean(side**2) + _QUIET**2), 10 * np.log10(bands + _QUIET**2)
