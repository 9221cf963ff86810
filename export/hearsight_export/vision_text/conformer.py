"""Experiment A's largest idea: learned rhythms and a conformer (Gulati et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["AudioAware"]

_RATIO = 4


class AudioAware(nn.Module):
    """A picture's and a text's vector, [B, seen + read], to tokens [B, tokens, width].

    Four learned tables stand side by side, one of `beats` rows stretched to all tokens; the mean
    of both vectors is added to every token, blocks follow, and then a look at each vector behind
    a gate.
    """

    def __init__(
        self,
        seen: int,
        read: int,
        tokens: int,
        width: int,
        *,
        part: int,
        beats: int,
        depth: int,
        kernel: int,
        heads: int,
    ) -> None:
        super().__init__()
        self.seen, self.taken = seen, seen + read
        self.image_proj = nn.Sequential(nn.Linear(seen, width), nn.LayerNorm(width), nn.GELU())
        self.text_proj = nn.Sequential(nn.Linear(read, width), nn.LayerNorm(width), nn.GELU())
        self.freq_embed = nn.Parameter(torch.zeros(1, tokens, part))
        self.temporal_embed = nn.Parameter(torch.zeros(1, tokens, part))
        self.rhythm_embed = nn.Parameter(torch.zeros(1, beats, part))
        self.init_sequence = nn.Parameter(torch.zeros(1, tokens, part))
        self.conformer_layers = nn.ModuleList(_Block(width, kernel, heads) for _ in range(depth))
        self.modal_fusion = _Fusion(width, heads)
        self.final_proj = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width))

    def forward(self, pair: Tensor) -> Tensor:
        image, text = self.image_proj(pair[:, : self.seen]), self.text_proj(pair[:, self.seen :])
        rhythm = F.interpolate(
            self.rhythm_embed.transpose(1, 2),
            self.init_sequence.shape[1],
            mode="linear",
            align_corners=True,
        ).transpose(1, 2)
        tables = (self.freq_embed, self.temporal_embed, rhythm, self.init_sequence)
        x = torch.cat(tables, dim=-1) + (image + text)[:, None] * 0.5
        for block in self.conformer_layers:
            x = block(x)
        return self.final_proj(self.modal_fusion(x, image, text))


class _Block(nn.Module):
    def __init__(self, width: int, kernel: int, heads: int) -> None:
        super().__init__()
        self.ffn1, self.ffn2 = _Feed(width), _Feed(width)
        self.attn_norm = nn.LayerNorm(width)
        self.self_attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.conv_module = _Convolve(width, kernel)
        for number in range(1, 5):
            setattr(self, f"layer_scale_{number}", nn.Parameter(torch.zeros(width)))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.layer_scale_1 * self.ffn1(x)
        seen = self.attn_norm(x)
        x = x + self.layer_scale_2 * self.self_attn(seen, seen, seen, need_weights=False)[0]
        x = x + self.layer_scale_3 * self.conv_module(x)
        return x + self.layer_scale_4 * self.ffn2(x)


class _Feed(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.linear1 = nn.Linear(width, _RATIO * width)
        self.linear2 = nn.Linear(_RATIO * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear2(F.gelu(self.linear1(self.norm(x))))


class _Convolve(nn.Module):
    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.pointwise_conv1 = nn.Linear(width, 2 * width)
        self.depthwise_conv = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.batch_norm = nn.BatchNorm1d(width)
        self.pointwise_conv2 = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = F.glu(self.pointwise_conv1(self.norm(x)))
        x = F.silu(self.batch_norm(self.depthwise_conv(x.transpose(1, 2))))
        return self.pointwise_conv2(x.transpose(1, 2))


class _Fusion(nn.Module):
    """What every token takes from the picture and the text, as far as its gate is open."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.cross_attn_img = nn.MultiheadAttention(width, heads, batch_first=True)
        self.cross_attn_txt = nn.MultiheadAttention(width, heads, batch_first=True)
        self.gate = nn.Sequential(nn.Linear(3 * width, width), nn.Sigmoid())
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x: Tensor, image: Tensor, text: Tensor) -> Tensor:
        query, image, text = self.norm1(x), image[:, None], text[:, None]
        seen = self.cross_attn_img(query, image, image, need_weights=False)[0]
        read = self.cross_attn_txt(query, text, text, need_weights=False)[0]
        gate = self.gate(torch.cat((x, seen, read), dim=-1))
        return self.norm2(x + gate * (seen + read))
