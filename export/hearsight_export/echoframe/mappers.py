"""EchoFrame's mappers from the frames of a video to CLAP's space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..weights import MisfitError, Weights

__all__ = ["FRAMES", "Mapper", "load_mapper"]

Mapper = Literal["mlp_res", "mlp_no_res", "bilstm", "transformer", "mlp5", "legacy_single"]

FRAMES = 64  # of the clips in training
HEAD_SIZE = 64


class _Block(nn.Module):
    """Linear, ReLU, linear, with or without the input added, and a layer norm."""

    def __init__(self, width: int, hidden: int, residual: bool) -> None:
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(width)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear2(F.relu(self.linear1(x)))
        return self.norm(x + y if self.residual else y)


class _Mlp(nn.Module):
    """Frames [B, N, E] to [B, D]: their mean through two blocks."""

    def __init__(self, weights: Weights, residual: bool) -> None:
        super().__init__()
        width, self.embed = weights.shape("blocks.0.weight", 2)
        hidden = weights.shape("blocks.2.linear1.weight", 2)[0]
        space = weights.shape("blocks.4.weight", 2)[0]
        self.blocks = nn.Sequential(
            nn.Linear(self.embed, width),
            nn.LayerNorm(width),
            _Block(width, hidden, residual),
            _Block(width, hidden, residual),
            nn.Linear(width, space),
            nn.LayerNorm(space),
        )

    def forward(self, frames: Tensor) -> Tensor:
        return self.blocks(frames.mean(1))


class _BiLstm(nn.Module):
    """64 frames [B, 64, E] to [B, D]: what an LSTM of each direction holds at its end."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        gates, self.embed = weights.shape("bilstm.weight_ih_l0", 2)
        width = gates // 2
        hidden = weights.shape("blocks.1.linear1.weight", 2)[0]
        space = weights.shape("blocks.3.weight", 2)[0]
        self.bilstm = nn.LSTM(self.embed, gates // 4, batch_first=True, bidirectional=True)
        self.blocks = nn.Sequential(
            nn.LayerNorm(width),
            _Block(width, hidden, True),
            _Block(width, hidden, True),
            nn.Linear(width, space),
            nn.LayerNorm(space),
        )

    def forward(self, frames: Tensor) -> Tensor:
        _, (last, _) = self.bilstm(_resampled(frames))
        return self.blocks(torch.cat((last[0], last[1]), dim=1))


class _Transformer(nn.Module):
    """64 frames [B, 64, E] to [B, D]: a class token after one layer of attention to all."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        width, self.embed = weights.shape("input_proj.weight", 2)
        hidden = weights.shape("encoder.layers.0.linear1.weight", 2)[0]
        layer = nn.TransformerEncoderLayer(
            width, max(1, width // HEAD_SIZE), hidden, 0.0, "gelu", batch_first=True
        )
        depth = weights.depth("encoder.layers.{}.norm1.weight")
        self.input_proj = nn.Linear(self.embed, width)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embedding = nn.Parameter(torch.zeros(1, 1 + FRAMES, width))
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.output_proj = nn.Linear(width, weights.shape("output_proj.weight", 2)[0])

    def forward(self, frames: Tensor) -> Tensor:
        x = self.input_proj(_resampled(frames))
        x = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), dim=1)
        return self.output_proj(self.encoder(x + self.pos_embedding)[:, 0])


class _Single(nn.Module):
    """Frames [B, N, E] to [B, D]: their mean through one hidden layer of SiLU and layer norm."""

    def __init__(self, weights: Weights, at: str = "") -> None:
        super().__init__()
        width, self.embed = weights.shape(f"{at}linear.weight", 2)
        self.linear, self.layer_norm = nn.Linear(self.embed, width), nn.LayerNorm(width)
        self.linear2 = nn.Linear(width, weights.shape(f"{at}linear2.weight", 2)[0])

    def forward(self, frames: Tensor) -> Tensor:
        return self.inner(frames.mean(1))

    def inner(self, x: Tensor) -> Tensor:
        return self.linear2(self.layer_norm(F.silu(self.linear(x))))


class _Mlp5(nn.Module):
    """Frames [B, N, E] to [B, E]: their mean, to which five layers add."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        depth = weights.depth("v2a.{}.linear.weight")
        self.v2a = nn.ModuleList(_Single(weights, f"v2a.{i}.") for i in range(depth))
        self.embed = self.v2a[0].embed

    def forward(self, frames: Tensor) -> Tensor:
        x = frames.mean(1)
        for layer in self.v2a:
            x = x + layer.inner(x)
        return x


def _resampled(frames: Tensor) -> Tensor:
    """Frames [B, N, E] to [B, 64, E], the nearest ones of N evenly spread; 64 stay as they are."""
    place = 2 * torch.arange(FRAMES, device=frames.device)
    last = torch.full_like(place[:1], frames.shape[1] - 1)
    return frames[:, (place * last + FRAMES - 1) // (2 * (FRAMES - 1))]


def load_mapper(state: Mapping[str, Tensor], kind: Mapper | None = None) -> nn.Module:
    """A mapper of EchoFrame, of the widths of its state dict: frames [B, N, embed] to [B, D].

    kind: which one; by the names if None, where `mlp_res` and `mlp_no_res` have the same and
    the first is taken.

    Raises:
        MisfitError: names the first tensor that does not fit.
    """
    weights = Weights(state)
    model: nn.Module
    kind = kind or _kind(state)
    if kind in ("mlp_res", "mlp_no_res"):
        model = _Mlp(weights, residual=kind == "mlp_res")
    else:
        makers = {
            "bilstm": _BiLstm,
            "transformer": _Transformer,
            "mlp5": _Mlp5,
            "legacy_single": _Single,
        }
        model = makers[kind](weights)
    weights.fill(model)
    return model.eval()


def _kind(state: Mapping[str, Tensor]) -> Mapper:
    signs: dict[str, Mapper] = {
        "bilstm.weight_ih_l0": "bilstm",
        "cls_token": "transformer",
        "v2a.0.linear.weight": "mlp5",
        "blocks.0.weight": "mlp_res",
        "linear2.weight": "legacy_single",
    }
    for name, kind in signs.items():
        if name in state:
            return kind
    raise MisfitError(
        f"The checkpoint is no mapper of EchoFrame ({', '.join(get_args(Mapper))}): "
        f"one of the tensors {', '.join(signs)} was expected."
    )
