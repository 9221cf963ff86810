"""The README.md of a bundle: what it is, its terms, and how near it is to the original."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from hearsight.bundle import open_bundle
from hearsight.manifest import Manifest

__all__ = ["write_report"]

README = "README.md"
_USES = {True: "allowed", False: "not allowed", None: "not known, ask the author"}
_KINDS = {
    "generator": "makes sound from conditions",
    "conditioner": "turns prompts into conditions",
    "both": "turns prompts into conditions and conditions into sound",
    "classifier": "tells of which classes a sound is",
}
_PROMPTS = {
    "text": "words",
    "image": "pictures",
    "video": "videos",
    "audio": "reference sounds",
    "depth": "depth pictures",
    "thermal": "thermal pictures",
    "imu": "movements",
}


def write_report(root: Path) -> Path:
    """Write `README.md` into the bundle at folder `root`, from its manifest and this machine.

    To be called where the bundle was exported, for the machine and the versions are told.
    """
    manifest = open_bundle(root, verify=False).manifest
    path = root / README
    path.write_text("\n".join(_lines(manifest)) + "\n", encoding="utf-8")
    return path


def _lines(manifest: Manifest) -> Iterator[str]:
    yield f"# {manifest.title}"
    yield ""
    yield f"A Hearsight bundle that {_KINDS[manifest.kind]}. Written by its export."
    yield ""
    yield from _table(("", ""), list(_facts(manifest)))
    yield ""
    yield "## Terms"
    yield ""
    yield from _table(("weights", "licence", "commercial use"), list(_terms(manifest)))
    yield ""
    yield "## How near it is to PyTorch"
    yield ""
    yield "The worst output of every graph against the original network in float32, at each size."
    yield from _remarks(manifest)
    yield ""
    rows = list(_parity(manifest))
    yield from _table(("graph", "precision", "size", "max error", "relative L2", "SNR in dB"), rows)
    refused = [
        f"- {name} in {precision}: {reason}."
        for name, graph in manifest.graphs.items()
        for precision, reason in graph.refused.items()
    ]
    if refused:
        yield ""
        yield "Tried and not shipped:"
        yield ""
        yield from refused
    if manifest.chain:
        yield ""
        yield "Whole sounds, from the same words and the same noise to the waveform:"
        yield ""
        yield from _table(
            ("precision", "seconds", "steps", "SNR in dB", "log-mel distance in dB"),
            [
                (c.precision, f"{c.seconds:g}", c.steps, f"{c.snr_db:.1f}", f"{c.log_mel_db:.3g}")
                for c in manifest.chain
            ],
        )
    yield ""
    yield "## How it was made"
    yield ""
    yield from _table(("", ""), list(_origin(manifest)))


def _facts(manifest: Manifest) -> Iterator[tuple[str, object]]:
    yield "name", f"`{manifest.name}`, version {manifest.version}"
    shape = " x ".join(map(str, manifest.space.shape))
    yield "space", f"`{manifest.space.name}`, {shape}"
    ways = [said for way, said in _PROMPTS.items() if getattr(manifest.conditioners, way)]
    if ways:
        yield "understands", ", ".join(ways)
    audio, schedule, defaults = manifest.audio, manifest.schedule, manifest.defaults
    if audio and schedule and defaults:
        limits = defaults.limits
        channels = "mono" if audio.channels == 1 else "stereo"
        yield "sound", f"{audio.sample_rate} Hz, {channels}"
        yield "length", f"{limits.min_seconds:g} to {limits.max_seconds:g} s in one piece"
        yield (
            "default",
            f"{defaults.seconds:g} s, {defaults.solver}, {defaults.steps} steps, "
            f"guidance {defaults.guidance:g}",
        )
        yield "network says", f"{schedule.prediction}, over {schedule.train_steps} training steps"


def _terms(manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    for file, terms in manifest.license.items():
        name = f"[{terms.name}]({terms.url})" if terms.url else terms.name
        yield f"`{file}`", name, _USES[terms.commercial_use]


def _remarks(manifest: Manifest) -> Iterator[str]:
    tried = {p for graph in manifest.graphs.values() for p in (*graph.variants, *graph.refused)}
    if "fp16" in tried:
        yield (
            "fp16 is counted as a GPU computes it, every half precision tensor rounded; a CPU "
            "keeps more."
        )
    if "int8" in tried:
        yield "int8 has the weights of its matrix products in 8 bits, for CPUs."


def _parity(manifest: Manifest) -> Iterator[tuple[object, ...]]:
    for name, graph in manifest.graphs.items():
        for row in graph.parity:
            yield (
                name,
                row.precision,
                "; ".join(row.shapes),
                f"{row.max_abs:.1e}",
                f"{row.relative_l2:.1e}",
                f"{row.snr_db:.1f}",
            )


def _origin(manifest: Manifest) -> Iterator[tuple[str, object]]:
    source = manifest.source
    yield "family", source.family
    yield "checkpoint", f"`{source.checkpoint}`"
    yield "its SHA-256", f"`{source.sha256}`"
    yield "versions", ", ".join(f"{tool} {number}" for tool, number in source.tools.items())
    yield "machine", f"{_processor()}, {os.cpu_count()} threads, {platform.system()}"


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    if told.is_file():
        found = re.search(r"model name\s*:\s*(.+)", told.read_text("utf-8", "replace"))
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine()


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield _row(head)
    yield "|" + "---|" * len(head)
    for row in rows:
        yield _row(row)


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
