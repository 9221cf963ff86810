"""What a manifest must say beyond its types: the rules of `engines/FORMAT.md`, as code."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise

from .manifest import (
    Betas,
    DataFile,
    Latent,
    Manifest,
    Role,
    TensorFile,
    Variant,
)
from .roles import graph_problems, name_problems, role_of

__all__ = ["DTYPE_BYTES", "Listed", "files", "is_name", "problems", "weight_files"]

Listed = DataFile | TensorFile | Variant

DTYPE_BYTES = {"float32": 4, "float16": 2, "int64": 8, "int32": 4, "uint8": 1, "bool": 1}

_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_STEP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*", re.ASCII)

_GENERATOR_ROLES: tuple[Role, ...] = ("denoise", "encode", "decode", "vocoder")
_CHAINS: dict[str, tuple[tuple[Role, ...], ...]] = {
    "text": (("tokenize", "text"),),
    "image": (("image",), ("image", "frames")),
    "video": (("image", "frames"),),
    "audio": (("audio",), ("audio", "frames")),
}


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
    yield from _chain_problems(manifest)
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
    generates = manifest.kind in ("generator", "both")
    for section in ("audio", "latent", "schedule", "defaults"):
        if generates and getattr(manifest, section) is None:
            yield f'{section} is missing; a bundle of kind "{manifest.kind}" needs it'
        if not generates and getattr(manifest, section) is not None:
            yield f'{section} does not belong in a bundle of kind "conditioner"'
    needed: tuple[Role, ...] = ("denoise", "decode") if generates else ()
    for role in needed:
        if role not in manifest.graphs:
            yield f'graphs.{role} is missing; a bundle of kind "{manifest.kind}" needs it'
    for role in manifest.graphs:
        if not generates and role in _GENERATOR_ROLES:
            yield f'graphs.{role} does not belong in a bundle of kind "conditioner"'
    if manifest.chain and not generates:
        yield 'chain does not belong in a bundle of kind "conditioner"'
    chains = _chains(manifest)
    if manifest.kind == "generator" and chains:
        yield f'conditioners.{next(iter(chains))} does not belong in a bundle of kind "generator"'
    if manifest.kind != "generator" and not chains:
        yield f'conditioners is empty; a bundle of kind "{manifest.kind}" needs at least one'


def _value_problems(manifest: Manifest) -> Iterator[str]:
    space = manifest.space
    if not space.name or not space.shape or min(space.shape) < 1:
        yield "space needs a name and a shape of positive numbers"
    if space.empty and (space.empty.dtype != "float32" or space.empty.shape != space.shape):
        yield f"space.empty must be float32 {list(space.shape)}, as space.shape says"
    latent = manifest.latent
    if latent:
        numbers = [dim for dim in latent.shape if isinstance(dim, int)]
        free = [dim for dim in latent.shape if isinstance(dim, str)]
        if free != ["T"] or min(numbers, default=1) < 1:
            yield "latent.shape must be positive numbers and exactly one T"
        if latent.samples_per_frame < 1 or latent.multiple < 1:
            yield "latent.samples_per_frame and latent.multiple must be at least 1"
        yield from _band_problems(latent)
    if manifest.audio and manifest.audio.sample_rate < 1:
        yield "audio.sample_rate must be at least 1 Hz"
    if manifest.audio and manifest.audio.peak is not None and not 0 < manifest.audio.peak <= 1:
        yield "audio.peak must be above 0 and at most 1"
    if manifest.schedule:
        yield from _schedule_problems(manifest)
    if manifest.defaults:
        yield from _defaults_problems(manifest)
    video, audio = manifest.conditioners.video, manifest.conditioners.audio
    if video and (video.fps < 0 or video.max_frames < 1):
        yield "conditioners.video needs fps of 0 or more and max_frames of at least 1"
    if audio and (audio.sample_rate < 1 or audio.seconds <= 0):
        yield "conditioners.audio needs a sample_rate and seconds above 0"


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
    if schedule.train_steps < 1:
        yield "schedule.train_steps must be at least 1"
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
    if not 0 < limits.min_seconds <= limits.max_seconds:
        yield "defaults.limits needs 0 < min_seconds <= max_seconds"
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


def _chains(manifest: Manifest) -> dict[str, tuple[str, ...]]:
    said = manifest.conditioners
    parts = {"text": said.text, "image": said.image, "video": said.video, "audio": said.audio}
    return {name: part.graphs for name, part in parts.items() if part}


def _chain_problems(manifest: Manifest) -> Iterator[str]:
    used: set[str] = set(_GENERATOR_ROLES)
    graphs = manifest.graphs
    for modality, chain in _chains(manifest).items():
        at = f"conditioners.{modality}.graphs"
        for name in chain:
            if name not in graphs:
                yield f'{at} names "{name}", and graphs.{name} is missing'
                return
        if tuple(role_of(name, graphs[name]) for name in chain) not in _CHAINS[modality]:
            known = " or ".join(" > ".join(known) for known in _CHAINS[modality])
            yield f'{at} is "{" > ".join(chain)}"; known for {modality}: {known}'
            return
        used.update(chain)
        last = graphs[chain[-1]].outputs
        if "cond" not in [spec.name for spec in last]:
            yield f'{at} ends in "{chain[-1]}", which has no output "cond"'
        if len(chain) == 2 and modality != "text" and len(last) == 1:
            given = [spec.shape[1:] for spec in graphs[chain[0]].outputs][:1]
            taken = [spec.shape[2:] for spec in graphs[chain[1]].inputs][:1]
            if given != taken:
                yield f'{at}: the output of "{chain[0]}" does not fit into "{chain[1]}"'
    for name in sorted(graphs.keys() - used):
        yield f"graphs.{name} is in no conditioner's chain"
