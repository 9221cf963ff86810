"""What AudioLDM's checkpoints call the tensors of diffusers' and transformers' classes.

Each function takes a module's name and returns the file's. Original names are those of
haoheliu/AudioLDM.
"""

from __future__ import annotations

from ..latent_diffusion import autoencoder as autoencoder_of
from ..latent_diffusion import ema, unet
from ..weights import renamed

__all__ = ["autoencoder", "ema", "old_attention", "unet", "vocoder"]

_ATTENTION = {"to_q": "query", "to_k": "key", "to_v": "value", r"to_out\.0": "proj_attn"}

autoencoder = autoencoder_of(3)
vocoder = renamed([(r"^upsampler\.", "ups.")])
# As diffusers called them before release 0.15.
old_attention = renamed([(rf"\.{new}\.", f".{old}.") for new, old in _ATTENTION.items()])
