"""Is the network vocoder better than Griffin-Lim? Log-spectral distance on held-out sounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .corpus import Corpus, make_corpus
from .parts import Parts
from .recipe import Recipe
from .sounds import KINDS

__all__ = ["Vocoding", "compare_vocoders", "log_spectral_distance", "unseen_sounds"]


@dataclass(frozen=True)
class Vocoding:
    """Mean log-spectral distances in dB: each vocoder from true mels, and from decoded latents."""

    sounds: int
    network: float
    griffin_lim: float
    network_through_latent: float
    griffin_lim_through_latent: float

    @property
    def network_wins(self) -> bool:
        """Whether the network is worth shipping: it plays what the autoencoder decodes."""
        return self.network_through_latent < self.griffin_lim_through_latent


def log_spectral_distance(a: Tensor, b: Tensor) -> Tensor:
    """Distance [B] in dB of waveforms [B, S]: root mean square over bins, mean over frames.

    Spectra of 1024 samples every 256, floored 80 dB below the louder one's peak.
    """
    window = torch.hann_window(1024)
    spectra = [torch.stft(x, 1024, 256, window=window, return_complex=True).abs() for x in (a, b)]
    floor = torch.maximum(spectra[0].amax((1, 2)), spectra[1].amax((1, 2)))[:, None, None] * 1e-4
    levels = [20 * torch.log10(torch.maximum(s, floor)) for s in spectra]
    return (levels[0] - levels[1]).square().mean(1).sqrt().mean(1)


def unseen_sounds(recipe: Recipe, work: Path, log: Callable[[str], None] = print) -> Corpus:
    """Sounds, phrasings and pictures that no part was trained on, 24 of each kind."""
    count = recipe.held_out_per_kind * len(KINDS)
    folder = work / "held-out"
    return make_corpus(folder, count, recipe.held_out_seed, recipe.mel, held_out=True, log=log)


@torch.no_grad()
def compare_vocoders(parts: Parts, corpus: Corpus, count: int = 68) -> Vocoding:
    """Measure both vocoders on the first `count` sounds of a corpus none was trained on."""
    totals = np.zeros(4)
    pick = torch.Generator().manual_seed(7)
    for start in range(0, count, 8):
        at = slice(start, min(start + 8, count))
        truth = torch.from_numpy(corpus.audio[at].astype(np.float32) / 32767)
        mel = parts.mel(truth)
        decoded = parts.autoencoder.decode(parts.autoencoder.encode(mel)[0])
        noise = torch.randn(2, *truth.shape, generator=pick)
        totals += [
            float(log_spectral_distance(vocoder(spectrum, given), truth).sum())
            for vocoder in (parts.network, parts.griffin_lim)
            for spectrum, given in ((mel, noise[0]), (decoded, noise[1]))
        ]
    network, network_latent, lim, lim_latent = (float(t) / count for t in totals)
    return Vocoding(count, network, lim, network_latent, lim_latent)
