"""Play sounds through the sound card: at once, gapless in loops, and by its clock."""

from __future__ import annotations

import atexit
import os
from collections import deque
from collections.abc import Generator
from threading import Condition, Thread
from time import monotonic, sleep
from typing import Protocol

import miniaudio
import numpy as np
from numpy.typing import NDArray

from .edits import samples_of
from .reel import Reel

__all__ = ["MiniaudioPlayer", "PlaybackError", "Player"]

Samples = NDArray[np.float32]
Region = tuple[float, float]

_PERIOD = 20  # ms of sound that the device asks for at a time
_PERIODS = 3
_LOOK = 0.5  # seconds between two looks at the device
_SILENT_LOOKS = 4  # looks without a buffer asked for after which a device counts as lost
_GRACE = 0.2  # seconds in which miniaudio's thread leaves a device whose end it has told of
_PATIENCE = 3.0  # seconds to wait for a device to close
_IDLE = 30.0  # seconds of silence after which the device is given back

_NO_DEVICE = (
    "There is no sound output to play on. Connect one, or start the sound service of the system, "
    "then play again."
)
_LOST = (
    "The sound output was lost. See that it is connected, then play again: it goes on with the "
    "output that the system uses then."
)


class PlaybackError(Exception):
    """There is no device to play on, or it was lost; the message is for the user."""


class Player(Protocol):
    """Plays one sound; times in seconds of it. Nothing here waits for a device."""

    loop: Region | None
    """First and end of what is repeated; None plays to the end and stops. `load` clears it."""
    volume: float
    """0 to 1."""

    @property
    def playing(self) -> bool:
        """Whether something is heard, or will be as soon as the device is open."""
        ...

    @property
    def position(self) -> float:
        """What is heard now; where it would go on, when it does not play."""
        ...

    @property
    def length(self) -> float:
        """Of the sound."""
        ...

    def load(self, audio: Samples, sample_rate: int, *, keep: bool = False) -> None:
        """Another sound [samples] or [samples, 2]: from its start and stopped, or with `keep` at
        the same position and playing if the one before was (from its start if it is shorter)."""
        ...

    def play(self, at: float | None = None) -> None:
        """Play from a position; None plays on, from the start if it is at its end."""
        ...

    def pause(self) -> None:
        """Stop where it is."""
        ...

    def seek(self, seconds: float) -> None:
        """Go to a position, playing or not."""
        ...

    def check(self) -> None:
        """See that playing did not end for want of a device.

        Raises:
            PlaybackError: it did; said once. `play` tries again.
        """
        ...

    def close(self) -> None:
        """Give the device back; the player is not used any more."""
        ...


