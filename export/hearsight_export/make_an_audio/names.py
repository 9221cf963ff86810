"""What Make-An-Audio's checkpoints call the tensors of diffusers' and transformers' classes.

Each function takes a module's name and returns the file's. Original names are those of
Text-to-Audio/Make-An-Audio.
"""

from __future__ import annotations

from ..latent_diffusion import autoencoder as autoencoder_of
from ..latent_diffusion import ema, unet
from ..weights import Origin

__all__ = ["autoencoder", "ema", "text", "unet"]

autoencoder = autoencoder_of(4)


def text(name: str) -> Origin:
    """Below `cond_stage_model.` or, in CLAP's own file, below nothing."""
    return Origin(f"caption_encoder.{name}")
