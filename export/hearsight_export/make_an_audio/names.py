"""What a checkpoint calls the tensors of diffusers' and transformers' classes.

Each function takes a module's name and returns the file's. Original names are those of
Text-to-Audio/Make-An-Audio, whose UNet is numbered as AudioLDM's.
"""

from __future__ import annotations

from ..audioldm.names import ema, unet
from ..weights import Origin, renamed

__all__ = ["autoencoder", "ema", "text", "unet"]

_TOP = 3  # of the autoencoder's levels 0 to 3
_AUTOENCODER = (
    *((rf"^decoder\.up_blocks\.{i}\.", f"decoder.up.{_TOP - i}.") for i in range(_TOP + 1)),
    (r"^encoder\.down_blocks\.", "encoder.down."),
    (r"\.resnets\.", ".block."),
    (r"\.mid_block\.block\.0\.", ".mid.block_1."),
    (r"\.mid_block\.block\.1\.", ".mid.block_2."),
    (r"\.mid_block\.attentions\.0\.", ".mid.attn_1."),
    (r"\.attentions\.", ".attn."),
    (r"\.group_norm\.", ".norm."),
    (r"\.to_(q|k|v)\.", r".\1."),
    (r"\.to_out\.0\.", ".proj_out."),
    (r"\.(down|up)samplers\.0\.", r".\1sample."),
    (r"\.conv_shortcut\.", ".nin_shortcut."),
    (r"\.conv_norm_out\.", ".norm_out."),
)

autoencoder = renamed(_AUTOENCODER)


def text(name: str) -> Origin:
    """Below `cond_stage_model.` or, in CLAP's own file, below nothing."""
    return Origin(f"caption_encoder.{name}")
