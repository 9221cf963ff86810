"""What checkpoints of latent-diffusion's code have in common: names, schedule, prefixes.

Names are those that the code of CompVis/latent-diffusion gives, which haoheliu/AudioLDM and
Text-to-Audio/Make-An-Audio build on; a function of names takes that of a module of diffusers and
returns the file's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from hearsight.manifest import Betas
from hearsight.schedule import cumulative_alphas

from .checkpoints import CheckpointError
from .weights import Origin, Weights, renamed

__all__ = [
    "AUTOENCODER",
    "AVERAGED",
    "UNET",
    "autoencoder",
    "ema",
    "expect_schedule",
    "matrices",
    "unet",
    "weights_below",
]

UNET, AVERAGED, AUTOENCODER = "model.diffusion_model.", "model_ema.", "first_stage_model."

_LAYERS = 2  # res blocks of a level; going up there is one more
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
_LEVELS = (
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
_ATTENTION = re.compile(r"\.attn(_1|\.\d)\.")


def autoencoder(levels: int) -> Callable[[str], Origin]:
    """Names below `AUTOENCODER` of one with so many levels, which the decoder counts downwards."""
    ups = [(rf"^decoder\.up_blocks\.{i}\.", f"decoder.up.{levels - 1 - i}.") for i in range(levels)]
    return renamed([*ups, *_LEVELS])


def unet(name: str) -> Origin:
    """Below `UNET`."""
    return Origin(_unet(name))


def ema(name: str) -> Origin:
    """Below `AVERAGED`, where the averages of the UNet's tensors lie: without the dots."""
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


def weights_below(
    tensors: Mapping[str, Tensor],
    prefix: str,
    origin: Callable[[str], Origin],
    unused: Sequence[str] = (),
) -> Weights:
    """The tensors below a prefix, which messages about them keep.

    unused: patterns of those that nothing here needs, without the prefix.
    """
    own = {name: value for name, value in tensors.items() if name.startswith(prefix)}
    skipped = [re.escape(prefix) + pattern for pattern in unused]
    return Weights(own, lambda name: Origin(prefix + origin(name).name), skipped)


def matrices(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The autoencoder's attention with convolutions of size one as the matrices they are."""
    return {
        name: value.flatten(1) if _ATTENTION.search(name) and value.ndim == 4 else value
        for name, value in tensors.items()
    }


def expect_schedule(path: Path, tensors: Mapping[str, Tensor], betas: Betas, steps: int) -> None:
    """The schedule that the file says it was trained with, if it says so.

    Raises:
        CheckpointError: it is another one.
    """
    name = "alphas_cumprod"
    if name not in tensors:
        return
    wanted = cumulative_alphas(betas, steps)
    found = tensors[name].double().numpy()
    if found.shape != wanted.shape or not np.allclose(found, wanted, atol=1e-5):
        raise CheckpointError(
            f"{path}: {name} {list(found.shape)} is of another noise schedule; expected were "
            f"{steps} steps, linear in the square root from {betas.start} to {betas.end}."
        )
