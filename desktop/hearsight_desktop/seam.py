"""Where a loop's end meets its start: how far it jumps, and a sound to judge it by."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["check_sound", "seam_jump_db"]

Samples = NDArray[np.float32]

_AROUND = 0.01  # seconds on both sides whose steps the seam's is compared to
_SILENT_STEP = 1e-6  # -120 dBFS
_TIMES = 5
_WHOLE = 1.5  # seconds up to which a loop is played as it is
_SIDE = 0.75  # seconds before and after the seam of a longer one
_PAUSE = 0.25  # seconds between two of them
_FADE = 0.01


def seam_jump_db(audio: Samples, sample_rate: int, loop: tuple[int, int]) -> float:
    """How much larger the step over the seam is than the sound's own steps from sample to sample
    are around it (root mean square), in dB; of the channels the worst.

    Around 0 and below, nothing happens at the seam; from 12 on, a click is heard. -inf for no
    step at all. `loop`: first and last sample, both played.
    """
    x = audio.astype(np.float64).reshape(len(audio), -1)[loop[0] : loop[1] + 1]
    near = min(len(x) - 1, round(_AROUND * sample_rate))
    steps = np.concatenate([np.diff(x[: near + 1], axis=0), np.diff(x[-near - 1 :], axis=0)])
    usual = np.maximum(np.sqrt(np.square(steps).mean(axis=0)), _SILENT_STEP)
    jump = float((np.abs(x[0] - x[-1]) / usual).max())
    return 20 * math.log10(jump) if jump else -math.inf


def check_sound(audio: Samples, sample_rate: int, loop: tuple[int, int]) -> Samples:
    """The seam played five times: a short loop goes round, of a long one three quarters of a
    second before and after the seam are played, with a pause in between."""
    x = audio[loop[0] : loop[1] + 1]
    if len(x) <= _WHOLE * sample_rate:
        return np.concatenate([x] * (_TIMES + 1))
    side, fade = round(_SIDE * sample_rate), round(_FADE * sample_rate)
    piece = np.concatenate([x[-side:], x[:side]])
    ramp = np.linspace(0, 1, fade, dtype=np.float32).reshape(-1, *(1,) * (x.ndim - 1))
    piece[:fade] *= ramp
    piece[-fade:] *= ramp[::-1]
    pause = np.zeros((round(_PAUSE * sample_rate), *x.shape[1:]), np.float32)
    return np.concatenate([piece, *[pause, piece] * (_TIMES - 1)])
