"""What a checkpoint calls the tensors of diffusers' and transformers' classes.

Each function takes a module's name and returns the file's. Original names are those of
haoheliu/AudioLDM, which numbers the blocks of its UNet one by one.
"""

from __future__ import annotations

import re

from ..weights import Origin, renamed

__all__ = ["autoencoder", "ema", "old_attention", "unet", "vocoder"]

_LAYERS = 2  # res blocks of a level; going up there is one more
_TOP = 2  # of the autoencoder's levels 0 to 2
_ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "class_embedding": "film_emb",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_BLOCK = re.compile(r"(down|up)_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.+)")
_SAMPLER = re.compile(r"(down|up)_blocks\.(\d+)\.(?:down|up)samplers\.0\.conv\.(.+)")
_MIDDLE = re.compile(r"mid_block\.(resnets|attentions)\.(\d+)\.(.+)")

_ATTENTION = {"to_q": "query", "to_k": "key", "to_v": "value", r"to_out\.0": "proj_attn"}
_AUTOENCODER = (
    *((rf"^decoder\.up_blocks\.{i}\.", f"decoder.up.{_TOP - i}.") for i in range(_TOP + 1)),
    (r"^encoder\.down_blocks\.", "encoder.down."),
    (r"\.resnets\.", ".block."),
    (r"\.mid_block\.block\.0\.", ".mid.block_1."),
    (r"\.mid_block\.block\.1\.", ".mid.block_2."),
    (r"\.mid_block\.attentions\.0\.", ".mid.attn_1."),
    (r"\.group_norm\.", ".norm."),
    (r"\.to_(q|k|v)\.", r".\1."),
    (r"\.to_out\.0\.", ".proj_out."),
    (r"\.(down|up)samplers\.0\.", r".\1sample."),
    (r"\.conv_shortcut\.", ".nin_shortcut."),
    (r"\.conv_norm_out\.", ".norm_out."),
)

autoencoder = renamed(_AUTOENCODER)
vocoder = renamed([(r"^upsampler\.", "ups.")])
# As diffusers called them before release 0.15.
old_attention = renamed([(rf"\.{new}\.", f".{old}.") for new, old in _ATTENTION.items()])


def unet(name: str) -> Origin:
    """Below `model.diffusion_model.`."""
    return Origin(_unet(name))


def ema(name: str) -> Origin:
    """Below `model_ema.`, where the averages of the UNet's tensors lie: without the dots."""
    return Origin(f"diffusion_model{_unet(name)}".replace(".", ""))


def _unet(name: str) -> str:
    if found := _BLOCK.fullmatch(name):
        way, level, kind, layer, rest = found.groups()
        if way == "down":
            block = f"input_blocks.{1 + int(level) * (_LAYERS + 1) + int(layer)}"
        else:
            block = f"output_blocks.{int(level) * (_LAYERS + 1) + int(layer)}"
        return f"{block}.0.{_resnet(rest)}" if kind == "resnets" else f"{block}.1.{rest}"
    if found := _SAMPLER.fullmatch(name):
        way, level, rest = found.groups()
        last = int(level) * (_LAYERS + 1) + _LAYERS
        # Going up, attention comes before it: every level but the last, which has no sampler.
        return (
            f"input_blocks.{last + 1}.0.op.{rest}"
            if way == "down"
            else (f"output_blocks.{last}.2.conv.{rest}")
        )
    if found := _MIDDLE.fullmatch(name):
        kind, number, rest = found.groups()
        if kind == "attentions":
            return f"middle_block.1.{rest}"
        return f"middle_block.{2 * int(number)}.{_resnet(rest)}"
    head, _, leaf = name.rpartition(".")
    return f"{_ENDS.get(head, head)}.{leaf}"


def _resnet(rest: str) -> str:
    head, _, leaf = rest.rpartition(".")
    return f"{_RESNET.get(head, head)}.{leaf}"
