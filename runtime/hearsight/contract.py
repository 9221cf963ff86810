"""What a manifest must say beyond its types: the rules of `engines/FORMAT.md`, as code."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from .chains import chain_problems, chains
from .manifest import (
    AudioConditioner,
    AudioSpec,
    Betas,
    Classifier,
    DataFile,
    Latent,
    Manifest,
    Role,
    TensorFile,
    Variant,
)
from .roles import MOST_NUMBERS, graph_problems, name_problems

__all__ = ["DTYPE_BYTES", "Listed", "files", "is_name", "problems", "weight_files"]

Listed = DataFile | TensorFile | Variant

DTYPE_BYTES = {"float32": 4, "float16": 2, "int64": 8, "int32": 4, "uint8": 1, "bool": 1}

# Beyond what any sound needs, and small enough that no product of a few of them overflows.
_MOST_RATE = 1_000_000  # Hz
_MOST_FRAME = 1_000_000  # samples of a frame, or frames
_MOST_FPS = 1000
_MOST_PICTURES = 10_000  # or moments, of a video
_MOST_TRAIN_STEPS = 100_000
_MOST_PIECE = 3600  # seconds

_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_STEP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*", re.ASCII)

_GENERATOR_ROLES: tuple[Role, ...] = ("denoise", "encode", "decode", "vocoder")


def files(manifest: Manifest) -> Iterator[tuple[str, Listed]]:
    """Every file the manifest lists, with the key path where it does; a file may come twice."""
    for name, graph in manifest.graphs.items():
        for precision, variant in graph.variants.items():
            at = f"graphs.{name}.variants.{precision}"
            yield at, variant
            for i, data in enumerate(variant.weights):
                yield f"{at}.weights[{i}]", data
        if graph.check:
            for i, tensor in enumerate(graph.check.inputs):
                yield f"graphs.{name}.check.inputs[{i}]", tensor
            for i, tensor in enumerate(graph.check.outputs):
                yield f"graphs.{name}.check.outputs[{i}]", tensor
    if manifest.space.empty:
        yield "space.empty", manifest.space.empty
    text = manifest.conditioners.text
    if text and text.vocabulary:
        yield "conditioners.text.vocabulary", text.vocabulary
    if manifest.classifier and manifest.classifier.labels:
        yield "classifier.labels", manifest.classifier.labels


def weight_files(manifest: Manifest) -> set[str]:
    """The files that hold weights: external ones, and graphs that have none beside them."""
    found: set[str] = set()
    for graph in manifest.graphs.values():
        for variant in graph.variants.values():
            found.update([data.file for data in variant.weights] or [variant.file])
    return found


def is_name(text: str) -> bool:
    """Whether a bundle may be called that: never a path."""
    return _NAME.fullmatch(text) is not None and len(text) <= 64


def problems(manifest: Manifest) -> Iterator[str]:
    """Every breach of format 1 as a sentence without its end, the one to mend first first."""
    if not is_name(manifest.name):
        yield (
            f'name is "{manifest.name}"; it must be lower-case letters, digits and single . _ - '
            "between them, 64 at most"
        )
    yield from _files_problems(manifest)
    yield from name_problems(manifest)
    yield from _section_problems(manifest)
    yield from _value_problems(manifest)
    for name in manifest.graphs:
        for problem in graph_problems(manifest, name):
            yield f"graphs.{name}{problem}"
    yield from chain_problems(manifest)
    yield from _license_problems(manifest)


def _files_problems(manifest: Manifest) -> Iterator[str]:
    seen: dict[str, tuple[str, int]] = {}
    for at, listed in files(manifest):
        if flaw := _path_flaw(listed.file):
            yield f'{at}.file is "{listed.file}"; {flaw}'
        if not _SHA256.fullmatch(listed.sha256):
            yield f"{at}.sha256 must be 64 lower-case hexadecimal digits"
        if listed.bytes < 0:
            yield f"{at}.bytes must not be negative"
        told = (listed.sha256, listed.bytes)
        if seen.setdefault(listed.file.lower(), told) != told:
            yield f'{at}.file "{listed.file}" is listed elsewhere with another hash or size'
        if isinstance(listed, TensorFile):
            size = math.prod(listed.shape) * DTYPE_BYTES.get(listed.dtype, 0)
            shape = list(listed.shape)
            if listed.dtype == "string" or min(shape, default=1) < 0 or size != listed.bytes:
                yield f"{at}: {listed.dtype} {shape} does not make {listed.bytes} bytes"


def _path_flaw(file: str) -> str:
    if file.startswith("/") or re.match(r"[A-Za-z]:", file):
        return "paths must be relative to the bundle's folder"
    if "\\" in file:
        return "paths are written with /"
    if ".." in file.split("/"):
        return "a path must not leave the bundle's folder"
    if not all(_STEP.fullmatch(step) for step in file.split("/")):
        return "paths are ASCII letters, digits, . _ + - and /, and no part starts with a dot"
    return ""


def _license_problems(manifest: Manifest) -> Iterator[str]:
    weights = weight_files(manifest)
    for file in sorted(weights - manifest.license.keys()):
        yield f'license lacks an entry for the weight file "{file}"'
    for file in sorted(manifest.license.keys() - weights):
        yield f'license names "{file}", which is no weight file of this bundle'


def _section_problems(manifest: Manifest) -> Iterator[str]:
    kind = manifest.kind
    generates, classifies = kind in ("generator", "both"), kind == "classifier"
    stray = f'does not belong in a bundle of kind "{kind}"'
    missing = f'is missing; a bundle of kind "{kind}" needs it'
    for section in ("audio", "latent", "schedule", "defaults"):
        if generates and getattr(manifest, section) is None:
            yield f"{section} {missing}"
        if not generates and getattr(manifest, section) is not None:
            yield f"{section} {stray}"
    if classifies != (manifest.classifier is not None):
        yield f"classifier {missing if classifies else stray}"
    needed: tuple[Role, ...] = ("denoise", "decode") if generates else ()
    for role in ("classify",) if classifies else needed:
        if role not in manifest.graphs:
            yield f"graphs.{role} {missing}"
    for role in manifest.graphs:
        if (not generates and role in _GENERATOR_ROLES) or (not classifies and role == "classify"):
            yield f"graphs.{role} {stray}"
    if ("join" in manifest.graphs) != (manifest.join is not None):
        absent = "graphs.join" if manifest.join else "join"
        yield f"{absent} is missing; join and graphs.join go together"
    if manifest.chain and not generates:
        yield f"chain {stray}"
    known = chains(manifest.conditioners)
    if kind in ("generator", "classifier") and known:
        yield f"conditioners.{next(iter(known))} {stray}"
    if kind in ("conditioner", "both") and not known:
        yield f'conditioners is empty; a bundle of kind "{kind}" needs at least one'


def _value_problems(manifest: Manifest) -> Iterator[str]:
    space = manifest.space
    if not space.name or not space.shape or not _is_shape(space.shape):
        yield (f"space needs a name and a shape of positive numbers, at most {MOST_NUMBERS} in all")
    if space.empty and (space.empty.dtype != "float32" or space.empty.shape != space.shape):
        yield f"space.empty must be float32 {list(space.shape)}, as space.shape says"
    latent = manifest.latent
    if latent:
        sizes = [dim for dim in latent.shape if isinstance(dim, int)]
        free = [dim for dim in latent.shape if isinstance(dim, str)]
        if free != ["T"] or not _is_shape(sizes):
            yield (
                f"latent.shape must be positive numbers, at most {MOST_NUMBERS} in a frame, "
                "and exactly one T"
            )
        if not all(1 <= n <= _MOST_FRAME for n in (latent.samples_per_frame, latent.multiple)):
            yield (
                f"latent.samples_per_frame and latent.multiple must lie between 1 and {_MOST_FRAME}"
            )
        yield from _band_problems(latent)
    if manifest.audio:
        yield from _audio_problems(manifest, manifest.audio)
    if manifest.schedule:
        yield from _schedule_problems(manifest)
    if manifest.defaults:
        yield from _defaults_problems(manifest)
    video = manifest.conditioners.video
    if video and (video.fps < 0 or video.max_frames < 1):
        yield "conditioners.video needs fps of 0 or more and max_frames of at least 1"
    if video and (video.fps > _MOST_FPS or video.max_frames > _MOST_PICTURES):
        yield (
            f"conditioners.video needs fps of {_MOST_FPS} at most and max_frames of "
            f"{_MOST_PICTURES} at most"
        )
    if manifest.conditioners.audio:
        yield from _heard_problems("conditioners.audio", manifest.conditioners.audio)
    if manifest.classifier:
        yield from _classifier_problems(manifest, manifest.classifier)


def _audio_problems(manifest: Manifest, audio: AudioSpec) -> Iterator[str]:
    if not 1 <= audio.sample_rate <= _MOST_RATE:
        yield f"audio.sample_rate must lie between 1 and {_MOST_RATE} Hz"
    if audio.peak is not None and not 0 < audio.peak <= 1:
        yield "audio.peak must be above 0 and at most 1"
    mel = audio.mel
    if mel and "vocoder" not in manifest.graphs:
        yield "audio.mel is what a vocoder takes, and graphs.vocoder is missing"
    if mel and not all(1 <= n <= _MOST_FRAME for n in (mel.bins, mel.n_fft, mel.hop)):
        yield f"audio.mel needs bins, n_fft and hop between 1 and {_MOST_FRAME}"
    if mel and not 0 <= mel.fmin < mel.fmax <= audio.sample_rate / 2:
        yield "audio.mel needs 0 <= fmin < fmax, up to half of audio.sample_rate"
    if mel and mel.floor <= 0:
        yield "audio.mel.floor must be above 0"


def _heard_problems(at: str, known: AudioConditioner | Classifier) -> Iterator[str]:
    if not (1 <= known.sample_rate <= _MOST_RATE and 0 < known.seconds <= _MOST_PIECE):
        yield (
            f"{at} needs a sample_rate and seconds above 0, "
            f"at most {_MOST_RATE} Hz and {_MOST_PIECE} seconds"
        )
    elif known.sample_rate * known.seconds > MOST_NUMBERS:
        yield f"{at}: seconds at its sample_rate must be at most {MOST_NUMBERS} samples"


def _classifier_problems(manifest: Manifest, classifier: Classifier) -> Iterator[str]:
    yield from _heard_problems("classifier", classifier)
    if classifier.graphs != ("classify",):
        yield 'classifier.graphs must be ["classify"]'
    if len(manifest.space.shape) != 1:
        yield "space.shape of a classifier is one axis: how many classes it knows"


def _is_shape(sizes: Sequence[int]) -> bool:
    return min(sizes, default=1) >= 1 and math.prod(sizes) <= MOST_NUMBERS


def _band_problems(latent: Latent) -> Iterator[str]:
    bands, last = latent.bands, latent.shape[-1:]
    if not bands:
        return
    if last != (len(bands) - 1,):
        yield f"latent.bands has {len(bands)} edges; the last axis of latent.shape needs one more"
    if bands[0] < 0 or any(low >= high for low, high in pairwise(bands)):
        yield "latent.bands must rise from 0 Hz or more"


def _schedule_problems(manifest: Manifest) -> Iterator[str]:
    schedule = manifest.schedule
    assert schedule
    betas: Betas = schedule.betas
    if not 1 <= schedule.train_steps <= _MOST_TRAIN_STEPS:
        yield f"schedule.train_steps must lie between 1 and {_MOST_TRAIN_STEPS}"
    if (betas.kind == "flow") != (schedule.prediction == "flow"):
        yield 'schedule.betas.kind and schedule.prediction must both be "flow", or neither'
    if betas.kind in ("linear", "scaled_linear") and not 0 < betas.start <= betas.end < 1:
        yield "schedule.betas needs 0 < start <= end < 1"
    if betas.kind == "given" and len(betas.values) != schedule.train_steps:
        yield (
            f"schedule.betas.values has {len(betas.values)} numbers for "
            f"{schedule.train_steps} train_steps"
        )
    if any(not 0 < beta < 1 for beta in betas.values):
        yield "schedule.betas.values must lie between 0 and 1"
    if betas.values and betas.kind != "given":
        yield 'schedule.betas.values belongs to the kind "given" only'
    if betas.shift <= 0:
        yield "schedule.betas.shift must be above 0"


def _defaults_problems(manifest: Manifest) -> Iterator[str]:
    defaults, schedule = manifest.defaults, manifest.schedule
    assert defaults
    limits = defaults.limits
    if not 0 < limits.min_seconds <= limits.max_seconds <= _MOST_PIECE:
        yield f"defaults.limits needs 0 < min_seconds <= max_seconds <= {_MOST_PIECE}"
    elif not limits.min_seconds <= defaults.seconds <= limits.max_seconds:
        yield "defaults.seconds lies outside defaults.limits"
    if not 1 <= defaults.steps <= 1000:
        yield "defaults.steps must lie between 1 and 1000"
    if not 0 <= defaults.eta <= 1:
        yield "defaults.eta must lie between 0 and 1"
    if schedule and (defaults.solver == "euler") != (schedule.betas.kind == "flow"):
        yield 'defaults.solver must be "euler" for flow models and another one for the rest'
    if defaults.guidance < 0:
        yield "defaults.guidance must not be negative"
    if defaults.guidance != 1 and manifest.space.empty is None:
        yield "space.empty is missing; guidance needs the condition for no prompt"
