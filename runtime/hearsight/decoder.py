"""A latent becomes audio: decode, perhaps a vocoder, and exactly the length that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import noise
from .errors import BundleError
from .manifest import Dim, Manifest
from .sampler import Cancel

if TYPE_CHECKING:
    from .bundle import Bundle
    from .engine import Engine

__all__ = ["decode", "latent_shape"]

Array = NDArray[np.float32]


def latent_shape(manifest: Manifest, seconds: float) -> tuple[tuple[int, ...], int]:
    """Shape of the latent, without batch, that covers a length, and which axis is time.

    The frames are as many as are needed for round(seconds * sample_rate) samples, rounded up to
    the generator's `multiple`.
    """
    assert manifest.audio and manifest.latent, "only generators have latents"
    latent = manifest.latent
    frames = -(-round(seconds * manifest.audio.sample_rate) // latent.samples_per_frame)
    frames = -(-frames // latent.multiple) * latent.multiple
    shape = tuple(frames if dim == "T" else int(dim) for dim in latent.shape)
    return shape, latent.shape.index("T")


def decode(
    bundle: Bundle, engine: Engine, latent: Array, seed: int, seconds: float, cancel: Cancel
) -> Array:
    """Audio [samples], or [samples, channels], of round(seconds * sample_rate) samples.

    Args:
        bundle: a generator.
        engine: runs its graphs.
        latent: one variation [1, ...latent].
        seed: of the noise, where `decode` takes some.
        seconds: length asked for.
        cancel: stops within a graph.

    Raises:
        BundleError: the graphs gave less audio than the manifest promises.
    """
    manifest = bundle.manifest
    assert manifest.audio and manifest.latent, "only generators decode"
    inputs = {"latent": latent}
    for spec in manifest.graphs["decode"].inputs:
        if spec.name == "noise":
            frames = latent.shape[1 + manifest.latent.shape.index("T")]
            shape = [_size(dim, frames) for dim in spec.shape]
            growing = [axis for axis, dim in enumerate(spec.shape) if str(dim).endswith("T")]
            inputs["noise"] = noise.normal(seed, noise.DECODE, shape, *growing[:1])
    outputs = engine.run("decode", inputs, cancel)
    if "vocoder" in manifest.graphs:
        outputs = engine.run("vocoder", outputs, cancel)
    audio = outputs["audio"][0]
    samples = round(seconds * manifest.audio.sample_rate)
    if audio.shape[-1] < samples:
        raise BundleError(
            f"{bundle.root}: decode gave {audio.shape[-1]} samples where {samples} were due; "
            "its manifest promises more than its graphs make, so export it again."
        )
    return np.ascontiguousarray(audio[..., :samples].T)


def _size(dim: Dim, frames: int) -> int:
    """An axis of the noise input: a number, B (here 1), T, or a multiple such as 1280T."""
    if isinstance(dim, int):
        return dim
    return 1 if dim == "B" else int(dim[:-1] or 1) * frames
