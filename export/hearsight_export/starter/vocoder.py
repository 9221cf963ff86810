"""The starter's vocoder: a small BigVGAN that hears noise and is trained by energy distance."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..bigvgan.networks import BigVGAN
from .autoencoder import MelAutoencoder, crops
from .corpus import Corpus
from .recipe import Recipe

__all__ = ["spectral_distance", "vocoder_loss"]

WINDOWS = (128, 512, 2048)
FRAMES, HALO, HOP = 32, 8, 160


def spectral_distance(a: Tensor, b: Tensor) -> Tensor:
    """Distance [B] between waveforms [B, S]: magnitudes and logarithms over several windows.

    The single-scale term of Gritsenko et al. 2020 (eq. 5), summed over window lengths.
    """
    total = a.new_zeros(a.shape[0])
    for window in WINDOWS:
        hann = torch.hann_window(window, device=a.device)
        spectra = [
            torch.stft(
                F.pad(x, (window // 2, window // 2)), window, window // 4, window=hann,
                center=False, return_complex=True,
            ).abs() * (2 / window**0.5)
            for x in (a, b)
        ]  # fmt: skip
        linear = (spectra[0] - spectra[1]).abs().mean((1, 2))
        logs = [torch.log(s + 1e-4) for s in spectra]
        # A root of squares per frame rather than per cell: it is the norm that makes the
        # energy distance reward the right spread of noise instead of its median.
        root = ((logs[0] - logs[1]).square().mean(1) + 1e-6).sqrt().mean(1)
        total = total + linear + root
    return total


def vocoder_loss(
    model: BigVGAN, autoencoder: MelAutoencoder, corpus: Corpus, recipe: Recipe, step: int
) -> Tensor:
    """Generalised energy distance of two renderings of one mel to the sound it came from.

    d(y1, x) + d(y2, x) - d(y1, y2) is smallest when renderings with different noise differ
    from each other as much as from the truth (Gritsenko et al. 2020, "A Spectral Energy
    Distance for Parallel Speech Synthesis"): noisy sounds stay noisy, without a discriminator.
    Three mels in four come through the autoencoder, because that is what will be heard.
    """
    rng = np.random.default_rng((13, step))
    device = next(model.parameters()).device
    size = recipe.batch // 2
    items, starts = crops(corpus, size, FRAMES + 2 * HALO, rng)
    mels, waves = [], []
    for item, start in zip(items, starts, strict=True):
        mels.append(corpus.mels[item, start : start + FRAMES + 2 * HALO])
        first = (start + HALO) * HOP
        waves.append(corpus.audio[item, first : first + FRAMES * HOP])
    target = torch.from_numpy(np.stack(waves).astype(np.float32) / 32767).to(device)
    spectrum = torch.from_numpy(np.stack(mels).astype(np.float32)).to(device)
    through = 3 * size // 4
    with torch.no_grad():
        mean, _ = autoencoder.encode(spectrum[:through])
        spectrum = torch.cat((autoencoder.decode(mean), spectrum[through:]))
    spectrum = spectrum.transpose(1, 2)[..., HALO:-HALO].repeat(2, 1, 1)
    noise = torch.randn(2 * size, 1, FRAMES * HOP, device=device)
    one, two = model(spectrum, noise).chunk(2)
    gain = 1 / (target.abs().amax(1, keepdim=True) + 0.05)
    one, two, target = one * gain, two * gain, target * gain
    repel = spectral_distance(one, two)
    return (spectral_distance(one, target) + spectral_distance(two, target) - repel).mean()
