"""The weights of a comparison: one seeded AudioLDM-S, as every contender wants it.

    python tests/bench/weights.py WORK [--checkpoint FILE] [--bundle FOLDER]

leaves in WORK what is not given and not there yet: the checkpoint `audioldm-s.ckpt`, its bundle
`audioldm-s` in fp32 and fp16, and `pipeline`, the same tensors as a folder that diffusers loads,
with CLAP's audio tower, by which upstream ranks candidates, in `listener`. Minutes and 7 GB.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "export"))
os.environ["HF_HUB_OFFLINE"] = "1"

__all__ = ["Weights", "make", "places"]

_TEXT_LENGTH = 512  # tokens that the published pipelines pad every prompt to


@dataclass(frozen=True)
class Weights:
    """Where the same weights lie: for export, for Hearsight, for diffusers, and the listener."""

    checkpoint: Path
    bundle: Path
    pipeline: Path
    listener: Path


def places(work: Path, checkpoint: Path | None, bundle: Path | None) -> Weights:
    """Where `make` leaves what is not given."""
    return Weights(
        checkpoint or work / "audioldm-s.ckpt",
        bundle or work / "audioldm-s",
        work / "pipeline",
        work / "listener",
    )


def make(work: Path, found: Weights) -> None:
    """Make what is missing."""
    work.mkdir(parents=True, exist_ok=True)
    if not found.checkpoint.exists():
        from audioldm_checkpoint import original, save

        save(original(narrow=False), found.checkpoint)
    if not (found.bundle / "bundle.json").exists():
        from audioldm_checkpoint import write_tokenizer

        from hearsight_export.audioldm.assemble import assemble

        words = write_tokenizer(work / "words")
        assemble(found.checkpoint, found.bundle, tokenizer=words, precisions=("fp32", "fp16"))
    if not found.listener.exists():
        _write_pipeline(work, found)


def _write_pipeline(work: Path, found: Weights) -> None:
    """The networks of the checkpoint as `AudioLDMPipeline` saves them, and the listener."""
    from audioldm_checkpoint import write_tokenizer
    from diffusers import AudioLDMPipeline, DDIMScheduler
    from transformers import RobertaTokenizer

    from hearsight_export.audioldm.loading import load_audioldm
    from hearsight_export.audioldm.networks import BETAS
    from hearsight_export.clap.audio import load_clap_audio
    from hearsight_export.clap.text import load_clap_text

    model = load_audioldm(found.checkpoint)
    model.autoencoder.register_to_config(scaling_factor=model.scale)
    words = write_tokenizer(work / "words")
    pipeline = AudioLDMPipeline(
        vae=model.autoencoder,
        text_encoder=load_clap_text(model.clap, model.clap_eps).model,
        tokenizer=RobertaTokenizer.from_pretrained(words, model_max_length=_TEXT_LENGTH),
        unet=model.unet,
        # As in the published folders.
        scheduler=DDIMScheduler(
            beta_start=BETAS.start,
            beta_end=BETAS.end,
            beta_schedule=BETAS.kind,
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
        ),
        vocoder=model.vocoder,
    )
    shutil.rmtree(found.pipeline, ignore_errors=True)
    pipeline.save_pretrained(found.pipeline)
    load_clap_audio(model.clap).model.save_pretrained(found.listener)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--bundle", type=Path)
    told = parser.parse_args()
    make(told.work, places(told.work, told.checkpoint, told.bundle))


if __name__ == "__main__":
    main()
