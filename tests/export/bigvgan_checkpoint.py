"""BigVGAN checkpoints for tests, and the arithmetic of NVIDIA/BigVGAN restated plainly.

Names and shapes are those that its code (commit 7d2b454) saves, filled by `seeded`; the anti-
aliasing filter is the one its goldens were made with.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from seeded import seeded
from torch import Tensor
from torch.nn import functional as F

from hearsight_export.bigvgan.config import BigVGANConfig, Vocoder

__all__ = ["DAMPED", "GOLDEN", "plain", "plain_activation", "save", "state", "write_config"]

GOLDEN = Path(__file__).parents[1] / "golden" / "bigvgan"
TAPS = torch.from_numpy(np.load(GOLDEN / "v1.npz")["filter"])
DAMPED = 0.1  # of the gains of every `convs2` and of `conv_post`: else an untrained one saturates


def state(config: BigVGANConfig, damped: bool = True) -> dict[str, Tensor]:
    """A state dict with weight norm, as training saves it."""
    shapes: dict[str, tuple[int, ...]] = {}

    def conv(name: str, shape: tuple[int, ...], bias: int) -> None:
        shapes[f"{name}.weight_g"] = (shape[0], 1, 1)
        shapes[f"{name}.weight_v"] = shape
        if bias:
            shapes[f"{name}.bias"] = (bias,)

    def activation(name: str, channels: int) -> None:
        for rate in ("alpha", "beta") if config.activation == "snakebeta" else ("alpha",):
            shapes[f"{name}.act.{rate}"] = (channels,)
        shapes[f"{name}.upsample.filter"] = (1, 1, 12)
        shapes[f"{name}.downsample.lowpass.filter"] = (1, 1, 12)

    width = config.channels
    conv("conv_pre", (width, config.mel_bins, 7), width)
    block = 0
    for stage, kernel in enumerate(config.kernels):
        half = width // 2
        conv(f"ups.{stage}.0", (width, half, kernel), half)
        for size in config.block_kernels:
            for i in range(len(config.dilations)):
                for convs in ("convs1", "convs2"):
                    conv(f"resblocks.{block}.{convs}.{i}", (half, half, size), half)
            for i in range(2 * len(config.dilations)):
                activation(f"resblocks.{block}.activations.{i}", half)
            block += 1
        width = half
    activation("activation_post", width)
    conv("conv_post", (1, width, 7), int(config.post_bias))
    found = {name: torch.from_numpy(seeded(name, shape)) for name, shape in shapes.items()}
    for name in found:
        if name.endswith("filter"):
            found[name] = TAPS.reshape(1, 1, 12).clone()
        elif damped and name.endswith("weight_g") and ("convs2" in name or "conv_post" in name):
            found[name] *= DAMPED
    return found


def save(tensors: dict[str, Tensor], folder: Path, name: str = "bigvgan_generator.pt") -> Path:
    """A checkpoint file as it is published."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"generator": tensors}, folder / name)
    return folder / name


def write_config(vocoder: Vocoder, path: Path, **changes: object) -> Path:
    """A `config.json` with the keys of NVIDIA/BigVGAN, or an `args.yml`, as JSON is YAML too."""
    network, mel = vocoder.network, vocoder.mel
    said = {
        "resblock": "1",
        "num_mels": network.mel_bins,
        "upsample_rates": network.rates,
        "upsample_kernel_sizes": network.kernels,
        "upsample_initial_channel": network.channels,
        "resblock_kernel_sizes": network.block_kernels,
        "resblock_dilation_sizes": [network.dilations] * len(network.block_kernels),
        "activation": network.activation,
        "snake_logscale": True,
        "n_fft": mel.n_fft,
        "hop_size": mel.hop,
        "win_size": mel.n_fft,
        "sampling_rate": vocoder.sample_rate,
        "fmin": 0,
        "fmax": None if mel.fmax == vocoder.sample_rate / 2 else mel.fmax,
    }
    if network.final == "clamp":  # version 1 has neither key
        said |= {"use_tanh_at_final": False, "use_bias_at_final": False}
    said |= changes
    kept = {key: value for key, value in said.items() if value is not ...}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept), encoding="utf-8")
    return path


def plain(tensors: dict[str, Tensor], config: BigVGANConfig, mel: Tensor) -> Tensor:
    """The wave [B, 1, S] of a mel [B, bins, F] before tanh or clamp, as upstream computes it."""

    def weight(name: str) -> tuple[Tensor, Tensor | None]:
        v = tensors[f"{name}.weight_v"]
        norm = torch.sqrt((v * v).sum(dim=(1, 2), keepdim=True))
        return tensors[f"{name}.weight_g"] * v / norm, tensors.get(f"{name}.bias")

    def conv(name: str, x: Tensor, dilation: int = 1) -> Tensor:
        w, b = weight(name)
        pad = (w.shape[2] - 1) * dilation // 2
        return F.conv1d(x, w, b, padding=pad, dilation=dilation)

    def activation(name: str, x: Tensor) -> Tensor:
        alpha = tensors[f"{name}.act.alpha"]
        beta = tensors.get(f"{name}.act.beta", alpha)
        return plain_activation(x, alpha, beta)

    x = conv("conv_pre", mel)
    blocks = len(config.block_kernels)
    for stage, (rate, kernel) in enumerate(zip(config.rates, config.kernels, strict=True)):
        w, b = weight(f"ups.{stage}.0")
        x = F.conv_transpose1d(x, w, b, stride=rate, padding=(kernel - rate) // 2)
        total = torch.zeros_like(x)
        for block in range(blocks * stage, blocks * (stage + 1)):
            y = x
            for i, dilation in enumerate(config.dilations):
                at = f"resblocks.{block}"
                inner = activation(f"{at}.activations.{2 * i}", y)
                inner = conv(f"{at}.convs1.{i}", inner, dilation)
                inner = activation(f"{at}.activations.{2 * i + 1}", inner)
                y = y + conv(f"{at}.convs2.{i}", inner)
            total = total + y
        x = total / blocks
    return conv("conv_post", activation("activation_post", x))


def plain_activation(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Up by two, snake, down by two, over [B, C, T]: edges repeated 5 and 5, then 5 and 6."""
    channels = x.shape[1]
    taps = TAPS.to(x.dtype).expand(channels, 1, -1)
    wide = F.pad(x, (5, 5), mode="replicate")
    wide = 2 * F.conv_transpose1d(wide, taps, stride=2, groups=channels)[..., 15:-15]
    a, b = alpha.exp()[:, None], beta.exp()[:, None]
    wide = wide + torch.sin(wide * a) ** 2 / (b + 1e-9)
    wide = F.pad(wide, (5, 6), mode="replicate")
    return F.conv1d(wide, taps, stride=2, groups=channels)
