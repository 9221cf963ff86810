"""The graphs of an AudioLDM generator: inputs, free axes, dummy data and sizes to compare at."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..graphs import Part
from ..models.denoise import Denoise
from ..models.mel import LogMel, MelConfig
from .networks import CHANNELS, CONDITION, AudioLDM

__all__ = ["BANDS", "FRAME", "MEL", "Decode", "Encode", "generator_parts"]

MEL = MelConfig()
FRAME = 640  # samples of a latent frame
BANDS = 16  # of a latent frame: four mels each
_RUNAWAY, _TAMED = 100.0, 10.0


class Decode(nn.Module):
    """Latent [B, 8, T, 16] as the UNet has it to waveform [B, 640 T] in [-1, 1].

    A latent that ran away, past 100, is clipped to [-10, 10] as the original code does.
    """

    def __init__(self, model: AudioLDM) -> None:
        super().__init__()
        self.autoencoder, self.vocoder, self.scale = model.autoencoder, model.vocoder, model.scale

    def forward(self, latent: Tensor) -> Tensor:
        peak = latent.abs().amax(dim=(1, 2, 3), keepdim=True)
        latent = torch.where(peak > _RUNAWAY, latent.clamp(-_TAMED, _TAMED), latent)
        mel = self.autoencoder.decode(latent / self.scale, return_dict=False)[0]
        # The vocoder's first stage adds 32 samples at the end.
        return self.vocoder(mel[:, 0])[:, : FRAME * latent.shape[2]]


class Encode(nn.Module):
    """Waveform [B, 640 T] to mean and log-variance [B, 8, T, 16] of latents for the UNet."""

    def __init__(self, model: AudioLDM) -> None:
        super().__init__()
        self.mel = LogMel(MEL, centred=True)
        self.autoencoder, self.scale = model.autoencoder, model.scale

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        posterior = self.autoencoder.encode(self.mel(audio)[:, None]).latent_dist
        return posterior.mean * self.scale, posterior.logvar + 2 * math.log(self.scale)


def generator_parts(model: AudioLDM) -> list[Part]:
    """Traced at 13 frames: at a multiple of 8 the UNet would be right for multiples only."""
    pick = torch.Generator().manual_seed(5)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=pick)

    def denoise(batch: int, branches: int, frames: int) -> dict[str, Tensor]:
        shape = (batch, CHANNELS, frames, BANDS)
        return {
            "x": normal(*shape),
            "d_prev": normal(*shape),
            "noise": normal(*shape),
            "cond": F.normalize(normal(branches * batch, CONDITION)),
            "weights": torch.tensor([1.0] if branches == 1 else [-1.5, 2.5, 0.5][:branches]),
            "row": torch.tensor([601.0, 0.42, 0.9075, 0.8, 0.3, -0.1, 0.05]),
        }

    def latent(batch: int, frames: int) -> dict[str, Tensor]:
        return {"latent": normal(batch, CHANNELS, frames, BANDS)}

    def sound(batch: int, frames: int) -> dict[str, Tensor]:
        return {"audio": 0.1 * normal(batch, FRAME * frames)}

    time = {0: "B", 2: "T"}
    shape = ("B", CHANNELS, "T", BANDS)
    return [
        Part(
            "denoise",
            Denoise(model.unet, "epsilon"),
            denoise(2, 2, 13),
            {"x": time, "d_prev": time, "noise": time, "cond": {0: "GB"}, "weights": {0: "G"}},
            {"x_next": shape, "d": shape},
            samples=[denoise(1, 1, 64), denoise(1, 2, 50), denoise(2, 3, 24)],
            hot=True,
        ),
        Part(
            "decode",
            Decode(model),
            latent(2, 5),
            {"latent": time},
            {"audio": ("B", f"{FRAME}T")},
            samples=[latent(1, 16), latent(1, 1)],
            hot=True,
        ),
        Part(
            "encode",
            Encode(model),
            sound(2, 5),
            {"audio": {0: "B", 1: f"{FRAME}T"}},
            {"mean": shape, "logvar": shape},
            samples=[sound(1, 16), sound(1, 1)],
        ),
    ]
