"""The graphs of Make-An-Audio: inputs, free axes, dummy data and sizes to compare at."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..graphs import Part
from ..models.denoise import Denoise
from .mel import DecimalMel
from .networks import CHANNELS, MEL_BINS, MakeAnAudio
from .text import LENGTH, ClapSequence

__all__ = [
    "BANDS",
    "FRAME",
    "MELS",
    "Decode",
    "Encode",
    "generator_parts",
    "made_up",
    "text_part",
]

FRAME = 2048  # samples of a latent frame
MELS = 8  # mel frames of a latent frame
BANDS = 10  # of a latent frame: eight mels each
START, PAD, END = 101, 0, 102  # ids of BERT's marks


class Decode(nn.Module):
    """Latent [B, 4, 10, T] as the UNet has it to decimal log mels [B, 80, 8 T]."""

    def __init__(self, model: MakeAnAudio) -> None:
        super().__init__()
        self.autoencoder, self.scale = model.autoencoder, model.scale

    def forward(self, latent: Tensor) -> Tensor:
        return self.autoencoder.decode(latent / self.scale, return_dict=False)[0][:, 0]


class Encode(nn.Module):
    """Waveform [B, 2048 T] to mean and log-variance [B, 4, 10, T] of latents for the UNet."""

    def __init__(self, model: MakeAnAudio) -> None:
        super().__init__()
        self.mel = DecimalMel()
        self.autoencoder, self.scale = model.autoencoder, model.scale

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        posterior = self.autoencoder.encode(self.mel(audio)[:, None]).latent_dist
        return posterior.mean * self.scale, posterior.logvar + 2 * math.log(self.scale)


def made_up(count: int, places: int, words: int, pick: torch.Generator) -> Tensor:
    """Ids [1, places] of a text of `count` of them, its marks among these, padded."""
    ids = torch.full((1, places), PAD)
    ids[0, :count] = torch.randint(END + 1, words, (count,), generator=pick)
    ids[0, 0], ids[0, count - 1] = START, END
    return ids


def text_part(text: ClapSequence) -> Part:
    """The text encoder, for texts that are padded to 77 ids."""
    pick = torch.Generator().manual_seed(5)

    def said(count: int) -> dict[str, Tensor]:
        return {"ids": made_up(count, LENGTH, text.words, pick)}

    return Part(
        "text", text, said(9), {}, {"cond": (1, *text.space)}, samples=[said(2), said(LENGTH)]
    )


def generator_parts(model: MakeAnAudio) -> list[Part]:
    """Traced at 13 frames: at an even number the UNet would be right for even numbers only."""
    pick = torch.Generator().manual_seed(5)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=pick)

    def denoise(batch: int, branches: int, frames: int) -> dict[str, Tensor]:
        shape = (batch, CHANNELS, BANDS, frames)
        return {
            "x": normal(*shape),
            "d_prev": normal(*shape),
            "noise": normal(*shape),
            "cond": normal(branches * batch, *model.text.space),
            "weights": torch.tensor([1.0] if branches == 1 else [-2.0, 3.0, 0.5][:branches]),
            "row": torch.tensor([601.0, 0.4, 0.9165, 0.8, 0.3, -0.1, 0.05]),
        }

    def latent(batch: int, frames: int) -> dict[str, Tensor]:
        return {"latent": normal(batch, CHANNELS, BANDS, frames)}

    def sound(batch: int, frames: int) -> dict[str, Tensor]:
        """Noise that swells, as sounds do: in even noise the spread of the mels is so small beside
        their mean that ONNX Runtime's group norm, which subtracts squares, loses digits.
        """
        swell = torch.cos(torch.arange(FRAME * frames) / FRAME)
        return {"audio": normal(batch, FRAME * frames) * 10 ** (-2 - 1.5 * swell)}

    time = {0: "B", 3: "T"}
    shape = ("B", CHANNELS, BANDS, "T")
    return [
        Part(
            "denoise",
            Denoise(model.unet, "epsilon"),
            denoise(2, 2, 13),
            {"x": time, "d_prev": time, "noise": time, "cond": {0: "GB"}, "weights": {0: "G"}},
            {"x_next": shape, "d": shape},
            samples=[denoise(1, 1, 40), denoise(1, 2, 26), denoise(2, 3, 4)],
            hot=True,
        ),
        Part(
            "decode",
            Decode(model),
            latent(2, 5),
            {"latent": time},
            {"mel": ("B", MEL_BINS, f"{MELS}T")},
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
