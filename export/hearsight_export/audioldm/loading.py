"""AudioLDM checkpoints: original files, and folders in diffusers' layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from ..checkpoints import CheckpointError, below, foreign, read_folder, read_json, read_tensors
from ..clap.layout import LAION_EPS, TRANSFORMERS_EPS, eps_said
from ..latent_diffusion import (
    AUTOENCODER,
    AVERAGED,
    UNET,
    expect_schedule,
    matrices,
    weights_below,
)
from ..models.latent_mel import HIFI_GAN
from ..weights import Origin, blame
from . import names
from .networks import BETAS, CONDITION, MEL_BINS, TRAIN_STEPS, AudioLDM, Parts

__all__ = ["load_audioldm"]

_CLAP, _VOCODER = "cond_stage_model.model.", f"{AUTOENCODER}vocoder."
# Towers of CLAP and a tensor that each has, with the shape it has in AudioLDM.
_TOWERS = (
    ("text_branch.embeddings.word_embeddings.weight", "[50265, 768]"),
    ("audio_branch.patch_embed.proj.weight", "[96, 1, 4, 4] or [128, 1, 4, 4]"),
)
_SCHEDULER = {
    "num_train_timesteps": TRAIN_STEPS,
    "beta_start": BETAS.start,
    "beta_end": BETAS.end,
    "beta_schedule": BETAS.kind,
    "prediction_type": "epsilon",
}
_HEADS_OF_DIFFUSERS = 8  # where a configuration says nothing


def load_audioldm(path: Path, *, ema: bool = True, diffusers_heads: bool = False) -> AudioLDM:
    """Read an original checkpoint, or a folder in diffusers' layout.

    Args:
        path: the file or folder.
        ema: of an original checkpoint, the UNet's averaged weights, which the original code
            plays with, and not those that training ended with.
        diffusers_heads: the head counts of a folder's configuration, and the epsilon of CLAP's
            layer norms. They are not those of training (the conversion of the published folders
            lost them, and diffusers then takes 8, and transformers 1e-12), but give diffusers'
            own output.

    Raises:
        CheckpointError: it cannot be read, or is no AudioLDM; names the first tensor that is
            missing or of another shape, and what was expected.
    """
    with blame(path):
        return AudioLDM.build(
            _from_folder(path, diffusers_heads) if path.is_dir() else _from_file(path, ema)
        )


def _from_file(path: Path, ema: bool) -> Parts:
    tensors = read_tensors(path)
    film = f"{UNET}film_emb.weight"
    if film not in tensors:
        raise foreign(path, tensors, "AudioLDM", f"{film} [512, {CONDITION}]")
    if ema and not any(name.startswith(AVERAGED) for name in tensors):
        first = f"{AVERAGED}{names.ema('conv_in.weight').name}"
        raise CheckpointError(
            f"{path} has no averaged weights: it lacks {first}, "
            "expected like the tensor of the UNet. Add --no-ema to take what training ended with."
        )
    for name, shape in (("scale_factor", "a scalar"), *((_CLAP + n, s) for n, s in _TOWERS)):
        if name not in tensors:
            raise CheckpointError(f"{path} lacks the tensor {name}, expected as {shape}.")
    expect_schedule(path, tensors, BETAS, TRAIN_STEPS)
    vae = {n: value for n, value in matrices(tensors).items() if not n.startswith(_VOCODER)}
    return Parts(
        unet=weights_below(tensors, AVERAGED, names.ema, (r"decay$", r"num_updates$"))
        if ema
        else weights_below(tensors, UNET, names.unet),
        autoencoder=weights_below(vae, AUTOENCODER, names.autoencoder, (r"loss\.",)),
        vocoder=weights_below(tensors, _VOCODER, names.vocoder),
        scale=float(tensors["scale_factor"]),
        clap=below(tensors, _CLAP),
    )


def _from_folder(folder: Path, diffusers_heads: bool) -> Parts:
    film = f"class_embedding.weight [512, {CONDITION}]"
    unet = read_folder(folder, "unet", film)
    if "class_embedding.weight" not in unet:
        pipeline = read_json(folder / "model_index.json").get("_class_name")
        raise CheckpointError(
            f"{folder} is no folder of AudioLDMPipeline but of {pipeline}: unet/ lacks the tensor "
            f"{film}, as it is in AudioLDM-S."
        )
    vae = read_folder(folder, "vae", "encoder.conv_in.weight [128, 1, 3, 3]")
    vocoder = read_folder(folder, "vocoder", f"conv_pre.weight [1024, {MEL_BINS}, 7]")
    first, shape = "text_model.embeddings.word_embeddings.weight", _TOWERS[0][1]
    clap = read_folder(folder, "text_encoder", f"{first} {shape}")
    _expect(folder / "scheduler" / "scheduler_config.json", _SCHEDULER)
    _expect(folder / "vocoder" / "config.json", HIFI_GAN)
    old = any(".query." in name for name in vae)
    scale = read_json(folder / "vae" / "config.json").get("scaling_factor")
    if not isinstance(scale, float):
        raise CheckpointError(
            f"{folder / 'vae' / 'config.json'} lacks scaling_factor, a number near 1."
        )
    return Parts(
        unet=weights_below(_named("unet/", unet), "unet/", Origin),
        autoencoder=weights_below(
            _named("vae/", vae), "vae/", names.old_attention if old else Origin
        ),
        vocoder=weights_below(_named("vocoder/", vocoder), "vocoder/", Origin, ("mean$", "scale$")),
        scale=scale,
        clap=clap,
        tokenizer=folder / "tokenizer",
        heads=_heads_said(folder / "unet" / "config.json") if diffusers_heads else None,
        clap_eps=eps_said(folder / "text_encoder" / "config.json") or TRANSFORMERS_EPS
        if diffusers_heads
        else LAION_EPS,
    )


def _named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in tensors.items()}


def _expect(path: Path, wanted: Mapping[str, Any]) -> None:
    """A part's configuration says what is built in here, where it says something."""
    found = read_json(path)
    for key, value in wanted.items():
        if key in found and found[key] != value:
            raise CheckpointError(f"{path}: {key} is {found[key]}; AudioLDM has {value}.")


def _heads_said(path: Path) -> tuple[int, ...]:
    config = read_json(path)
    said = config.get("num_attention_heads") or config.get(
        "attention_head_dim", _HEADS_OF_DIFFUSERS
    )
    return (said,) * 4 if isinstance(said, int) else tuple(said)
