"""The starter's graphs: trained parts behind the tensors that the bundle format names."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from hearsight.manifest import Graph, Role

from ..fronts import PictureFront, export_picture_encoder
from ..graphs import LOOP_TOLERANCE, TOLERANCE, Part, export_part
from ..models.denoise import Denoise
from ..tokenize import bert_tokenizer, export_tokenizer
from .corpus import SECONDS, SIZE
from .diffusion import CONDITION_GAIN
from .parts import Parts

__all__ = ["FRAME", "chain_modules", "export_graphs"]

FRAME = 1280
BANDS = 8
TOKENS = 256
CHECK_TEXT = "Heavy rain on a tin roof"


def export_graphs(parts: Parts, root: Path, network: bool) -> Iterator[tuple[Role, Graph]]:
    """Write every graph into folder `root`, each checked against PyTorch.

    `network` says which vocoder `decode` holds: the network, or Griffin-Lim. Weights are
    rounded to half precision first, in a copy of the parts, and stored so.

    Raises:
        ParityError: a graph does not compute what PyTorch computes.
    """
    ready = _ready(parts)
    yield "tokenize", _tokenize(ready, root)
    yield "image", export_picture_encoder(ready.encoders.image, PictureFront(SIZE), root)
    for part in _parts(ready, network):
        yield part.role, export_part(part, root)


def chain_modules(parts: Parts, network: bool) -> dict[str, nn.Module]:
    """The modules that `export_graphs` writes, by the names of their graphs."""
    return {part.name: part.module for part in _parts(_ready(parts), network)}


class _Conditioned(nn.Module):
    """The UNet with conditions of unit length outside and of unit entries inside."""

    def __init__(self, unet: nn.Module) -> None:
        super().__init__()
        self.unet = unet

    def forward(self, x: Tensor, t: Tensor, *, encoder_hidden_states: None, class_labels: Tensor):
        labels = class_labels * CONDITION_GAIN
        return self.unet(x, t, encoder_hidden_states=encoder_hidden_states, class_labels=labels)


class _Decode(nn.Module):
    """Latent [B, C, T, 8] and noise [B, 1280 T] to waveform [B, 1280 T]."""

    def __init__(self, parts: Parts, network: bool) -> None:
        super().__init__()
        self.autoencoder, self.vocoder, self.lim = (
            parts.autoencoder,
            parts.vocoder,
            parts.griffin_lim,
        )
        self.network = network

    def forward(self, latent: Tensor, noise: Tensor) -> Tensor:
        mel = self.autoencoder.decode(latent)
        if self.network:
            return self.vocoder(mel.transpose(1, 2), noise[:, None])
        return self.lim(mel, noise)


class _Encode(nn.Module):
    """Waveform [B, S] to latent mean and log-variance, S a multiple of 1280."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.mel, self.autoencoder = parts.mel, parts.autoencoder

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        return self.autoencoder.encode(self.mel(audio))


