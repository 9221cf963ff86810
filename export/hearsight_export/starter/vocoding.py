"""Is the network vocoder better than Griffin-Lim? Log-spectral distance on held-out sounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..models.mel import MelConfig, mel_filters
from .corpus import Corpus
from .parts import Parts

__all__ = ["Vocoding", "compare_vocoders", "griffin_lim", "log_spectral_distance"]

ITERATIONS, MOMENTUM = 64, 0.99


@dataclass(frozen=True)
class Vocoding:
    """Mean log-spectral distances in dB: each vocoder from true mels, and from decoded latents.

    `reseeded` is the network against itself with other noise: how much of the distance is
    only the randomness of noisy sounds.
    """

    sounds: int
    network: float
    griffin_lim: float
    network_through_latent: float
    griffin_lim_through_latent: float
    reseeded: float


def log_spectral_distance(a: Tensor, b: Tensor) -> Tensor:
    """Distance [B] in dB of waveforms [B, S]: root mean square over bins, mean over frames.

    Spectra of 1024 samples every 256, floored 80 dB below the louder one's peak.
    """
    window = torch.hann_window(1024)
    spectra = [torch.stft(x, 1024, 256, window=window, return_complex=True).abs() for x in (a, b)]
    floor = torch.maximum(spectra[0].amax((1, 2)), spectra[1].amax((1, 2)))[:, None, None] * 1e-4
    levels = [20 * torch.log10(torch.maximum(s, floor)) for s in spectra]
    return (levels[0] - levels[1]).square().mean(1).sqrt().mean(1)


def griffin_lim(mel: Tensor, config: MelConfig, seed: int = 0) -> Tensor:
    """Waveform [B, 160 F] from natural-log mels [B, F, bins].

    Magnitudes by the filters' pseudo-inverse, phases by 64 rounds of the accelerated
    algorithm (Perraudin, Balazs and Sondergaard 2013).
    """
    inverse = torch.from_numpy(np.linalg.pinv(mel_filters(config))).float()
    magnitude = torch.clamp(torch.exp(mel) @ inverse.T, min=0).transpose(1, 2)
    # One more frame: the mels' frames lie half a hop beside the centred ones used here.
    magnitude = torch.cat((magnitude, magnitude[..., -1:]), dim=2)
    length = mel.shape[1] * config.hop
    window = torch.hann_window(config.window)
    pick = torch.Generator().manual_seed(seed)
    phase = 2 * np.pi * torch.rand(magnitude.shape, generator=pick)
    estimate, previous = torch.polar(magnitude, phase), torch.zeros(())
    for _ in range(ITERATIONS):
        wave = torch.istft(estimate, config.window, config.hop, window=window, length=length)
        spectrum = torch.stft(wave, config.window, config.hop, window=window, return_complex=True)
        ahead = spectrum + MOMENTUM * (spectrum - previous)
        previous = spectrum
        estimate = magnitude * ahead / (ahead.abs() + 1e-9)
    return torch.istft(estimate, config.window, config.hop, window=window, length=length)


@torch.no_grad()
def compare_vocoders(parts: Parts, corpus: Corpus, count: int = 136) -> Vocoding:
    """Measure both vocoders on the first `count` sounds of a corpus none was trained on."""
    totals = np.zeros(5)
    pick = torch.Generator().manual_seed(7)
    for start in range(0, count, 8):
        at = slice(start, min(start + 8, count))
        truth = torch.from_numpy(corpus.audio[at].astype(np.float32) / 32767)
        mel = parts.mel(truth)
        decoded = parts.autoencoder.decode(parts.autoencoder.encode(mel)[0])
        noise = torch.randn(2, len(truth), 1, truth.shape[1], generator=pick)
        network = parts.vocoder(mel.transpose(1, 2), noise[0])
        waves = (
            (network, truth),
            (griffin_lim(mel, parts.recipe.mel), truth),
            (parts.vocoder(decoded.transpose(1, 2), noise[0]), truth),
            (griffin_lim(decoded, parts.recipe.mel), truth),
            (network, parts.vocoder(mel.transpose(1, 2), noise[1])),
        )
        totals += [float(log_spectral_distance(a, b).sum()) for a, b in waves]
    return Vocoding(count, *(float(t) / count for t in totals))
