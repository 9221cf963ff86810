"""A BigVGAN put into a bundle, in place of the vocoder that there was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from hearsight.bundle import Bundle, open_bundle
from hearsight.errors import BundleError
from hearsight.manifest import Dim, Graph, License, Manifest, Precision
from hearsight.store import write_bundle

from ..assembly import name_of, new_bundle, sha256_of, tell, weight_licenses
from ..conditioning import add_notice, copy_rest
from ..graphs import export_part
from ..report import write_report
from .config import Vocoder
from .loading import load_bigvgan
from .parts import vocoder_part

__all__ = ["exchange", "told_apart"]


def exchange(
    base: Bundle,
    checkpoint: Path,
    config: Path,
    vocoder: Vocoder,
    out: Path,
    terms: License,
    precisions: Sequence[Precision] = ("fp32",),
    log: Callable[[str], None] = print,
) -> Bundle:
    """A copy of the generator `base` in folder `out` that this BigVGAN makes audible.

    config: of the checkpoint, which `vocoder` was read from. terms: of its weights.

    Raises:
        BundleError: the bundle's mel is another than the vocoder's, or it has none; names what
            differs.
        CheckpointError, MisfitError, ParityError, OutputError: as `load_bigvgan`, `export_part`
            and `new_bundle` do.
    """
    name = name_of(out)
    frames = _frames(base, vocoder)
    model = load_bigvgan(checkpoint, config)
    with new_bundle(out) as root:
        graph = export_part(vocoder_part(model, frames), root, precisions)
        tell({"vocoder": graph}, log)
        old = base.manifest
        rest = replace(
            old, graphs={n: g for n, g in old.graphs.items() if n != "vocoder"}, chain=()
        )
        copy_rest(base, rest, root)
        manifest = _joined(replace(old, name=name, chain=()), graph, terms)
        told = f"Vocoder: BigVGAN from {checkpoint.name} (sha256 {sha256_of(checkpoint)})."
        add_notice(root, f"{told} Terms: {terms.name} {terms.url}\n")
        write_bundle(root, manifest)
        write_report(root)
    return open_bundle(out)


def told_apart(base: Bundle, vocoder: Vocoder) -> list[str]:
    """What keeps a vocoder from playing a bundle's mel, each as `key: here, there`."""
    audio = base.manifest.audio
    if audio is None or audio.mel is None:
        return []
    here = {"sample_rate": audio.sample_rate, "channels": audio.channels, **asdict(audio.mel)}
    there = {"sample_rate": vocoder.sample_rate, "channels": 1, **asdict(vocoder.mel)}
    return [
        f"{key} is {there[key]} and the bundle's {value}"
        for key, value in here.items()
        if value != there[key]
    ]


def _frames(base: Bundle, vocoder: Vocoder) -> int:
    """Mel frames to a frame of the latent, if the bundle's mel is the vocoder's."""
    manifest = base.manifest
    decode, latent = manifest.graphs.get("decode"), manifest.latent
    if manifest.audio is None or manifest.audio.mel is None or "vocoder" not in manifest.graphs:
        raise BundleError(
            f"{base.root} does not say what mel is between its decoder and a vocoder (audio.mel), "
            "so that no other vocoder can be put in."
        )
    assert decode and latent, "a generator"
    apart = told_apart(base, vocoder)
    frames = latent.samples_per_frame // vocoder.mel.hop
    wanted: tuple[Dim, ...] = ("B", vocoder.mel.bins, "T" if frames == 1 else f"{frames}T")
    shape = decode.outputs[0].shape
    if not apart and shape != wanted:
        apart = [f"mel is {list(wanted)} and the bundle's {list(shape)}"]
    if apart:
        raise BundleError(f"{base.root} has another mel than this BigVGAN: {'; '.join(apart)}.")
    return frames


def _joined(old: Manifest, graph: Graph, terms: License) -> Manifest:
    graphs = {**old.graphs, "vocoder": graph}
    before = {
        data.file
        for variant in old.graphs["vocoder"].variants.values()
        for data in (*variant.weights, variant)
    }
    own = weight_licenses({"vocoder": graph}, terms)
    kept = {file: said for file, said in old.license.items() if file not in before}
    return replace(old, graphs=graphs, license=dict(sorted({**kept, **own}.items())))
