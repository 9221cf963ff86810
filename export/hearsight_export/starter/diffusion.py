"""The starter's generator: cached latents and conditions, and a v-prediction loss on them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .autoencoder import MelAutoencoder
from .corpus import Corpus
from .encoders import Encoders, Tokenizer, as_pictures
from .recipe import Recipe

__all__ = ["CONDITION_GAIN", "conditions", "diffusion_loss", "latents"]

# Unit vectors of 256 numbers have entries near 1/16; the network prefers entries near one.
CONDITION_GAIN = 16.0
# Which kind of prompt a training step sees: captions, pictures, the sound, a clip, nothing.
SHARES = {"captions": 0.46, "pictures": 0.2, "audio": 0.14, "clips": 0.1}


def _cached(
    path: Path, source: Path, make: Callable[[], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """The array at `path`, made if it is missing or older than the checkpoint it comes from."""
    if not path.exists() or path.stat().st_mtime < source.stat().st_mtime:
        part = path.with_suffix(".part.npy")
        np.save(part, make())
        os.replace(part, path)
    return np.load(path)


@torch.no_grad()
def latents(corpus: Corpus, model: MelAutoencoder, path: Path, device: str) -> NDArray[np.float32]:
    """Latent means [n, C, T, F] of the corpus, unit variance; sets `model.scale` first."""

    def encode() -> NDArray[np.float32]:
        model.scale.fill_(1.0)
        out: list[NDArray[np.float32]] = []
        for start in range(0, len(corpus), 64):
            mels = torch.from_numpy(corpus.mels[start : start + 64].astype(np.float32))
            out.append(model.encode(mels.to(device))[0].cpu().numpy())
        return np.concatenate(out)

    raw = _cached(path, path.with_name("autoencoder.pt"), encode)
    model.scale.fill_(1.0 / float(raw.std()))
    return raw * float(model.scale)


@torch.no_grad()
def conditions(
    corpus: Corpus, encoders: Encoders, tokenizer: Tokenizer, folder: Path, device: str
) -> dict[str, NDArray[np.float32]]:
    """Every condition an item can be asked for by, each [n, choices, D]."""

    def in_batches(make: Callable[[slice], Tensor]) -> NDArray[np.float32]:
        parts = [make(slice(i, i + 64)).cpu().numpy() for i in range(0, len(corpus), 64)]
        return np.concatenate(parts)

    def captions(at: slice) -> Tensor:
        texts = [t for row in corpus.captions[at] for t in row]
        ids, mask = tokenizer.batch(texts)
        return encoders.text(ids.to(device), mask.to(device)).reshape(
            -1, len(corpus.captions[0]), encoders.text.project.out_features
        )

    def pictures(at: slice) -> Tensor:
        batch = as_pictures(corpus.pictures[at]).to(device)
        return encoders.image(batch.flatten(0, 1)).reshape(*batch.shape[:2], -1)

    def audio(at: slice) -> Tensor:
        mels = torch.from_numpy(corpus.mels[at].astype(np.float32)).to(device)
        return encoders.audio(mels)[:, None]

    def clips(at: slice) -> Tensor:
        return encoders.video(as_pictures(corpus.clips[at]).to(device))[:, None]

    makers = {"captions": captions, "pictures": pictures, "audio": audio, "clips": clips}
    return {
        name: _cached(
            folder / f"{name}.npy", folder / "axes.pt", lambda make=make: in_batches(make)
        )
        for name, make in makers.items()
    }


def diffusion_loss(
    unet: nn.Module,
    data: NDArray[np.float32],
    prompts: dict[str, NDArray[np.float32]],
    recipe: Recipe,
    alphas: Tensor,
    step: int,
) -> Tensor:
    """Squared error of the velocity v = alpha noise - sigma x (Salimans and Ho 2022, app. D).

    Two steps in five see only the beginning of the sounds, so that short requests are met.
    """
    rng = np.random.default_rng((19, step))
    device = alphas.device
    size = recipe.batch
    items = rng.integers(len(data), size=size)
    frames = data.shape[2] if rng.random() < 0.6 else int(rng.integers(2, 14)) * 4
    clean = torch.from_numpy(data[items, :, :frames]).to(device)
    cond = np.zeros((size, recipe.space), np.float32)
    for row, item in enumerate(items):
        pick = rng.random()
        for name, share in SHARES.items():
            if pick < share:
                choices = prompts[name][item]
                cond[row] = choices[rng.integers(len(choices))]
                break
            pick -= share
    t = torch.from_numpy(rng.integers(recipe.train_steps, size=size)).to(device)
    alpha = alphas[t].sqrt().float()[:, None, None, None]
    sigma = (1 - alphas[t]).sqrt().float()[:, None, None, None]
    noise = torch.randn_like(clean)
    guess = unet(
        alpha * clean + sigma * noise,
        t,
        encoder_hidden_states=None,
        class_labels=torch.from_numpy(cond).to(device) * CONDITION_GAIN,
    ).sample
    return (guess - (alpha * noise - sigma * clean)).square().mean()
