"""Between sound and latent: how many frames a length takes, encoding, decoding, in windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import tiling
from .errors import BundleError
from .manifest import Dim, Manifest
from .noise import DECODE, Noise
from .pieces import count, pieces
from .sampler import Cancel, Progress
from .tiling import Tiling

if TYPE_CHECKING:
    from .bundle import Bundle
    from .engine import Engine

__all__ = ["decode", "encode", "latent_shape", "tile"]

Array = NDArray[np.float32]


def tile(manifest: Manifest, seconds: float, *, loop: bool = False) -> Tiling:
    """The windows over the latent of a sound, none longer than the generator makes well.

    The frames are as many as are needed for round(seconds * sample_rate) samples, rounded up to
    the generator's `multiple`. A loop has the nearest number of frames: it has no end that could
    be cut off.
    """
    assert manifest.audio and manifest.latent and manifest.defaults, "only generators have latents"
    latent, rate = manifest.latent, manifest.audio.sample_rate
    longest = _frames(manifest, manifest.defaults.limits.max_seconds)
    if loop:
        frames = max(1, round(seconds * rate / latent.samples_per_frame))
        return tiling.circle(frames, longest, latent.multiple)
    return tiling.line(_frames(manifest, seconds), longest)


def _frames(manifest: Manifest, seconds: float) -> int:
    assert manifest.audio and manifest.latent, "only generators have latents"
    latent = manifest.latent
    frames = -(-round(seconds * manifest.audio.sample_rate) // latent.samples_per_frame)
    return -(-frames // latent.multiple) * latent.multiple


def latent_shape(manifest: Manifest, frames: int) -> tuple[tuple[int, ...], int]:
    """Shape of a latent of so many frames, without batch, and which axis is time."""
    assert manifest.latent, "only generators have latents"
    shape = tuple(frames if dim == "T" else int(dim) for dim in manifest.latent.shape)
    return shape, manifest.latent.shape.index("T")


def encode(bundle: Bundle, engine: Engine, audio: Array, tiles: Tiling, cancel: Cancel) -> Array:
    """The latent [1, ...latent] of a sound [samples] at the generator's rate.

    A shorter sound is followed by silence; of a longer one the beginning counts.

    Raises:
        BundleError: the graph gave another number of frames than the manifest promises.
    """
    manifest = bundle.manifest
    assert manifest.latent, "only generators encode"
    per_frame = manifest.latent.samples_per_frame
    samples = tiles.frames * per_frame
    sound = np.pad(audio[:samples], (0, max(0, samples - len(audio))))
    axis = 1 + manifest.latent.shape.index("T")

    def parts() -> Iterator[Array]:
        for window in tiles.windows(per_frame):
            mean = engine.run("encode", {"audio": sound[window.frames][None]}, cancel)["mean"]
            if mean.shape[axis] != tiles.size:
                raise BundleError(
                    f"{bundle.root}: encode gave {mean.shape[axis]} frames where {tiles.size} "
                    "were due; its manifest does not say what its graphs do, so export it again."
                )
            yield mean

    return tiles.blend(parts(), axis)


def decode(
    bundle: Bundle,
    engine: Engine,
    latent: Array,
    tiles: Tiling,
    noise: Noise,
    cancel: Cancel,
    progress: Progress,
) -> Array:
    """Audio [samples], or [samples, channels], of all frames of a latent [1, ...latent].

    A vocoder whose `reach` is known runs piece by piece, with the samples that it would give in
    one run.

    Args:
        bundle: a generator.
        engine: runs its graphs.
        latent: one variation.
        tiles: the windows it is decoded in.
        noise: for graphs that take some.
        cancel: stops within a graph.
        progress: told of the stage `decode`, after each window and each piece of it.

    Raises:
        BundleError: the graphs gave less audio than the manifest promises.
    """
    manifest = bundle.manifest
    assert manifest.latent, "only generators decode"
    axis = 1 + manifest.latent.shape.index("T")
    per_frame = manifest.latent.samples_per_frame
    mel = _mel(manifest)
    every = count(tiles.size * mel.per_frame, mel.reach) if mel else 1
    done = 0

    def made() -> None:
        nonlocal done
        done += 1
        progress("decode", done, every * len(tiles.starts))

    def parts() -> Iterator[Array]:
        for window in tiles.windows():
            inputs = {"latent": latent.take(window.frames, axis)}
            for spec in manifest.graphs["decode"].inputs:
                if spec.name == "noise":
                    inputs["noise"] = _noise(noise, spec.shape, window.frames)
            outputs = engine.run("decode", inputs, cancel)
            due = tiles.size * per_frame
            if mel:
                audio = np.concatenate(list(voiced(outputs["mel"], mel)), axis=-1)
            else:
                if "vocoder" in manifest.graphs:
                    outputs = engine.run("vocoder", outputs, cancel)
                audio = _enough(bundle, outputs["audio"][0], due)
                made()
            yield audio

    def voiced(value: Array, mel: _Mel) -> Iterator[Array]:
        frames, samples = tiles.size * mel.per_frame, per_frame // mel.per_frame
        if value.shape[mel.axis] < frames:
            raise _promised(bundle, value.shape[mel.axis], "frames", frames)
        value = value.take(range(frames), mel.axis)
        for piece in pieces(frames, mel.reach):
            part = value.take(range(piece.first, piece.last), mel.axis)
            audio = engine.run("vocoder", {"mel": part}, cancel)["audio"][0]
            audio = _enough(bundle, audio, (piece.last - piece.first) * samples)
            made()
            skipped = (piece.start - piece.first) * samples
            yield audio[..., skipped : skipped + (piece.end - piece.start) * samples]

    whole = tiles.blend(parts(), -1, per_frame)
    return np.ascontiguousarray(whole.T)


@dataclass(frozen=True)
class _Mel:
    """Where time is in what a vocoder takes, how many frames of it go to one of the latent, and
    how many to either side count."""

    axis: int
    per_frame: int
    reach: int


def _mel(manifest: Manifest) -> _Mel | None:
    """The mel of a vocoder that can be run in pieces."""
    vocoder = manifest.graphs.get("vocoder")
    if vocoder is None or vocoder.reach is None:
        return None
    shape = vocoder.inputs[0].shape
    axis = next((i for i, dim in enumerate(shape) if str(dim).endswith("T")), None)
    assert manifest.latent, "only generators decode"
    per_frame = 0 if axis is None else _size(shape[axis], 1)
    if axis is None or manifest.latent.samples_per_frame % per_frame:
        return None
    return _Mel(axis, per_frame, vocoder.reach)


def _enough(bundle: Bundle, audio: Array, due: int) -> Array:
    """The first samples of what a graph gave, as many as are due."""
    if audio.shape[-1] < due:
        raise _promised(bundle, audio.shape[-1], "samples", due)
    return audio[..., :due]


def _promised(bundle: Bundle, found: int, what: str, due: int) -> BundleError:
    return BundleError(
        f"{bundle.root}: decode gave {found} {what} where {due} were due; its manifest promises "
        "more than its graphs make, so export it again."
    )


def _noise(noise: Noise, dims: tuple[Dim, ...], frames: NDArray[np.int64]) -> Array:
    """The noise input of `decode` for some frames; B is 1 here."""
    growing = next((axis for axis, dim in enumerate(dims) if str(dim).endswith("T")), None)
    if growing is None:
        return noise.normal(DECODE, [_size(dim, 1) for dim in dims])
    pieces: list[Array] = []
    for first, end in tiling.runs(frames):
        shape = [_size(dim, end - first) for dim in dims]
        start = _size(dims[growing], int(frames[first]))
        pieces.append(noise.normal(DECODE, shape, growing, start))
    return np.concatenate(pieces, axis=growing)


def _size(dim: Dim, frames: int) -> int:
    """An axis of the noise input: a number, B (here 1), T, or a multiple such as 1280T."""
    if isinstance(dim, int):
        return dim
    return 1 if dim == "B" else int(dim[:-1] or 1) * frames
