"""The starter's mel autoencoder: eight times smaller in time and in frequency."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from .corpus import Corpus
from .recipe import Recipe

__all__ = ["MelAutoencoder", "autoencoder_loss", "crops"]

# Log mels of the corpus lie in about [-11.5, 3]; this brings them near zero mean, unit scale.
MEAN, SCALE = -5.5, 2.8
FOLD = 2
FRAMES = 128


class MelAutoencoder(nn.Module):
    """Log mel [B, F, 64] <-> latent [B, C, F/8, 8].

    Two by two mel cells are folded into channels before diffusers' `AutoencoderKL` halves both
    axes twice more. `scale` brings latents to unit variance, as latent diffusion wants them;
    it is measured once after training.
    """

    scale: Tensor

    def __init__(self, levels: tuple[int, ...], latent_channels: int) -> None:
        super().__init__()
        from diffusers import AutoencoderKL

        cells = FOLD * FOLD
        self.kl = AutoencoderKL(
            in_channels=cells,
            out_channels=cells,
            latent_channels=latent_channels,
            block_out_channels=levels,
            down_block_types=("DownEncoderBlock2D",) * len(levels),
            up_block_types=("UpDecoderBlock2D",) * len(levels),
            layers_per_block=1,
            norm_num_groups=16,
            mid_block_add_attention=False,
        )
        self.register_buffer("scale", torch.ones(()))

    def encode(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the latent, scale applied, each [B, C, F/8, 8]."""
        cells = F.pixel_unshuffle((mel[:, None] - MEAN) / SCALE, FOLD)
        mean, logvar = self.kl.quant_conv(self.kl.encoder(cells)).chunk(2, dim=1)
        logvar = torch.clamp(logvar, -30, 20)
        return mean * self.scale, logvar + 2 * torch.log(self.scale)

    def decode(self, latent: Tensor) -> Tensor:
        """Log mel [B, F, 64] of a latent."""
        cells = self.kl.decoder(self.kl.post_quant_conv(latent / self.scale))
        return F.pixel_shuffle(cells, FOLD)[:, 0] * SCALE + MEAN


def crops(
    corpus: Corpus, size: int, frames: int, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Random items and first frames, each [size], of crops that lie inside the sounds."""
    items = rng.integers(len(corpus), size=size)
    return items, rng.integers(corpus.mels.shape[1] - frames + 1, size=size)


def autoencoder_loss(model: MelAutoencoder, corpus: Corpus, recipe: Recipe, step: int) -> Tensor:
    """Mean absolute error of 1.28 s crops, fine and coarse, and a faint pull to a unit normal."""
    rng = np.random.default_rng((11, step))
    items, starts = crops(corpus, recipe.batch, FRAMES, rng)
    mels = [corpus.mels[i, s : s + FRAMES] for i, s in zip(items, starts, strict=True)]
    target = torch.from_numpy(np.stack(mels).astype(np.float32)).to(model.scale.device)
    mean, logvar = model.encode(target)
    restored = model.decode(mean + torch.exp(0.5 * logvar) * torch.randn_like(mean))
    error = (restored - target).abs().mean()
    coarse = (F.avg_pool2d(restored, 4) - F.avg_pool2d(target, 4)).abs().mean()
    divergence = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
    return error + coarse + 3e-3 * divergence
