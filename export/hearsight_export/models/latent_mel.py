"""Mels through a variational autoencoder and back, and on to sound by HiFi-GAN.

AudioLDM and what was built on latent diffusion after it share these networks (Liu et al. 2023,
appendix; Kong et al. 2020).
"""

from __future__ import annotations

from diffusers import AutoencoderKL
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

__all__ = ["HIFI_GAN", "hifi_gan", "mel_autoencoder"]

# Of HiFi-GAN for 16 kHz: one mel frame becomes 5 * 4 * 2 * 2 * 2 = 160 samples.
HIFI_GAN = {
    "sampling_rate": 16000,
    "upsample_rates": [5, 4, 2, 2, 2],
    "upsample_kernel_sizes": [16, 16, 8, 4, 4],
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
    "leaky_relu_slope": 0.1,
    "normalize_before": False,
}


def mel_autoencoder(levels: tuple[int, ...], channels: int) -> AutoencoderKL:
    """Log mels [B, 1, F, bins] to and from latents [B, channels, F/r, bins/r].

    `levels` are the widths; r is 2 to the number of levels less one.
    """
    return AutoencoderKL(
        in_channels=1,
        out_channels=1,
        down_block_types=("DownEncoderBlock2D",) * len(levels),
        up_block_types=("UpDecoderBlock2D",) * len(levels),
        block_out_channels=levels,
        layers_per_block=2,
        latent_channels=channels,
    )


def hifi_gan(width: int, bins: int) -> SpeechT5HifiGan:
    """Log mels [B, F, bins] to waveforms [B, 160 F + 32], from `width` channels downwards.

    The first stage, whose kernel and stride are not both even or odd, adds the 32.
    """
    config = SpeechT5HifiGanConfig(model_in_dim=bins, upsample_initial_channel=width, **HIFI_GAN)
    return SpeechT5HifiGan(config)
