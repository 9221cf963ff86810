"""The starter's trained parts and the order in which they are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from hearsight.schedule import cumulative_alphas

from ..bigvgan.networks import BigVGAN
from ..models.denoise import film_unet
from ..models.griffin_lim import GriffinLim
from ..models.mel import LogMel
from .autoencoder import MelAutoencoder, autoencoder_loss
from .corpus import make_corpus
from .diffusion import conditions, diffusion_loss, latents
from .encoders import Encoders, Tokenizer, contrastive_loss
from .recipe import Recipe
from .training import finished, train
from .vocoder import vocoder_loss

__all__ = ["STAGES", "Parts", "train_parts"]

STAGES = ("autoencoder", "vocoder", "encoders", "axes", "diffusion")
NEEDS = {
    "vocoder": ("autoencoder",),
    "axes": ("encoders",),
    "diffusion": ("autoencoder", "axes"),
}
CONTRASTIVE_BATCH = 64


@dataclass(frozen=True)
class Parts:
    """Everything the bundle is made of, in evaluation mode.

    Both vocoders take mels [B, F, bins] and noise [B, 160 F]; the better one is shipped.
    """

    recipe: Recipe
    mel: LogMel
    autoencoder: MelAutoencoder
    vocoder: BigVGAN
    griffin_lim: GriffinLim
    encoders: Encoders
    tokenizer: Tokenizer
    unet: nn.Module

    def network(self, mel: Tensor, noise: Tensor) -> Tensor:
        """The vocoder network, with the axes of `griffin_lim`."""
        return self.vocoder(mel.transpose(1, 2), noise[:, None])


def train_parts(
    recipe: Recipe,
    work: Path,
    device: str = "cpu",
    stages: tuple[str, ...] = STAGES,
    log: Callable[[str], None] = print,
) -> Parts:
    """Train what is not finished in folder `work`, one part after the other, and return all.

    Every part leaves its own checkpoint; running again continues where it stopped. `stages`
    limits which parts are trained now (the others are loaded as far as they came), so that
    independent parts can be trained in processes of their own. All parts come back on the CPU.

    Raises:
        ValueError: a part is to be trained on another that is not finished.
    """
    work.mkdir(parents=True, exist_ok=True)
    corpus = make_corpus(work / "corpus", recipe.items, recipe.seed, recipe.mel, log=log)
    tokenizer = Tokenizer()
    torch.manual_seed(recipe.seed)
    autoencoder = MelAutoencoder(recipe.autoencoder_levels, recipe.latent_channels).to(device)
    vocoder = BigVGAN(recipe.vocoder).to(device)
    encoders = Encoders(recipe.space, len(tokenizer.pieces)).to(device)
    unet = film_unet(
        recipe.latent_channels,
        recipe.unet_levels,
        recipe.unet_heads,
        recipe.space,
        recipe.unet_layers,
    ).to(device)
    modules: dict[str, nn.Module] = {
        "autoencoder": autoencoder,
        "vocoder": vocoder,
        "encoders": encoders,
        "axes": encoders,
        "diffusion": unet,
    }

    def losses(stage: str) -> Callable[[int], Tensor]:
        if stage == "autoencoder":
            return lambda step: autoencoder_loss(autoencoder, corpus, recipe, step)
        if stage == "vocoder":
            return lambda step: vocoder_loss(vocoder, autoencoder, corpus, recipe, step)
        if stage in ("encoders", "axes"):
            size, axes = CONTRASTIVE_BATCH, stage == "axes"
            return lambda step: contrastive_loss(encoders, tokenizer, corpus, size, step, axes)
        data = latents(corpus, autoencoder, work / "latents.npy", device)
        prompts = conditions(corpus, encoders, tokenizer, work, device)
        alphas = torch.from_numpy(cumulative_alphas(recipe.betas, recipe.train_steps)).to(device)
        return lambda step: diffusion_loss(unet, data, prompts, recipe, alphas, step)

    for stage in STAGES:
        checkpoint, module = work / f"{stage}.pt", modules[stage]
        if stage in stages:
            for need in NEEDS.get(stage, ()):
                if not finished(work / f"{need}.pt", getattr(recipe, f"{need}_run")):
                    raise ValueError(f"{stage} is trained on the {need}, which is not finished")
            module.requires_grad_(True)
            train(module, losses(stage), getattr(recipe, f"{stage}_run"), checkpoint, log)
        elif checkpoint.exists():
            state = torch.load(checkpoint, map_location=device, weights_only=True)
            module.load_state_dict(state["average"])
        module.eval().requires_grad_(False)
    for module in modules.values():
        module.to("cpu")
    if (work / "latents.npy").exists():
        latents(corpus, autoencoder, work / "latents.npy", "cpu")
    return Parts(
        recipe,
        LogMel(recipe.mel),
        autoencoder,
        vocoder,
        GriffinLim(recipe.mel, recipe.griffin_lim_rounds),
        encoders,
        tokenizer,
        unet,
    )
