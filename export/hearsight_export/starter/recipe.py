"""Every size and step count of the starter in one place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hearsight.manifest import Betas

from ..bigvgan.config import BigVGANConfig
from ..models.mel import MelConfig
from .training import Run

__all__ = ["Recipe"]

MEL = MelConfig()
BETAS = Betas("scaled_linear", 0.0015, 0.0195)
VOCODER = BigVGANConfig(
    mel_bins=64,
    channels=128,
    rates=(5, 4, 4, 2),
    kernels=(11, 8, 8, 4),
    block_kernels=(3, 7),
    dilations=(1, 3),
    noise=True,
)
AUTOENCODER = Run(steps=2000, rate=1.5e-3)
VOCODER_RUN = Run(steps=1300, rate=1e-3)
ENCODERS = Run(steps=2000, rate=1.5e-3)
AXES = Run(steps=1900, rate=1e-3, average=0.99)
DIFFUSION = Run(steps=6000, rate=8e-4, average=0.9985)


@dataclass(frozen=True)
class Recipe:
    """What `hearsight-export starter` trains.

    On one core of a busy two-core machine the five parts took about 22, 21, 19, 19 and 46 minutes.
    """

    items: int = 34 * 240
    seed: int = 1
    judge_items: int = 34 * 48
    judge_seed: int = 2
    held_out_per_kind: int = 24
    held_out_seed: int = 3
    mel: MelConfig = MEL
    vocoder: BigVGANConfig = VOCODER
    griffin_lim_rounds: int = 16
    autoencoder_levels: tuple[int, ...] = (48, 80, 96)
    latent_channels: int = 8
    space: int = 256
    unet_levels: tuple[int, ...] = (64, 96, 160)
    unet_heads: tuple[int, ...] = (2, 3, 5)
    unet_layers: int = 1
    train_steps: int = 1000
    betas: Betas = BETAS
    autoencoder_run: Run = AUTOENCODER
    vocoder_run: Run = VOCODER_RUN
    encoders_run: Run = ENCODERS
    axes_run: Run = AXES
    diffusion_run: Run = DIFFUSION
    batch: int = 16

    def scaled(self, scale: float) -> Recipe:
        """The same recipe with every step count times `scale`: less for a trial, more for a GPU."""
        runs = ("autoencoder_run", "vocoder_run", "encoders_run", "axes_run", "diffusion_run")
        return replace(
            self,
            **{
                name: replace(
                    getattr(self, name), steps=max(1, round(scale * getattr(self, name).steps))
                )
                for name in runs
            },
        )
