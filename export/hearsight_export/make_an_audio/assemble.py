"""The Make-An-Audio bundle: texts to mels to sound, with its manifest and its notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hearsight.bundle import Bundle, open_bundle
from hearsight.manifest import (
    AudioSpec,
    Conditioners,
    Defaults,
    Graph,
    Join,
    Latent,
    License,
    Limits,
    Manifest,
    Mel,
    Precision,
    Schedule,
    Source,
    Space,
    TextConditioner,
)
from hearsight.store import write_bundle

from ..assembly import name_of, new_bundle, sha256_of, tell, tools, weight_licenses
from ..bigvgan.loading import find_config, load_bigvgan, read_config
from ..bigvgan.networks import BigVGAN
from ..bigvgan.parts import vocoder_part
from ..chain import record_chain
from ..checkpoints import CheckpointError
from ..graphs import export_part
from ..report import write_report
from ..terms import MAKE_AN_AUDIO, WORD_PIECES, terms_of
from .loading import load_make_an_audio
from .mel import MEL
from .networks import BETAS, CHANNELS, MEL_BINS, TRAIN_STEPS, MakeAnAudio
from .parts import BANDS, FRAME, MELS, generator_parts
from .words import space_of, text_graphs

__all__ = ["DEFAULTS", "Prompts", "assemble", "load_vocoder", "write_generator"]

# The UNet needs even numbers of frames; the original asks for multiples of 4. It was trained on
# 78 frames and plays 10 seconds with 80.
MULTIPLE = 4
DEFAULTS = Defaults("dpm++2m", 25, 3.0, 10.0, Limits(1.0, 10.24))
SPEC = Mel(MEL_BINS, MEL.window, MEL.hop, MEL.low, MEL.high, "log10", MEL.floor)
TOOLS = ("torch", "onnx", "onnxscript", "onnxruntime", "diffusers", "transformers")

NOTICE = """\
Make-An-Audio: Huang et al. 2023, "Make-An-Audio: Text-To-Audio Generation with Prompt-Enhanced
Diffusion Models" (Text-to-Audio/Make-An-Audio, whose code is under the MIT licence), with the text
encoder of Microsoft's CLAP (Elizalde et al. 2022) in it.
BigVGAN: Lee et al. 2023, "BigVGAN: A Universal Neural Vocoder with Large-Scale Training".
Weights: {checkpoint} and {vocoder}. Their authors call them open source beside that code and state
no terms of their own for them: ask before commercial use. Word pieces: bert-base-uncased,
Apache-2.0.
"""


def assemble(
    checkpoint: Path,
    vocoder: Path,
    tokenizer: Path,
    out: Path,
    *,
    vocoder_config: Path | None = None,
    precisions: Sequence[Precision] = ("fp32",),
    log: Callable[[str], None] = print,
) -> Bundle:
    """Export a Make-An-Audio checkpoint as the bundle `out`, in place of an older one.

    Every graph, and a whole sound, is compared with PyTorch; the bundle's README.md tells how
    near they came.

    Args:
        checkpoint: `maa1_full.ckpt` or another of its generation.
        vocoder: the BigVGAN that it was published with, `best_netG.pt`.
        tokenizer: the folder of bert-base-uncased's `vocab.txt`.
        out: folder of the bundle; its name becomes the bundle's.
        vocoder_config: sizes of the vocoder, where they are not beside its checkpoint.
        precisions: of the graphs; those that come near enough are shipped.
        log: told of every graph.

    Raises:
        CheckpointError: a checkpoint is not what it should be; names the first tensor that is
            missing or of another shape, and what was expected.
        TokenizerError: the vocabulary is not BERT's.
        ParityError: a graph does not compute what PyTorch computes.
        OutputError: `out` is something else than a bundle, or cannot be written.
    """
    model = load_make_an_audio(checkpoint)
    sounding = load_vocoder(vocoder, vocoder_config)

    def words(root: Path) -> Prompts:
        graphs = text_graphs(model.text, tokenizer, root, precisions)
        return Prompts(
            "make-an-audio",
            "Make-An-Audio",
            NOTICE.format(checkpoint=checkpoint.name, vocoder=vocoder.name),
            graphs,
            Conditioners(text=TextConditioner(("tokenize", "text"))),
            space_of(model.text, root),
            {"tokenize": WORD_PIECES, "vocoder": terms_of(vocoder, *MAKE_AN_AUDIO)},
        )

    return write_generator(checkpoint, model, sounding, words, out, precisions, log)


@dataclass(frozen=True)
class Prompts:
    """What turns prompts into conditions in a bundle, as its manifest has it.

    notice: what stands in NOTICE below the title. licenses: terms of each graph's weights that
    are known.
    """

    family: str
    title: str
    notice: str
    graphs: dict[str, Graph]
    conditioners: Conditioners
    space: Space
    licenses: dict[str, License]
    join: Join | None = None
    defaults: Defaults = DEFAULTS


def write_generator(
    checkpoint: Path,
    model: MakeAnAudio,
    vocoder: BigVGAN,
    make: Callable[[Path], Prompts],
    out: Path,
    precisions: Sequence[Precision] = ("fp32",),
    log: Callable[[str], None] = print,
) -> Bundle:
    """Write the bundle `out` of these networks and of the conditioners that `make` writes into the
    folder it is given.

    Raises:
        ParityError, OutputError: as `assemble` does, and whatever `make` raises.
    """
    name = name_of(out)
    with new_bundle(out) as root:
        prompts = make(root)
        graphs = dict(prompts.graphs)
        parts = [*generator_parts(model), vocoder_part(vocoder, MELS)]
        for part in parts:
            log(f"{part.name}: exporting")
            graphs[part.name] = export_part(part, root, precisions)
        tell(graphs, log)
        notice = f"{prompts.title}\n\n{prompts.notice}"
        (root / "NOTICE").write_text(notice, encoding="utf-8")
        write_bundle(root, _manifest(name, checkpoint, prompts, graphs))
        log("comparing a whole sound with PyTorch")
        modules = {part.name: part.module for part in parts}
        for heard in record_chain(root, modules).manifest.chain:
            log(f"{heard.precision}: {heard.steps} steps to a sound, SNR {heard.snr_db:.0f} dB")
        write_report(root)
    return open_bundle(out)


def load_vocoder(path: Path, config: Path | None) -> BigVGAN:
    """The vocoder, if it is for the decoder's mels as far as its sizes and its settings tell.

    Raises:
        CheckpointError: it is not, or cannot be read.
    """
    model = load_bigvgan(path, config)
    side, sizes = find_config(path, config), model.config
    said = read_config(side) if side else None
    if (sizes.mel_bins, sizes.samples_per_frame) != (SPEC.bins, SPEC.hop):
        found = f"{sizes.mel_bins} bins and {sizes.samples_per_frame} samples to a mel frame"
    elif said and (said.sample_rate, said.mel) != (MEL.sample_rate, SPEC):
        found = f"{said.sample_rate} Hz and {said.mel} by {side}"
    else:
        return model
    raise CheckpointError(
        f"{path} is no vocoder for Make-An-Audio: it is for {found}. {MEL.sample_rate} Hz and "
        f"{SPEC} were expected; best_netG.pt, which comes with Make-An-Audio, has them."
    )


def _manifest(name: str, checkpoint: Path, prompts: Prompts, graphs: dict[str, Graph]) -> Manifest:
    return Manifest(
        format=1,
        name=name,
        title=prompts.title,
        version="1",
        kind="both",
        license=weight_licenses(graphs, terms_of(checkpoint, *MAKE_AN_AUDIO), prompts.licenses),
        source=Source(prompts.family, checkpoint.name, sha256_of(checkpoint), tools(*TOOLS)),
        space=prompts.space,
        graphs=graphs,
        conditioners=prompts.conditioners,
        audio=AudioSpec(MEL.sample_rate, mel=SPEC),
        latent=Latent((CHANNELS, BANDS, "T"), FRAME, MULTIPLE),
        # The original code's steps wherever these divide 1000; it cannot make all other numbers.
        schedule=Schedule(TRAIN_STEPS, BETAS, "epsilon", "first", "leading"),
        defaults=prompts.defaults,
        join=prompts.join,
    )
