"""The AudioLDM bundle: generator and CLAP in one folder, with its manifest and its notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hearsight.bundle import Bundle, open_bundle
from hearsight.manifest import (
    AudioSpec,
    Defaults,
    Graph,
    Latent,
    Limits,
    Manifest,
    Precision,
    Schedule,
    Source,
)
from hearsight.store import write_bundle

from ..assembly import name_of, new_bundle, sha256_of, tell, tools, weight_licenses
from ..chain import record_chain
from ..checkpoints import CheckpointError
from ..clap.parts import clap_conditioners, clap_graphs, clap_space
from ..graphs import export_part
from ..models.mel import mel_points
from ..report import write_report
from ..terms import AUDIOLDM, VOCABULARY, terms_of
from ..weights import blame
from .loading import load_audioldm
from .networks import BETAS, CHANNELS, TRAIN_STEPS, AudioLDM
from .parts import BANDS, FRAME, MEL, generator_parts

__all__ = ["TOKENIZER", "assemble"]

# Three levels that halve the time: 8 frames. Sounds were of 10.24 seconds in training, and
# their loudest sample was 0.5.
MULTIPLE = 8
PEAK = 0.5
DEFAULTS = Defaults("dpm++2m", 25, 2.5, 5.0, Limits(1.0, 10.24))
TOKENIZER = "FacebookAI/roberta-base"  # on the hub
TOOLS = ("torch", "onnx", "onnxscript", "onnxruntime", "diffusers", "transformers")

NOTICE = """{title}

AudioLDM: Liu et al. 2023, "AudioLDM: Text-to-Audio Generation with Latent Diffusion Models"
(haoheliu/AudioLDM), with LAION's CLAP (Wu et al. 2023) in it.
Weights: {checkpoint}. Terms: {terms}.
"""


def assemble(
    checkpoint: Path,
    out: Path,
    *,
    tokenizer: Path | None = None,
    precisions: Sequence[Precision] = ("fp32",),
    ema: bool = True,
    diffusers_heads: bool = False,
    log: Callable[[str], None] = print,
) -> Bundle:
    """Export an AudioLDM checkpoint as the bundle `out`, in place of an older one.

    Every graph, and a whole sound, is compared with PyTorch; the bundle's README.md tells how
    near they came.

    Args:
        checkpoint: an original file, or a folder in diffusers' layout.
        out: folder of the bundle; its name becomes the bundle's.
        tokenizer: the folder of roberta-base's tokenizer; None takes the checkpoint's own.
        precisions: of the graphs; those that come near enough are shipped.
        ema, diffusers_heads: see `load_audioldm`.
        log: told of every graph.

    Raises:
        CheckpointError: the checkpoint is not a whole AudioLDM, or brings no tokenizer; names the
            first tensor that is missing or of another shape, and what was expected.
        TokenizerError: the tokenizer's files are not RoBERTa's.
        ParityError: a graph does not compute what PyTorch computes.
        OutputError: `out` is something else than a bundle, or cannot be written.
    """
    name = name_of(out)
    model = load_audioldm(checkpoint, ema=ema, diffusers_heads=diffusers_heads)
    words = tokenizer or model.tokenizer
    if words is None:
        raise CheckpointError(
            f"{checkpoint} brings no tokenizer; give the folder of roberta-base's vocab.json and "
            "merges.txt with --tokenizer."
        )
    with new_bundle(out) as root:
        with blame(checkpoint):
            graphs = clap_graphs(model.clap, words, root, model.clap_eps, precisions)
        parts = generator_parts(model)
        for part in parts:
            log(f"{part.name}: exporting")
            graphs[part.name] = export_part(part, root, precisions)
        tell(graphs, log)
        manifest = _manifest(name, checkpoint, model, graphs, root)
        (root / "NOTICE").write_text(
            NOTICE.format(
                title=manifest.title,
                checkpoint=checkpoint.name,
                terms=terms_of(checkpoint, *AUDIOLDM).name,
            ),
            encoding="utf-8",
        )
        write_bundle(root, manifest)
        log("comparing a whole sound with PyTorch")
        for heard in record_chain(root, {part.name: part.module for part in parts}).manifest.chain:
            log(f"{heard.precision}: {heard.steps} steps to a sound, SNR {heard.snr_db:.0f} dB")
        write_report(root)
    return open_bundle(out)


def _manifest(
    name: str, checkpoint: Path, model: AudioLDM, graphs: dict[str, Graph], root: Path
) -> Manifest:
    return Manifest(
        format=1,
        name=name,
        title=f"AudioLDM-{model.size}" if model.size else "AudioLDM",
        version="1",
        kind="both",
        license=weight_licenses(graphs, terms_of(checkpoint, *AUDIOLDM), {"tokenize": VOCABULARY}),
        source=Source("audioldm", checkpoint.name, sha256_of(checkpoint), tools(*TOOLS)),
        space=clap_space(model.clap, root, model.clap_eps),
        graphs=graphs,
        conditioners=clap_conditioners(graphs),
        audio=AudioSpec(MEL.sample_rate, peak=PEAK),
        latent=Latent(
            (CHANNELS, "T", BANDS), FRAME, MULTIPLE, tuple(mel_points(MEL, BANDS + 1).tolist())
        ),
        # The original code's steps wherever these divide 1000; it cannot make all other numbers.
        schedule=Schedule(TRAIN_STEPS, BETAS, "epsilon", "first", "leading"),
        defaults=DEFAULTS,
    )
