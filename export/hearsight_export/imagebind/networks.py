"""ImageBind's six encoders (facebookresearch/ImageBind), each with the checkpoint's own names."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["FRAMES", "Encoder", "Size", "Text"]

FRAMES = 2  # of a moment; a still picture is shown for both
EPS = 1e-6  # of the layer norms, but for those behind the patches, which have PyTorch's own
RATIO = 4  # of the inner width of a block to its outer one
_SAMPLES_A_STEP = 8  # of the movement sensors


@dataclass(frozen=True)
class Size:
    """Width, number of blocks and of attention heads, and number of values of a vector."""

    width: int
    depth: int
    heads: int
    space: int


class Encoder(nn.Module):
    """What a stem makes of an input, through the trunk, as vectors [B, D] of the length `scale`.

    extra: keys and values have one learned row more. early: a layer norm stands before the trunk.
    linear: what the head calls its matrix.
    """

    def __init__(
        self,
        stem: nn.Module,
        size: Size,
        scale: float,
        *,
        extra: bool = True,
        early: bool = False,
        linear: str = "2",
    ) -> None:
        super().__init__()
        self.stem, self.scale = stem, scale
        self.trunk = _Trunk(size, extra=extra, early=early)
        norm, matrix = _ends(size)
        self.head = nn.ModuleDict({"0": norm, linear: matrix})

    def tokens(self, x: Tensor) -> Tensor:
        """What comes out of the trunk: [B, tokens, width]."""
        return self.trunk(self.stem(x))

    def forward(self, x: Tensor) -> Tensor:
        found = self.tokens(x)[:, 0]
        for layer in self.head.values():
            found = layer(found)
        return self.scale * F.normalize(found, dim=-1)


class Text(nn.Module):
    """Token ids, int64 [B, L], to vectors [B, D] as long as training made them.

    A text's vector is that of its end mark, which has the largest id; a word sees those before
    it only, so that what follows the mark counts nothing. Their length is exp(log_logit_scale),
    100 at most.
    """

    def __init__(self, size: Size, words: int, places: int) -> None:
        super().__init__()
        self.stem = _Words(size.width, words, places)
        self.trunk = _Trunk(size, extra=False)
        norm, matrix = _ends(size)
        self.head = nn.ModuleDict({"proj": nn.ModuleDict({"0": norm, "1": matrix})})
        self.log_logit_scale = nn.Parameter(torch.zeros(()))

    def tokens(self, ids: Tensor) -> Tensor:
        """What comes out of the trunk: [B, L, width]."""
        return self.trunk(self.stem(ids), causal=True)

    def forward(self, ids: Tensor) -> Tensor:
        end = ids.argmax(dim=1, keepdim=True)[:, :, None]
        found = self.tokens(ids)
        found = found.gather(1, end.expand(-1, -1, found.shape[2]))[:, 0]
        for layer in self.head["proj"].values():
            found = layer(found)
        return self.log_logit_scale.exp().clamp(max=100) * F.normalize(found, dim=-1)


class Pictures(nn.Module):
    """Pixels, normalised, [B, 3, S, S], or moments of two frames [B, 3, 2, S, S], to tokens.

    A kernel spans both frames; of a still picture, which is shown for both, each sees its sum.
    """

    def __init__(self, width: int, patch: int, tokens: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.proj = nn.Conv3d(3, width, (FRAMES, patch, patch), bias=False)
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))

    def forward(self, pixels: Tensor) -> Tensor:
        kernel = self.proj.weight
        if pixels.ndim == 4:
            kernel = kernel.sum(2)
        else:
            kernel, pixels = kernel.flatten(1, 2), pixels.flatten(1, 2)
        patches = F.conv2d(pixels, kernel, stride=kernel.shape[-1])
        return _placed(patches.flatten(2).transpose(1, 2), self.cls_token, self.pos_embed)


class Planes(nn.Module):
    """One plane [B, 1, H, W], as log mels, depth and warmth are, to tokens."""

    def __init__(self, width: int, patch: int, stride: int, tokens: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.proj = nn.Conv2d(1, width, patch, stride, bias=False)
        self.norm_layer = nn.LayerNorm(width)
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))

    def forward(self, plane: Tensor) -> Tensor:
        patches = self.norm_layer(self.proj(plane).flatten(2).transpose(1, 2))
        return _placed(patches, self.cls_token, self.pos_embed)


class Movements(nn.Module):
    """Movement [B, 6, S] to a token for every eight samples."""

    def __init__(self, width: int, values: int, tokens: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.proj = nn.Linear(values, width, bias=False)
        self.norm_layer = nn.LayerNorm(width)
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))

    def forward(self, signal: Tensor) -> Tensor:
        steps = signal.unflatten(2, (-1, _SAMPLES_A_STEP)).transpose(1, 2).flatten(2)
        return _placed(self.norm_layer(self.proj(steps)), self.cls_token, self.pos_embed)


class _Words(nn.Module):
    def __init__(self, width: int, words: int, places: int) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(words, width)
        self.pos_embed = nn.Parameter(torch.zeros(1, places, width))

    def forward(self, ids: Tensor) -> Tensor:
        return self.token_embedding(ids) + self.pos_embed[:, : ids.shape[1]]


class _Trunk(nn.Module):
    def __init__(self, size: Size, *, extra: bool, early: bool = False) -> None:
        super().__init__()
        if early:
            self.pre_transformer_layer = nn.ModuleList([nn.LayerNorm(size.width, EPS)])
        self.early = early
        self.blocks = nn.ModuleList(_Block(size, extra) for _ in range(size.depth))

    def forward(self, x: Tensor, causal: bool = False) -> Tensor:
        if self.early:
            x = self.pre_transformer_layer[0](x)
        for block in self.blocks:
            x = block(x, causal)
        return x


class _Block(nn.Module):
    def __init__(self, size: Size, extra: bool) -> None:
        super().__init__()
        width = size.width
        self.norm_1, self.norm_2 = nn.LayerNorm(width, EPS), nn.LayerNorm(width, EPS)
        self.attn = _Attention(width, size.heads, extra)
        self.mlp = nn.ModuleDict(
            {"fc1": nn.Linear(width, RATIO * width), "fc2": nn.Linear(RATIO * width, width)}
        )

    def forward(self, x: Tensor, causal: bool) -> Tensor:
        x = x + self.attn(self.norm_1(x), causal)
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm_2(x))))


class _Attention(nn.Module):
    """Attention in which a row that was learned may follow the keys and the values."""

    def __init__(self, width: int, heads: int, extra: bool) -> None:
        super().__init__()
        self.heads, self.extra = heads, extra
        self.in_proj_weight = nn.Parameter(torch.zeros(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        if extra:
            self.bias_k = nn.Parameter(torch.zeros(1, 1, width))
            self.bias_v = nn.Parameter(torch.zeros(1, 1, width))

    def forward(self, x: Tensor, causal: bool) -> Tensor:
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        if self.extra:
            k = torch.cat((k, self.bias_k.expand(k.shape[0], -1, -1)), dim=1)
            v = torch.cat((v, self.bias_v.expand(v.shape[0], -1, -1)), dim=1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (q, k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))


def _ends(size: Size) -> tuple[nn.Module, nn.Module]:
    """Layer norm and matrix of a head."""
    return nn.LayerNorm(size.width, EPS), nn.Linear(size.width, size.space, bias=False)


def _placed(patches: Tensor, first: Tensor, places: Tensor) -> Tensor:
    return torch.cat((first.expand(patches.shape[0], -1, -1), patches), dim=1) + places
