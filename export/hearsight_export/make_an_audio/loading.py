"""Make-An-Audio checkpoints, and what is taken for one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from diffusers import AutoencoderKL
from torch import Tensor, nn

from hearsight.schedule import cumulative_alphas

from ..checkpoints import CheckpointError, foreign, read_tensors
from ..weights import Origin, Weights, blame
from . import names
from .networks import BETAS, CHANNELS, TRAIN_STEPS, MakeAnAudio, Parts, build_networks

__all__ = ["load_generator", "load_make_an_audio"]

_UNET, _AUTOENCODER, _TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model."
_EMA = "model_ema."
_CAPTIONS = f"{_TEXT}caption_encoder."
_FIRST, _FIRST_SHAPE = f"{_UNET}input_blocks.0.0.weight", [320, CHANNELS, 3, 3]
_WORDS = f"{_CAPTIONS}base.embeddings.word_embeddings.weight"
_PROJECTION = f"{_CAPTIONS}projection.linear1.weight"
_INPAINTING = 2 * CHANNELS + 1
_UNUSED = (
    rf"{re.escape(_CAPTIONS)}base\.(pooler\.|embeddings\.position_ids$)",
    rf"{re.escape(_AUTOENCODER)}loss\.",
    rf"{re.escape(_EMA)}(decay|num_updates)$",
)


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
                unet=_weights(tensors, _UNET, names.unet),
                autoencoder=_weights(_matrices(tensors), _AUTOENCODER, names.autoencoder),
                text=_weights(tensors, _TEXT, names.text),
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
    averaged = any(name.startswith(_EMA) for name in tensors)
    with blame(path):
        unet, autoencoder = build_networks(
            _weights(tensors, _EMA, names.ema)
            if averaged
            else _weights(tensors, _UNET, names.unet),
            _weights(_matrices(tensors), _AUTOENCODER, names.autoencoder),
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
    _expect_betas(path, tensors)


def _expect_betas(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """The schedule that the file says it was trained with, if it says so."""
    name = "alphas_cumprod"
    if name not in tensors:
        return
    wanted = cumulative_alphas(BETAS, TRAIN_STEPS)
    found = tensors[name].double().numpy()
    if found.shape != wanted.shape or not np.allclose(found, wanted, atol=1e-5):
        raise CheckpointError(
            f"{path}: {name} {list(found.shape)} is of another noise schedule; expected were "
            f"{TRAIN_STEPS} steps, linear in the square root from {BETAS.start} to {BETAS.end}."
        )


def _matrices(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The autoencoder's attention with convolutions of size one as the matrices they are."""
    return {
        name: value.flatten(1)
        if re.search(r"\.attn(_1|\.\d)\.", name) and value.ndim == 4
        else value
        for name, value in tensors.items()
    }


def _weights(
    tensors: Mapping[str, Tensor], prefix: str, origin: Callable[[str], Origin]
) -> Weights:
    """The tensors below a prefix, which messages about them keep."""
    own = {name: value for name, value in tensors.items() if name.startswith(prefix)}
    return Weights(own, lambda name: Origin(prefix + origin(name).name), _UNUSED)
