"""The bundle of Experiment A: ImageBind, a projector and the Make-An-Audio trained with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from hearsight.bundle import Bundle
from hearsight.manifest import Precision

from ..imagebind.bundle import imagebind_notes
from ..imagebind.loading import ImageBind
from ..make_an_audio.assemble import DEFAULTS, Prompts, load_vocoder, write_generator
from ..make_an_audio.loading import load_generator
from ..make_an_audio.networks import MakeAnAudio
from ..terms import MAKE_AN_AUDIO, terms_of
from .bundle import FAMILY_A, KINDS, guide_of, pair_of, space_of, title_of
from .reading import ProjectorFile

__all__ = ["assemble"]

_TRAINED = ("denoise",)  # on sequences of the projector
GUIDANCE = 5.0  # of the authors' own script

NOTICE = """\
Experiment A of "Text and Vision Guided Audio Generation" (Ray-Tsai-0214, whose code is under the
MIT licence): ImageBind (Girdhar et al. 2023) and a projector in the place of the text encoder of
Make-An-Audio (Huang et al. 2023).
BigVGAN: Lee et al. 2023, "BigVGAN: A Universal Neural Vocoder with Large-Scale Training".
Weights: {checkpoint}, {imagebind} and {vocoder}. What was trained on ImageBind's output is not for
commercial use, as ImageBind is not: CC-BY-NC-SA-4.0.
{notes}
"""


@dataclass(frozen=True)
class _Sequence:
    """Shape of a condition, which is all that a generator has to know of what makes it."""

    space: tuple[int, ...]


def assemble(
    file: ProjectorFile,
    eyes: ImageBind,
    vocoder: Path,
    tokenizer: Path | None,
    out: Path,
    *,
    vocoder_config: Path | None = None,
    precisions: Sequence[Precision] = ("fp32",),
    log: Callable[[str], None] = print,
) -> Bundle:
    """Export a whole checkpoint of Experiment A as the bundle `out`, in place of an older one.

    Every graph, and a whole sound, is compared with PyTorch; the bundle's README.md tells how
    near they came.

    Args:
        file: the checkpoint, with a UNet and an autoencoder beside its projector.
        eyes: the ImageBind that it was trained with.
        vocoder: Make-An-Audio's BigVGAN.
        tokenizer: CLIP's, as `read_byte_pairs` takes it.
        out: folder of the bundle; its name becomes the bundle's.
        vocoder_config: sizes of the vocoder, where they are not beside its checkpoint.
        precisions: of the graphs; those that come near enough are shipped.
        log: told of every graph.

    Raises:
        CheckpointError: a checkpoint is not what it should be; names the first tensor that is
            missing or of another shape, and what was expected.
        TokenizerError: the tokenizer is missing or not CLIP's.
        ParityError: a graph does not compute what PyTorch computes.
        OutputError: `out` is something else than a bundle, or cannot be written.
    """
    pair = pair_of(file, eyes)
    with torch.no_grad():
        shape = tuple(pair(*pair.zeros()).shape[1:])
    unet, autoencoder, scale = load_generator(file.path, file.tensors, shape[1])
    model = MakeAnAudio(unet, autoencoder, _Sequence(shape), scale)
    sounding = load_vocoder(vocoder, vocoder_config)

    def prompts(root: Path) -> Prompts:
        guide = guide_of(pair, eyes, tokenizer, root, precisions, log)
        notes = "\n".join(imagebind_notes(KINDS))
        return Prompts(
            FAMILY_A,
            title_of(file.kind),
            NOTICE.format(
                checkpoint=file.path.name,
                imagebind=eyes.path.name,
                vocoder=vocoder.name,
                notes=notes,
            ),
            guide.graphs,
            guide.conditioners,
            space_of(pair, file.kind, shape, root),
            {
                **guide.licenses,
                **dict.fromkeys(_TRAINED, guide.licenses["join"]),
                "vocoder": terms_of(vocoder, *MAKE_AN_AUDIO),
            },
            guide.join,
            replace(DEFAULTS, guidance=GUIDANCE),
        )

    return write_generator(file.path, model, sounding, prompts, out, precisions, log)
