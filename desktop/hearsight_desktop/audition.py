"""Listening: what plays, from where, and whether it goes round; knows no widget."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from .player import PlaybackError, Player

__all__ = ["Audition"]

_LAST = 0.005  # seconds before the end that count as the end
_FRAME = 33  # ms between two looks at the position: as often as a picture of a video comes


class Audition(QObject):
    """One player and where it stands, in seconds of the take's original.

    A take that was cut plays from `offset` seconds of its original on. Loading another take goes
    on at the same position: that is how two are compared.
    """

    moved = Signal(float)
    """Seconds of the original that are heard now."""
    changed = Signal(bool)
    """Whether it plays."""
    failed = Signal(str)
    """There is no playing: why."""

    def __init__(self, player: Player, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player = player
        self._offset = 0.0
        self._looping = False
        self._loops = True
        self._region: tuple[float, float] | None = None
        self._was_playing = False
        self._timer = QTimer(self, interval=_FRAME)
        self._timer.timeout.connect(self._look)

    @property
    def playing(self) -> bool:
        """Whether something is heard."""
        return self._player.playing

    @property
    def position(self) -> float:
        """Seconds of the original."""
        return self._offset + self._player.position

    def load(
        self,
        audio: NDArray[np.float32],
        sample_rate: int,
        *,
        offset: float = 0.0,
        region: tuple[float, float] | None = None,
        loops: bool = True,
        at: float | None = None,
    ) -> None:
        """Hear this from now on, where the other one stands; from its start if that had ended, or
        stood where this one has nothing. `region` in seconds of the original is what a loop
        repeats; without `loops` it never goes round. `at`: stop, and stand there instead."""
        here = self.position if at is None else at
        ended = at is None and not self.playing and self._has_ended
        self._offset, self._region, self._loops = offset, region, loops
        self._try(lambda: self._player.load(audio, sample_rate, keep=at is None))
        inside = offset <= here < offset + self._player.length and not ended
        self._try(lambda: self._player.seek(here - offset if inside else 0.0))
        self._apply_loop()
        self.moved.emit(self.position)

    def unload(self) -> None:
        """Hear nothing any more."""
        self.load(np.zeros(1, np.float32), 48000, at=0.0)
        self._look()

    def play(self, at: float | None = None) -> None:
        """Begin, at a position in the original or where it stands."""
        if at is None and self._has_ended:
            at = self._offset
        here = None if at is None else max(0.0, at - self._offset)
        self._try(lambda: self._player.play(here))
        self._timer.start()
        self._look()

    def pause(self) -> None:
        """Stop where it stands."""
        self._try(self._player.pause)
        self._look()

    def toggle(self) -> None:
        """Play or stop."""
        self.pause() if self.playing else self.play()

    def seek(self, seconds: float) -> None:
        """Go to a position in the original."""
        self._try(lambda: self._player.seek(max(0.0, seconds - self._offset)))
        self.moved.emit(self.position)

    def set_looping(self, looping: bool) -> None:
        """Whether it goes round: in its loop region, else from its end to its start."""
        self._looping = looping
        self._apply_loop()

    def set_volume(self, volume: float) -> None:
        """0 to 1."""
        self._player.volume = volume

    def close(self) -> None:
        """Give the sound card back."""
        self._timer.stop()
        self._player.close()

    @property
    def _has_ended(self) -> bool:
        return self._player.position >= self._player.length - _LAST

    def _apply_loop(self) -> None:
        whole = (0.0, self._player.length)
        region = whole
        if self._region:
            first, end = self._region
            region = max(0.0, first - self._offset), max(0.0, end - self._offset)
        self._player.loop = region if self._looping and self._loops else None

    def _look(self) -> None:
        playing = self._player.playing
        self._try(self._player.check)  # after it: what ended for a reason is not left without one
        self.moved.emit(self.position)
        if playing != self._was_playing:
            self._was_playing = playing
            self.changed.emit(playing)
        if not playing:
            self._timer.stop()

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except PlaybackError as problem:
            self.failed.emit(str(problem))
