"""Make-An-Audio's networks, from weights under whatever names a file has for them."""

from __future__ import annotations

from dataclasses import dataclass

from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn

from hearsight.manifest import Betas

from ..weights import MisfitError, Weights
from .text import ClapSequence, build_text

__all__ = ["BETAS", "CHANNELS", "MEL_BINS", "TRAIN_STEPS", "MakeAnAudio", "Parts", "build_networks"]

TRAIN_STEPS = 1000
# What the original calls linear is linear in the square roots.
BETAS = Betas("scaled_linear", 0.00085, 0.012)
CHANNELS = 4  # of the latent
MEL_BINS = 80
_HEADS = 8  # at every level of the UNet
_GROUPS = 32  # of the group norms; every width is a multiple
_AUTOENCODER_LEVELS = (1, 2, 2, 4)


@dataclass(frozen=True)
class Parts:
    """What a checkpoint holds: the weights of each network.

    scale: latents of the UNet are the autoencoder's times this.
    """

    unet: Weights
    autoencoder: Weights
    text: Weights
    scale: float


@dataclass(frozen=True)
class MakeAnAudio:
    """The networks of a checkpoint, in evaluation mode. scale: as in `Parts`.

    text: what makes conditions; of relatives that have no text encoder, all that tells their
    `space`.
    """

    unet: nn.Module
    autoencoder: AutoencoderKL
    text: ClapSequence
    scale: float

    @staticmethod
    def build(parts: Parts) -> MakeAnAudio:
        """The networks at the widths of the weights, filled with them.

        Raises:
            MisfitError: names the first tensor that is missing, of another shape, or too many.
        """
        text = build_text(parts.text)
        networks = build_networks(parts.unet, parts.autoencoder, text.space[1])
        return MakeAnAudio(*networks, text, parts.scale)


def build_networks(
    unet: Weights, autoencoder: Weights, condition: int
) -> tuple[UNet2DConditionModel, AutoencoderKL]:
    """UNet and autoencoder at the widths of their weights, filled with them.

    condition: number of values of a token.

    Raises:
        MisfitError: names the first tensor that is missing, of another shape, or too many.
    """
    width = unet.shape("conv_in.weight", 4)[0]
    first = autoencoder.shape("encoder.conv_in.weight", 4)[0]
    for name, found in (("UNet", width), ("autoencoder", first)):
        if found % _GROUPS:
            raise MisfitError(
                f"The first convolution of the {name} has {found} channels; a multiple of "
                f"{_GROUPS} was expected."
            )
    denoiser = _unet((width, 2 * width), condition)
    coder = _autoencoder(tuple(first * k for k in _AUTOENCODER_LEVELS))
    for weights, module in ((unet, denoiser), (autoencoder, coder)):
        weights.fill(module)
        module.eval().requires_grad_(False)
    return denoiser, coder


def _unet(levels: tuple[int, int], condition: int) -> UNet2DConditionModel:
    """The UNet of latent diffusion: attention to the condition at both levels."""
    return UNet2DConditionModel(
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        block_out_channels=levels,
        down_block_types=("CrossAttnDownBlock2D",) * 2,
        up_block_types=("CrossAttnUpBlock2D",) * 2,
        layers_per_block=2,
        # The class reads this argument as the number of heads, whatever its name says.
        attention_head_dim=_HEADS,
        cross_attention_dim=condition,
    )


def _autoencoder(levels: tuple[int, ...]) -> AutoencoderKL:
    """Log mels [B, 1, 80, F] to and from latents [B, 4, 10, F/8].

    The original places attention where a picture of the nominal 624 points is 156 and 78 wide,
    whatever the mel's own size: at the two deepest levels, and in the middle.
    """
    return AutoencoderKL(
        in_channels=1,
        out_channels=1,
        down_block_types=(*("DownEncoderBlock2D",) * 2, *("AttnDownEncoderBlock2D",) * 2),
        up_block_types=(*("AttnUpDecoderBlock2D",) * 2, *("UpDecoderBlock2D",) * 2),
        block_out_channels=levels,
        layers_per_block=2,
        latent_channels=CHANNELS,
    )