class _Listen(nn.Module):
    """Waveform [1, S] to a condition [1, D]."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.mel, self.encoder = parts.mel, parts.encoders.audio

    def forward(self, audio: Tensor) -> Tensor:
        return self.encoder(self.mel(audio))


def _fuse(tower: nn.Sequential) -> nn.Sequential:
    """The same network with batch norms folded into their convolutions."""
    layers: list[nn.Module] = []
    for layer in tower:
        if isinstance(layer, nn.BatchNorm2d):
            layers[-1] = fuse_conv_bn_eval(layers[-1], layer)
        else:
            layers.append(layer)
    return nn.Sequential(*layers)


def _ready(parts: Parts) -> Parts:
    """A copy folded and rounded to half precision, before anything is compared."""
    parts = copy.deepcopy(parts)
    for encoder in (parts.encoders.image, parts.encoders.audio):
        encoder.tower = _fuse(encoder.tower.eval())
    for module in (parts.autoencoder, parts.vocoder, parts.encoders, parts.unet):
        for parameter in module.parameters():
            parameter.data = parameter.data.half().float()
    return parts


def _parts(parts: Parts, network: bool) -> list[Part]:
    """Every graph but the tokenizer; sizes are no multiples of the strides on purpose."""
    recipe = parts.recipe
    channels, space = recipe.latent_channels, recipe.space
    pick = torch.Generator().manual_seed(3)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=pick)

    def denoise(batch: int, branches: int, frames: int) -> dict[str, Tensor]:
        cond = normal(branches * batch, space)
        return {
            "x": normal(batch, channels, frames, BANDS),
            "d_prev": normal(batch, channels, frames, BANDS),
            "noise": normal(batch, channels, frames, BANDS),
            "cond": cond / cond.norm(dim=1, keepdim=True),
            "weights": torch.tensor([1.0]) if branches == 1 else normal(branches),
            "row": torch.tensor([601.0, 0.42, 0.9075, 0.8, 0.3, -0.1, 0.05]),
        }

    def decode(batch: int, frames: int) -> dict[str, Tensor]:
        noise = normal(batch, FRAME * frames)
        return {"latent": normal(batch, channels, frames, BANDS), "noise": noise}

    def sound(batch: int, samples: int) -> dict[str, Tensor]:
        return {"audio": 0.1 * normal(batch, samples)}

    def words(*ids: int) -> dict[str, Tensor]:
        mask = torch.tensor([[int(i >= parts.tokenizer.first_word) for i in ids]])
        return {"ids": torch.tensor([ids]), "mask": mask}

    first = parts.tokenizer.first_word
    latent = ("B", channels, "T", BANDS)
    batch_time = {0: "B", 2: "T"}
    return [
        Part(
            "denoise",
            Denoise(_Conditioned(parts.unet), "v"),
            denoise(2, 2, 13),
            {
                "x": batch_time,
                "d_prev": batch_time,
                "noise": batch_time,
                "cond": {0: "GB"},
                "weights": {0: "G"},
            },
            {"x_next": latent, "d": latent},
            samples=[denoise(1, 1, 64), denoise(1, 2, 50), denoise(3, 3, 23)],
            hot=True,
        ),
        Part(
            "decode",
            _Decode(parts, network),
            decode(2, 7),
            {"latent": batch_time, "noise": {0: "B", 1: f"{FRAME}T"}},
            {"audio": ("B", f"{FRAME}T")},
            samples=[decode(1, 64), decode(1, 13)],
            hot=True,
            tolerance=TOLERANCE if network else LOOP_TOLERANCE,
        ),
        Part(
            "encode",
            _Encode(parts),
            sound(2, 7 * FRAME),
            {"audio": {0: "B", 1: f"{FRAME}T"}},
            {"mean": latent, "logvar": latent},
            samples=[sound(1, 64 * FRAME)],
        ),
        Part(
            "audio",
            _Listen(parts),
            sound(1, 20480),
            {"audio": {1: "S"}},
            {"cond": (1, space)},
            samples=[sound(1, round(SECONDS * recipe.mel.sample_rate))],
        ),
        Part(
            "text",
            parts.encoders.text,
            words(2, first + 3, first + 50, 1, first + 7, 3),
            {"ids": {1: "L"}, "mask": {1: "L"}},
            {"cond": (1, space)},
            samples=[words(2, 3), words(*range(first, first + 90))],
        ),
        Part(
            "frames",
            parts.encoders.frames,
            {"frames": normal(1, 5, space) / 16},
            {"frames": {1: "N"}},
            {"cond": (1, space)},
            samples=[{"frames": normal(1, 1, space) / 16}, {"frames": normal(1, 64, space) / 16}],
        ),
    ]


def _tokenize(parts: Parts, root: Path) -> Graph:
    tokenizer = parts.tokenizer
    model = bert_tokenizer(tokenizer.pieces, tokenizer.first_word, TOKENS)
    graph = export_tokenizer(model, root, CHECK_TEXT)
    assert graph.check
    ids, mask = (np.fromfile(root / tensor.file, "<i8") for tensor in graph.check.outputs)
    # Training and playing must number the words alike; this is where a drift would show.
    meaningful = ids[mask.astype(bool)].tolist()
    if meaningful != tokenizer.ids(CHECK_TEXT):
        raise ValueError(f'the graph reads "{CHECK_TEXT}" as {meaningful}')
    return graph