class MiniaudioPlayer:
    """A `Player` on the system's default device; may be called from any thread.

    The device is opened when playing starts, by a thread of this player's own, and given back
    after half a minute of silence. HEARSIGHT_AUDIO names one of miniaudio's backends; `null`
    plays to nobody.
    """

    def __init__(self) -> None:
        # One lock for everything; it is never held while miniaudio opens or closes a device,
        # which waits for its own thread, which waits for `_buffers`.
        self._changed = Condition()
        self._reel = Reel()
        self._rate = 48000
        self._going = False
        self._problem = ""
        self._device: miniaudio.PlaybackDevice | None = None
        self._device_rate = 0
        self._device_lost = False
        self._closed = False
        self._keeper: Thread | None = None
        self._since = monotonic()  # when something was last heard
        self._buffers_asked = 0
        self._forget_handed()

    @property
    def playing(self) -> bool:
        """Whether something is heard, or will be as soon as the device is open."""
        with self._changed:
            if self._going and not self._reel.running and self._heard() >= self._reel.length:
                self._going = False
            return self._going

    @property
    def position(self) -> float:
        """What is heard now; where it would go on, when it does not play."""
        with self._changed:
            return self._heard() / self._rate

    @property
    def length(self) -> float:
        """Of the sound."""
        with self._changed:
            return self._reel.length / self._rate

    @property
    def loop(self) -> Region | None:
        """First and end of what is repeated, brought into the sound."""
        with self._changed:
            region = self._reel.loop
            return region and (region[0] / self._rate, (region[1] + 1) / self._rate)

    @loop.setter
    def loop(self, region: Region | None) -> None:
        with self._changed:
            self._reel.loop = region and samples_of(region, self._rate, self._reel.length)

    @property
    def volume(self) -> float:
        """0 to 1."""
        return self._reel.volume

    @volume.setter
    def volume(self, volume: float) -> None:
        with self._changed:
            self._reel.volume = min(max(volume, 0.0), 1.0)

    def load(self, audio: Samples, sample_rate: int, *, keep: bool = False) -> None:
        """Another sound; see `Player`."""
        with self._changed:
            at = round(self._heard() / self._rate * sample_rate) if keep else 0
            going = keep and self.playing
            if not going:
                self._reel.stop()
            self._rate = sample_rate
            self._reel.load(audio, at if at < len(audio) else 0)
            self._forget_handed()
            self._go(going)

    def play(self, at: float | None = None) -> None:
        """Play from a position; None plays on, from the start if it is at its end."""
        with self._changed:
            self._problem = ""
            if at is not None:
                self._seek(round(at * self._rate))
            elif not self.playing and self._reel.position >= self._reel.length:
                self._seek(0)
            self._go(True)

    def pause(self) -> None:
        """Stop where it is."""
        with self._changed:
            place = self._heard()
            self._reel.stop()
            self._seek(place)
            self._go(False)

    def seek(self, seconds: float) -> None:
        """Go to a position, playing or not."""
        with self._changed:
            going = self.playing
            self._seek(round(seconds * self._rate))
            self._go(going)

    def check(self) -> None:
        """See that playing did not end for want of a device; see `Player`."""
        with self._changed:
            problem, self._problem = self._problem, ""
        if problem:
            raise PlaybackError(problem)

    def close(self) -> None:
        """Give the device back; the player is not used any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._keeper:
            self._keeper.join(_PATIENCE)  # a sound service that hangs may hold it for good
        atexit.unregister(self.close)

    # With the lock held

    def _seek(self, place: int) -> None:
        self._reel.seek(place)
        self._forget_handed()

    def _go(self, going: bool) -> None:
        self._going = going and not self._closed
        if not self._going:
            return
        self._reel.start()
        self._since = monotonic()
        if not self._keeper:
            self._keeper = Thread(target=self._keep, name="playback", daemon=True)
            self._keeper.start()
            atexit.register(self.close)
        self._changed.notify_all()

    def _forget_handed(self) -> None:
        """What the device still holds is of no interest any more."""
        self._handed: deque[tuple[int, NDArray[np.int64]]] = deque()
        self._total = 0  # frames handed out since then
        self._last = monotonic()  # when the last buffer was asked for

    def _heard(self) -> int:
        """The sample that leaves the loudspeaker now: the device plays what it was handed three
        periods ago, and evenly, though it asks in buffers."""
        if not self._going or not self._handed:
            return self._reel.position
        start, newest = self._handed[-1]
        passed = min(round((monotonic() - self._last) * self._rate), len(newest) - 1)
        frame = max(0, start + passed - self._latency)
        while len(self._handed) > 1 and self._handed[1][0] <= frame:
            self._handed.popleft()
        start, places = self._handed[0]
        return int(places[frame - start])

    @property
    def _latency(self) -> int:
        """Frames that were handed out and are not heard yet."""
        return _PERIOD * _PERIODS * self._rate // 1000

    def _hand(self, places: NDArray[np.int64]) -> None:
        self._handed.append((self._total, places))
        self._total += len(places)
        self._last = monotonic()
        self._heard()  # forgets what is over, when nobody else asks

    # In the device's thread

    def _buffers(self) -> Generator[Samples, int, None]:
        count = yield np.zeros((0, 2), np.float32)
        while True:
            with self._changed:
                self._buffers_asked += 1
                if self._device_rate == self._rate:
                    sound, places = self._reel.fill(count)
                    self._hand(places)
                else:  # it is about to be opened anew
                    sound = np.zeros((count, 2), np.float32)
            count = yield sound

    def _stopped(self) -> None:
        with self._changed:
            self._device_lost = True
            self._changed.notify_all()

    # In the keeper's thread, which alone opens and closes devices

    def _keep(self) -> None:
        asked, silent = 0, 0
        while True:
            with self._changed:
                if not self._device:
                    self._changed.wait_for(lambda: self._closed or self._going)
                    silent = 0
                elif self._changed.wait_for(self._due, _LOOK):
                    silent = 0
                else:
                    silent = silent + 1 if self._buffers_asked == asked else 0
                asked = self._buffers_asked
                if going := self.playing:
                    self._since = monotonic()
                lost = self._device is not None and (self._device_lost or silent >= _SILENT_LOOKS)
                if lost and going:
                    self._fail(_LOST)
                idle = not going and monotonic() - self._since > _IDLE
                device, closed, rate = self._device, self._closed, self._rate
                if leave := lost or idle or self._due():
                    self._device = None
            if device and leave:
                device.stop_callback = None
                if lost:
                    sleep(_GRACE)
                device.close()
            if closed:
                return
            if going and not lost and (leave or not device):
                self._open(rate)

    def _due(self) -> bool:
        """Whether the device that is open is of no more use."""
        another_rate = self._going and self._device_rate != self._rate
        return self._closed or self._device_lost or another_rate

    def _open(self, rate: int) -> None:
        device = None
        try:
            device = miniaudio.PlaybackDevice(
                miniaudio.SampleFormat.FLOAT32,
                2,
                rate,
                _PERIOD,
                callback_periods=_PERIODS,
                backends=_backends(),
                app_name="Hearsight",
            )
            device.stop_callback = self._stopped
            with self._changed:
                self._device_rate, self._device_lost = rate, False
            buffers = self._buffers()
            next(buffers)
            device.start(buffers)
            with self._changed:
                self._device = device
        except Exception as problem:  # whatever a driver says, this thread goes on
            if device:
                device.stop_callback = None
                device.close()
            told = str(problem) if isinstance(problem, PlaybackError) else _NO_DEVICE
            with self._changed:
                self._fail(told)

    def _fail(self, problem: str) -> None:
        place = self._heard()
        self._problem = problem
        self._reel.stop()
        self._seek(place)
        self._going = False


def _backends() -> list[miniaudio.Backend]:
    """Those that lead to a loudspeaker, in miniaudio's order, unless the environment names one.

    Left alone, miniaudio plays to nobody where it finds no sound card, and nothing tells.
    """
    said = os.environ.get("HEARSIGHT_AUDIO", "")
    if not said:
        deaf = (miniaudio.Backend.CUSTOM, miniaudio.Backend.NULL)
        found = miniaudio.get_enabled_backends() - set(deaf)
        return sorted(found, key=lambda backend: backend.value)
    if said.upper() not in miniaudio.Backend.__members__:
        names = ", ".join(name.lower() for name in miniaudio.Backend.__members__)
        raise PlaybackError(f"HEARSIGHT_AUDIO is {said!r}; it should be one of {names}.")
    return [miniaudio.Backend[said.upper()]]
