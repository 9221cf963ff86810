"""Experiment A: a picture's and a text's vector of ImageBind to a sequence for Make-An-Audio.

Seven ways, each under the names that its authors' checkpoints have below `projector.`
(Ray-Tsai-0214/Unified-Multimodal-Framework-for-Text-and-Vision-Guided-Audio-Generation). All take
[B, 2 D], the picture's vector first, and give [B, tokens, width]; `taken` is 2 D.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from ..weights import MisfitError, Weights
from .conformer import AudioAware

__all__ = ["PROJECTORS", "Projector", "load_projector", "projector_of"]

Projector = Literal[
    "simple", "sequence", "transformer", "hybrid", "attention", "conv", "audio-aware"
]

TOKENS = 77  # where no tensor tells
HEADS = 8  # of every attention
_RATIO = 4
_LENGTHENED = (0, 3, 6)  # places of the transposed convolutions
PROJECTORS: Mapping[str, Projector] = {
    "expand_proj.0.weight": "sequence",
    "query_tokens": "transformer",
    "sequence_generator.0.weight": "hybrid",
    "cross_attn.in_proj_weight": "attention",
    "conv_layers.0.weight": "conv",
    "conformer_layers.0.layer_scale_1": "audio-aware",
    "projection.0.weight": "simple",
}
"""Which projector has a tensor of this name."""


class Simple(nn.Module):
    """One vector, the same for every token."""

    def __init__(self, taken: int, width: int) -> None:
        super().__init__()
        self.taken = taken
        self.projection = nn.Sequential(
            nn.Linear(taken, width), nn.LayerNorm(width), nn.Identity(), nn.GELU()
        )

    def forward(self, pair: Tensor) -> Tensor:
        return self.projection(pair)[:, None].expand(-1, TOKENS, -1)


class Sequence(nn.Module):
    """All tokens at once out of two matrices."""

    def __init__(self, taken: int, hidden: int, tokens: int, width: int) -> None:
        super().__init__()
        self.taken = taken
        self.expand_proj = nn.Sequential(
            nn.Linear(taken, hidden), nn.GELU(), nn.Identity(), nn.Linear(hidden, tokens * width)
        )
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))
        self.norm = nn.LayerNorm(width)

    def forward(self, pair: Tensor) -> Tensor:
        tokens = self.expand_proj(pair).unflatten(1, self.pos_embed.shape[1:])
        return self.norm(tokens + self.pos_embed)


class Transformer(nn.Module):
    """Learned queries look at the pair as the only thing there is to see."""

    def __init__(
        self, taken: int, tokens: int, width: int, hidden: int, depth: int, heads: int
    ) -> None:
        super().__init__()
        self.taken = taken
        self.input_proj = nn.Linear(taken, width)
        self.query_tokens = nn.Parameter(torch.zeros(1, tokens, width))
        layer = nn.TransformerDecoderLayer(
            width, heads, hidden, dropout=0.0, activation="gelu", batch_first=True
        )
        self.transformer = nn.TransformerDecoder(layer, depth)
        self.norm = nn.LayerNorm(width)

    def forward(self, pair: Tensor) -> Tensor:
        queries = self.query_tokens.expand(pair.shape[0], -1, -1)
        return self.norm(self.transformer(queries, self.input_proj(pair)[:, None]))


class Hybrid(nn.Module):
    """A first token for the whole, the others beside it, each with a gate of its own."""

    def __init__(self, taken: int, hidden: int, tokens: int, width: int) -> None:
        super().__init__()
        self.taken = taken
        self.global_proj = nn.Linear(taken, width)
        self.sequence_generator = nn.Sequential(
            nn.Linear(taken, hidden), nn.GELU(), nn.Linear(hidden, (tokens - 1) * width)
        )
        self.modulation = nn.Sequential(nn.Linear(width, tokens), nn.Sigmoid())
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))
        self.norm = nn.LayerNorm(width)

    def forward(self, pair: Tensor) -> Tensor:
        whole = self.global_proj(pair)
        others = self.sequence_generator(pair).unflatten(1, (-1, whole.shape[1]))
        tokens = torch.cat((whole[:, None], others), dim=1)
        return self.norm(tokens * self.modulation(whole)[:, :, None] + self.pos_embed)


class Attention(nn.Module):
    """Learned queries look at the picture and at the text."""

    def __init__(self, seen: int, read: int, tokens: int, width: int, heads: int) -> None:
        super().__init__()
        self.taken = seen + read
        self.image_proj, self.text_proj = nn.Linear(seen, width), nn.Linear(read, width)
        self.sequence_template = nn.Parameter(torch.zeros(1, tokens, width))
        self.cross_attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ffn = nn.Sequential(
            nn.Linear(width, _RATIO * width),
            nn.GELU(),
            nn.Identity(),
            nn.Linear(_RATIO * width, width),
        )
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, pair: Tensor) -> Tensor:
        image = self.image_proj(pair[:, : self.image_proj.in_features])
        text = self.text_proj(pair[:, self.image_proj.in_features :])
        both = torch.stack((image, text), dim=1)
        queries = self.sequence_template.expand(pair.shape[0], -1, -1)
        queries = self.norm1(queries + self.cross_attn(queries, both, both, need_weights=False)[0])
        return self.norm2(queries + self.ffn(queries))


class Conv(nn.Module):
    """One token that three transposed convolutions lengthen."""

    def __init__(self, taken: int, channels: tuple[int, ...], kernels: tuple[int, ...]) -> None:
        super().__init__()
        self.taken = taken
        self.input_proj = nn.Linear(taken, channels[0])
        layers: list[nn.Module] = []
        for before, after, kernel in zip(channels, channels[1:], kernels, strict=False):
            layers += [nn.ConvTranspose1d(before, after, kernel), nn.GELU(), nn.Identity()]
        self.conv_layers = nn.Sequential(*layers[:-2])
        self.norm = nn.LayerNorm(channels[-1])

    def forward(self, pair: Tensor) -> Tensor:
        return self.norm(self.conv_layers(self.input_proj(pair)[:, :, None]).transpose(1, 2))


def projector_of(names: Mapping[str, Tensor]) -> Projector | None:
    """Which projector a state dict from `projector.` down is of, None if of none."""
    return next((kind for name, kind in PROJECTORS.items() if name in names), None)


def load_projector(weights: Weights, kind: Projector, heads: int = HEADS) -> nn.Module:
    """A projector with its weights. heads: of its attention, which no tensor tells.

    Raises:
        MisfitError: names the first tensor that does not fit.
    """
    projector = _build(weights, kind, heads)
    weights.fill(projector)
    return projector.eval()


def _build(weights: Weights, kind: Projector, heads: int) -> nn.Module:
    shape = weights.shape
    if kind == "simple":
        return Simple(*shape("projection.0.weight", 2)[::-1])
    if kind == "sequence":
        hidden, taken = shape("expand_proj.0.weight", 2)
        return Sequence(taken, hidden, *shape("pos_embed", 3)[1:])
    if kind == "hybrid":
        hidden, taken = shape("sequence_generator.0.weight", 2)
        return Hybrid(taken, hidden, *shape("pos_embed", 3)[1:])
    if kind == "transformer":
        layer = "transformer.layers.{}.linear1.weight"
        _, tokens, width = shape("query_tokens", 3)
        _expect_heads(width, heads, "query_tokens")
        taken, hidden = shape("input_proj.weight", 2)[1], shape(layer.format(0), 2)[0]
        return Transformer(taken, tokens, width, hidden, weights.depth(layer), heads)
    if kind == "conv":
        found = [shape(f"conv_layers.{i}.weight", 3) for i in _LENGTHENED]
        channels = (*(before for before, _, _ in found), found[-1][1])
        return Conv(shape("input_proj.weight", 2)[1], channels, tuple(k for _, _, k in found))
    if kind == "attention":
        _, tokens, width = shape("sequence_template", 3)
        _expect_heads(width, heads, "sequence_template")
        seen, read = shape("image_proj.weight", 2)[1], shape("text_proj.weight", 2)[1]
        return Attention(seen, read, tokens, width, heads)
    _, tokens, part = shape("init_sequence", 3)
    seen, read = shape("image_proj.0.weight", 2)[1], shape("text_proj.0.weight", 2)[1]
    width = shape("final_proj.0.weight", 2)[0]
    _expect_heads(width, heads, "final_proj.0.weight")
    return AudioAware(
        seen,
        read,
        tokens,
        width,
        part=part,
        beats=shape("rhythm_embed", 3)[1],
        depth=weights.depth("conformer_layers.{}.layer_scale_1"),
        kernel=shape("conformer_layers.0.conv_module.depthwise_conv.weight", 3)[2],
        heads=heads,
    )


def _expect_heads(width: int, heads: int, name: str) -> None:
    if width % heads:
        raise MisfitError(f"{name} is of width {width}; a multiple of {heads} was expected.")
