"""A sound to begin with: its latent, what of it is kept, and how noisy the start is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import media
from .decoder import encode, latent_shape
from .finish import Kept
from .request import Request
from .sampler import Cancel
from .tiling import Tiling

if TYPE_CHECKING:
    from .bundle import Bundle
    from .engine import Engine
    from .manifest import Manifest

__all__ = ["Edit", "begin", "kept_part"]

Array = NDArray[np.float32]
_CONSTANT = 1e-6  # what rounding leaves of a sound that is nothing but an offset


@dataclass(frozen=True)
class Edit:
    """A sound that a request begins with.

    latent: [1, ...latent]. keep: what of it stays, 1 or 0, of a shape that goes with the
    latent's; None if all is made anew. gain: by what the sound was scaled before it was encoded.
    """

    latent: Array
    keep: Array | None
    gain: float

    def start(self, noise: Array, row: NDArray[np.float64]) -> Array:
        """The latent at the noise level of a row (SDEdit, Meng et al. 2022, eq. 7)."""
        return (row[1] * self.latent + row[2] * noise).astype(np.float32)

    def constrain(self, noise: Array, x: Array, row: NDArray[np.float64]) -> Array:
        """`x` with what is kept put back, at the noise level of a row.

        Lugmayr et al. 2022 (RePaint), eq. 8a and 8c, with one noise for all rows, so that the
        kept part moves along a straight line as it does under a deterministic solver.
        """
        if self.keep is None:
            return x
        return np.where(self.keep > 0, self.start(noise, row), x).astype(np.float32)

    def finished(self, x: Array) -> Array:
        """The last latent with what is kept as it was."""
        return x if self.keep is None else np.where(self.keep > 0, self.latent, x)


def begin(
    request: Request, bundle: Bundle, engine: Engine, tiles: Tiling, cancel: Cancel
) -> Edit | None:
    """Encode the sound that a resolved request begins with, if it does.

    Raises:
        MediaError: the file cannot be read, or is silent.
    """
    manifest = bundle.manifest
    init, spec = request.init, manifest.audio
    if init is None:
        return None
    assert spec and request.seconds, "the request is resolved for a generator"
    rate = spec.sample_rate
    audio = media.read_audio(init.file, sample_rate=rate, seconds=request.seconds)
    gain = 1.0
    if spec.peak:
        # Summed in order, as other players do: NumPy's mean sums in whatever order suits it.
        mean = np.cumsum(audio, dtype=np.float64)[-1] / len(audio)
        audio = audio - np.float32(mean)
        peak = float(np.abs(audio).max())
        gain = spec.peak / peak if peak > _CONSTANT else 1.0
    latent = encode(bundle, engine, audio * np.float32(gain), tiles, cancel)
    return Edit(latent, _keep(request, manifest, tiles.frames), gain)


def kept_part(request: Request) -> Kept | None:
    """What of the file of a resolved request goes into the finished sound as it is.

    Raises:
        MediaError: the file cannot be read.
    """
    init, spec = request.init, request.finish
    if init is None or not init.partial:
        return None
    assert request.seconds, "the request is resolved"
    original = media.read_audio(
        init.file, sample_rate=spec.sample_rate, seconds=request.seconds, channels=spec.channels
    )
    start, end = init.span or (0.0, request.seconds)
    return Kept(
        original[:, None] if original.ndim == 1 else original,
        (round(start * spec.sample_rate), round(end * spec.sample_rate)),
        init.band,
    )


def _keep(request: Request, manifest: Manifest, frames: int) -> Array | None:
    """Latent entries outside the span or the band; those that lie partly inside are made anew."""
    init = request.init
    assert init and manifest.audio and manifest.latent, "the request is resolved"
    if not init.partial:
        return None
    shape, time_axis = latent_shape(manifest, frames)
    keep = np.zeros((1, *shape), np.float32)
    if init.span:
        per_second = manifest.audio.sample_rate / manifest.latent.samples_per_frame
        frame = np.arange(frames)
        outside = (frame + 1 <= init.span[0] * per_second) | (frame >= init.span[1] * per_second)
        keep = np.maximum(keep, _along(outside, 1 + time_axis, keep.ndim))
    if init.band:
        edges = np.asarray(manifest.latent.bands)
        outside = (edges[1:] <= init.band[0]) | (edges[:-1] >= init.band[1])
        keep = np.maximum(keep, _along(outside, keep.ndim - 1, keep.ndim))
    return keep


def _along(values: NDArray[np.bool_], axis: int, rank: int) -> Array:
    """Values as an array of `rank` axes that has them along one."""
    return values.astype(np.float32).reshape([-1 if i == axis else 1 for i in range(rank)])
