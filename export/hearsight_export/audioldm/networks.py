"""AudioLDM's networks, from weights under whatever names a file has for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from diffusers import AutoencoderKL
from torch import Tensor, nn
from transformers import SpeechT5HifiGan

from hearsight.manifest import Betas

from ..clap.layout import LAION_EPS
from ..models.denoise import film_unet
from ..models.latent_mel import hifi_gan, mel_autoencoder
from ..weights import MisfitError, Weights

__all__ = [
    "BETAS",
    "CHANNELS",
    "CONDITION",
    "MEL_BINS",
    "TRAIN_STEPS",
    "AudioLDM",
    "Parts",
    "training_heads",
]

TRAIN_STEPS = 1000
BETAS = Betas("scaled_linear", 0.0015, 0.0195)
CONDITION = 512
CHANNELS = 8  # of the latent
MEL_BINS = 64
_LEVELS = (1, 2, 3, 5)  # widths of the UNet, in units of the first
_AUTOENCODER_LEVELS = (1, 2, 4)
_GROUPS = 32  # of the group norms; every width is a multiple
_SIZES = {128: "S", 192: "M", 256: "L"}


@dataclass(frozen=True)
class Parts:
    """What a checkpoint holds: the weights of each network, and what goes with them.

    scale: latents of the UNet are the autoencoder's times this. clap: the state dict of its
    CLAP, of which folders in diffusers' layout hold the text tower only. tokenizer: the folder
    of the tokenizer's files, if the checkpoint brings them. heads: of the attention at each
    level of the UNet, if they are not to be those of training. clap_eps: epsilon of the layer
    norms of CLAP's text tower, that of training whatever a folder says.
    """

    unet: Weights
    autoencoder: Weights
    vocoder: Weights
    scale: float
    clap: Mapping[str, Tensor]
    tokenizer: Path | None = None
    heads: tuple[int, ...] | None = None
    clap_eps: float = LAION_EPS


@dataclass(frozen=True)
class AudioLDM:
    """The networks of a checkpoint, in evaluation mode. size: S, M or L; empty for others.

    The rest is as in `Parts`.
    """

    unet: nn.Module
    autoencoder: AutoencoderKL
    vocoder: SpeechT5HifiGan
    scale: float
    clap: Mapping[str, Tensor]
    clap_eps: float
    tokenizer: Path | None
    size: str

    @staticmethod
    def build(parts: Parts) -> AudioLDM:
        """The networks at the widths of the weights, filled with them.

        Raises:
            MisfitError: names the first tensor that is missing, of another shape, or too many.
        """
        width = parts.unet.shape("conv_in.weight", 4)[0]
        first = parts.autoencoder.shape("encoder.conv_in.weight", 4)[0]
        for name, found in (("UNet", width), ("autoencoder", first)):
            if found % _GROUPS:
                raise MisfitError(
                    f"The first convolution of the {name} has {found} channels; a multiple of "
                    f"{_GROUPS} was expected."
                )
        levels = tuple(width * k for k in _LEVELS)
        unet = film_unet(CHANNELS, levels, parts.heads or training_heads(levels), CONDITION)
        autoencoder = mel_autoencoder(tuple(first * k for k in _AUTOENCODER_LEVELS), CHANNELS)
        vocoder = hifi_gan(parts.vocoder.shape("conv_pre.weight", 3)[0], MEL_BINS)
        for weights, module in (
            (parts.unet, unet),
            (parts.autoencoder, autoencoder),
            (parts.vocoder, vocoder),
        ):
            weights.fill(module)
            module.eval().requires_grad_(False)
        size = _SIZES.get(width, "")
        return AudioLDM(
            unet,
            autoencoder,
            vocoder,
            parts.scale,
            parts.clap,
            parts.clap_eps,
            parts.tokenizer,
            size,
        )


def training_heads(levels: tuple[int, ...]) -> tuple[int, ...]:
    """As in training: heads of 32 channels each, of 64 in AudioLDM-L."""
    head = 64 if _SIZES.get(levels[0]) == "L" else 32
    return tuple(level // head for level in levels)
