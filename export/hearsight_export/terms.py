"""Terms of published weights, known by exact names only.

A name that is merely like a published one says nothing: those weights are their makers'.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hearsight.manifest import License

__all__ = [
    "AUDIOLDM",
    "BIGVGAN",
    "BYTE_PAIRS",
    "CLAP",
    "CLIP",
    "MAKE_AN_AUDIO",
    "PRIOR",
    "SSV2A",
    "VOCABULARY",
    "WORD_PIECES",
    "Published",
    "terms_of",
]

# Of tokenizers: RoBERTa's, CLIP's and BERT's.
VOCABULARY = License("MIT", "https://github.com/facebookresearch/fairseq", True)
BYTE_PAIRS = License("MIT", "https://github.com/openai/CLIP", True)
WORD_PIECES = License("Apache-2.0", "https://github.com/google-research/bert", True)
_CODE_ONLY = "not stated; its code is MIT"
_CACHED = "models--"  # what folders of repositories begin with in the hub's cache


@dataclass(frozen=True)
class Published:
    """What was published under one set of terms: files by name, repositories by their hub id."""

    terms: License
    repositories: frozenset[str]
    files: frozenset[str] = frozenset()


AUDIOLDM = (
    Published(
        License("CC-BY-NC-SA-4.0", "https://github.com/haoheliu/AudioLDM", False),
        frozenset(
            {
                "cvssp/audioldm",
                "cvssp/audioldm-s-full-v2",
                "cvssp/audioldm-m-full",
                "cvssp/audioldm-l-full",
            }
        ),
        frozenset(
            {
                "audioldm-s-full",
                "audioldm-s-full.ckpt",
                "audioldm-s-full-v2.ckpt",
                "audioldm-full-s-v2.ckpt",
                "audioldm-m-full.ckpt",
                "audioldm-l-full.ckpt",
                "audioldm-full-l.ckpt",
                "audioldm-s-text-ft.ckpt",
                "audioldm-m-text-ft.ckpt",
            }
        ),
    ),
)
CLAP = (
    Published(
        License("CC0-1.0", "https://github.com/LAION-AI/CLAP", True),
        frozenset({"lukewys/laion_clap"}),
        frozenset(
            {
                "630k-best.pt",
                "630k-audioset-best.pt",
                "music_audioset_epoch_15_esc_90.14.pt",
                "music_speech_epoch_15_esc_89.25.pt",
                "music_speech_audioset_epoch_15_esc_89.98.pt",
            }
        ),
    ),
    Published(
        License("Apache-2.0", "https://huggingface.co/laion", True),
        frozenset(
            {
                "laion/clap-htsat-unfused",
                "laion/larger_clap_general",
                "laion/larger_clap_music",
                "laion/larger_clap_music_and_speech",
            }
        ),
    ),
)
# No files: OpenAI's are called as the architecture is, and are programs, which are not read.
CLIP = (
    Published(
        License("MIT", "https://github.com/openai/CLIP", True),
        frozenset(
            {
                "openai/clip-vit-base-patch16",
                "openai/clip-vit-base-patch32",
                "openai/clip-vit-large-patch14",
                "openai/clip-vit-large-patch14-336",
            }
        ),
    ),
    Published(
        License("MIT", "https://github.com/mlfoundations/open_clip", True),
        frozenset(
            {
                "laion/CLIP-ViT-B-16-laion2B-s34B-b88K",
                "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
                "laion/CLIP-ViT-L-14-laion2B-s32B-b82K",
                "laion/CLIP-ViT-H-14-laion2B-s32B-b79K",
            }
        ),
    ),
)
# No files: all nine are called alike.
BIGVGAN = (
    Published(
        License("MIT", "https://github.com/NVIDIA/BigVGAN", True),
        frozenset(
            {
                "nvidia/bigvgan_22khz_80band",
                "nvidia/bigvgan_24khz_100band",
                "nvidia/bigvgan_base_22khz_80band",
                "nvidia/bigvgan_base_24khz_100band",
                "nvidia/bigvgan_v2_22khz_80band_256x",
                "nvidia/bigvgan_v2_22khz_80band_fmax8k_256x",
                "nvidia/bigvgan_v2_24khz_100band_256x",
                "nvidia/bigvgan_v2_44khz_128band_256x",
                "nvidia/bigvgan_v2_44khz_128band_512x",
            }
        ),
    ),
)
PRIOR = (
    Published(
        License("MIT", "https://github.com/lucidrains/DALLE2-pytorch", True),
        frozenset({"laion/DALLE2-PyTorch"}),
        frozenset({"dalle2_prior.pth"}),
    ),
)
# Published beside code under the MIT licence, without terms of their own.
MAKE_AN_AUDIO = (
    Published(
        License(_CODE_ONLY, "https://github.com/Text-to-Audio/Make-An-Audio"),
        frozenset(),
        frozenset({"maa1_full.ckpt", "best_netG.pt"}),
    ),
)
SSV2A = (
    Published(
        License(_CODE_ONLY, "https://github.com/wguo86/SSV2A"),
        frozenset(),
        frozenset({"ssv2a.pth", "agg.pth"}),
    ),
)


def terms_of(path: Path, *published: Published) -> License:
    """The licence of a checkpoint by its path as it was given, links not followed.

    In the hub's cache the repository decides; elsewhere the name of the file, or the last two
    parts of the path where they are a repository's id.
    """
    parts = path.parts
    cached = [part for part in parts if part.startswith(_CACHED)]
    if cached:
        repository, file = cached[-1].removeprefix(_CACHED).replace("--", "/", 1), ""
    else:
        repository, file = "/".join(parts[-2:]), path.name
    known = (p.terms for p in published if repository in p.repositories or file in p.files)
    return next(known, License("unknown"))
