"""A sound being played: what a device is handed, buffer after buffer. No time, no thread."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Reel"]

Samples = NDArray[np.float32]

_FADE = 240  # samples over which one place passes over into another, so that nothing clicks


@dataclass
class _Course:
    """A sound and the way through it: the next sample, and first and last one of a loop."""

    audio: Samples
    position: int = 0
    loop: tuple[int, int] | None = None

    @property
    def over(self) -> bool:
        return self.position >= len(self.audio)

    def take(self, count: int) -> tuple[Samples, NDArray[np.int64]]:
        """The next [count, 2] samples, silence after the end, and the place of each."""
        end = len(self.audio)
        places = self.position + np.arange(count + 1)
        if self.loop:
            first, last = self.loop
            # From behind the loop it plays to the end of the sound before it goes round.
            turn = last + 1 if self.position <= last else end
            round_again = first + (places - turn) % (last + 1 - first)
            places = np.where(places < turn, places, round_again)
        else:
            places = np.minimum(places, end)
        self.position = int(places[-1])
        places = places[:-1]
        found = np.zeros((count, 2), np.float32)
        inside = places < end
        samples = self.audio[places[inside]]
        found[inside] = samples if samples.ndim == 2 else samples[:, None]
        return found, places


class Reel:
    """Plays a sound [samples] or [samples, 2] in buffers of any size.

    Sounds start as they are, without a fade. Where playing jumps (another place, another sound,
    a stop), 5 ms pass over; a loop's seam is played as it is, sample after sample.
    """

    def __init__(self) -> None:
        self._course = _Course(np.zeros(0, np.float32))
        self._leaving: _Course | None = None
        self._left = 0  # samples since the last jump
        self._rising = False
        self._gain = 1.0
        self.running = False
        self.volume = 1.0

    @property
    def position(self) -> int:
        """The next sample; the number of samples at the end."""
        return self._course.position

    @property
    def length(self) -> int:
        """Samples of the sound."""
        return len(self._course.audio)

    @property
    def loop(self) -> tuple[int, int] | None:
        """First and last sample of what is repeated, both played."""
        return self._course.loop

    @loop.setter
    def loop(self, loop: tuple[int, int] | None) -> None:
        self._course.loop = loop

    def load(self, audio: Samples, position: int) -> None:
        """Another sound, without a loop, at a place; it plays if the one before did."""
        self._jump(_Course(audio, min(max(position, 0), len(audio))))

    def seek(self, position: int) -> None:
        """Go to a place; it plays if it did before."""
        self._jump(replace(self._course, position=min(max(position, 0), self.length)))

    def start(self) -> None:
        """Play on."""
        if not self.running:
            self.running = True
            self._rising = self._course.position > 0
            if not self._leaving:
                self._left = 0

    def stop(self) -> None:
        """Stay where it is."""
        if self.running:
            self._jump(replace(self._course))
            self.running = False

    def fill(self, count: int) -> tuple[Samples, NDArray[np.int64]]:
        """The next [count, 2] samples and the place in the sound of each."""
        since = self._left + np.arange(count)
        self._left += count
        ramp = np.clip((since + 0.5) / _FADE, 0, 1).astype(np.float32)[:, None]
        if self.running:
            sound, places = self._course.take(count)
            if self._rising:
                sound *= ramp
            self.running = self._course.loop is not None or not self._course.over
        else:
            sound = np.zeros((count, 2), np.float32)
            places = np.full(count, self._course.position)
        if self._leaving:
            sound += self._leaving.take(count)[0] * (1 - ramp)
        if self._left >= _FADE:
            self._leaving, self._rising = None, False
        if self._gain != 1 or self.volume != 1:
            sound *= np.linspace(self._gain, self.volume, count, dtype=np.float32)[:, None]
        self._gain = self.volume
        return sound, places

    def _jump(self, course: _Course) -> None:
        # Of two jumps before the next buffer the first left what is still heard.
        if self.running and not (self._leaving and self._left == 0):
            self._leaving = self._course
            self._left = 0
        self._course = course
        self._rising = self.running and course.position > 0
