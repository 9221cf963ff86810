"""Make-An-Audio checkpoints, and what is taken for one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from diffusers import AutoencoderKL
from torch import Tensor, nn

from ..checkpoints import CheckpointError, foreign, read_tensors
from ..latent_diffusion import (
    AUTOENCODER,
    AVERAGED,
    UNET,
    expect_schedule,
    matrices,
    weights_below,
)
from ..weights import blame
from . import names
from .networks import BETAS, CHANNELS, TRAIN_STEPS, MakeAnAudio, Parts, build_networks

__all__ = ["load_generator", "load_make_an_audio"]

_TEXT = "cond_stage_model."
_CAPTIONS = f"{_TEXT}caption_encoder."
_FIRST, _FIRST_SHAPE = f"{UNET}input_blocks.0.0.weight", [320, CHANNELS, 3, 3]
_WORDS = f"{_CAPTIONS}base.embeddings.word_embeddings.weight"
_PROJECTION = f"{_CAPTIONS}projection.linear1.weight"
_INPAINTING = 2 * CHANNELS + 1
_UNUSED_TEXT = (r"caption_encoder\.base\.(pooler\.|embeddings\.position_ids$)",)
_UNUSED_AUTOENCODER, _UNUSED_AVERAGED = (r"loss\.",), (r"(decay|num_updates)$",)


def load_make_an_audio(path: Path) -> MakeAnAudio:
    """Read `maa1_full.ckpt` or another checkpoint of the same generation.

    Raises:
        CheckpointError: it cannot be read, or is no Make-An-Audio of this generation; names the
            first tensor that is missing or of another shape, and what was expected.
    """
    if path.name.startswith("ta40multi"):
        raise CheckpointError(
            f"{path} is AudioGPT's Make-An-Audio by its name: the tensors are called alike, but "
            "its mels are scaled otherwise and need another vocoder, so that the sounds would be "
            "wrong. Take maa1_full.ckpt of Text-to-Audio/Make-An-Audio."
        )
    tensors = read_tensors(path)
    _recognise(path, tensors)
    with blame(path):
        return MakeAnAudio.build(
            Parts(
                unet=weights_below(tensors, UNET, names.unet),
                autoencoder=weights_below(
                    matrices(tensors), AUTOENCODER, names.autoencoder, _UNUSED_AUTOENCODER
                ),
                text=weights_below(tensors, _TEXT, names.text, _UNUSED_TEXT),
                scale=float(tensors["scale_factor"]),
            )
        )


def load_generator(
    path: Path, tensors: Mapping[str, Tensor], condition: int
) -> tuple[nn.Module, AutoencoderKL, float]:
    """UNet, autoencoder and scale of a relative whose conditions come from something else.

    The UNet's averaged weights are taken where the file has them, as its authors' code does.
    condition: number of values of a token.

    Raises:
        CheckpointError: names the first tensor that is missing or of another shape.
    """
    _expect_networks(path, tensors)
    averaged = any(name.startswith(AVERAGED) for name in tensors)
    with blame(path):
        unet, autoencoder = build_networks(
            weights_below(tensors, AVERAGED, names.ema, _UNUSED_AVERAGED)
            if averaged
            else weights_below(tensors, UNET, names.unet),
            weights_below(matrices(tensors), AUTOENCODER, names.autoencoder, _UNUSED_AUTOENCODER),
            condition,
        )
    return unet, autoencoder, float(tensors["scale_factor"])


def _recognise(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Say of every known relative what it is, before any tensor is looked at."""
    said = any(name.startswith(_CAPTIONS) for name in tensors)
    if _FIRST not in tensors and not said:
        raise foreign(path, tensors, "Make-An-Audio", f"{_FIRST} {_FIRST_SHAPE}")
    _expect_networks(path, tensors)
    if not said and any(name.startswith(_TEXT) for name in tensors):
        raise foreign(path, tensors, "Make-An-Audio", f"{_WORDS} [30522, 768]")
    for name, wanted in ((_WORDS, "[30522, 768]"), (_PROJECTION, "[1024, 768]")):
        if name not in tensors:
            raise CheckpointError(
                f"{path} brings no whole text encoder: it lacks the tensor {name}, expected as "
                f"{wanted}. BERT as it is published is none: save the checkpoint with its "
                "cond_stage_model."
            )


def _expect_networks(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """What makes sound of conditions is there, and is of this generation."""
    if _FIRST not in tensors:
        raise CheckpointError(
            f"{path} is a part of Make-An-Audio: it lacks the tensor {_FIRST}, expected as "
            f"{_FIRST_SHAPE}."
        )
    shape = list(tensors[_FIRST].shape)
    if shape[1:2] == [_INPAINTING]:
        raise CheckpointError(
            f"{path} is Make-An-Audio for inpainting: {_FIRST} has the shape {shape}, "
            f"{_INPAINTING} channels in for latent, masked latent and mask, and {CHANNELS} were "
            "expected. Only checkpoints that turn texts into sound can be exported."
        )
    if "scale_factor" not in tensors:
        raise CheckpointError(f"{path} lacks the tensor scale_factor, expected as a scalar.")
    expect_schedule(path, tensors, BETAS, TRAIN_STEPS)
