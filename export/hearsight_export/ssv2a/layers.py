"""What SSV2A's networks are made of: residual layers, linear attention and Gaussian heads.

Module names are those of its checkpoints. Dropout, which is off after training, is left out,
and its places in the numbering are kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["HEADS", "AttentionLayer", "Gaussian", "Head", "Layers", "drawn"]

HEADS = 8  # of every attention; no tensor tells it


def drawn(gaussian: tuple[Tensor, Tensor], noise: Tensor) -> Tensor:
    """One draw of a mean and a log-variance; `noise` is standard normal.

    The mean of V draws has the distribution of one whose noise is divided by sqrt(V).
    """
    mean, log_variance = gaussian
    return mean + torch.exp(0.5 * log_variance) * noise


class Layers(nn.Module):
    """Vectors [..., widths[0]] to [..., widths[-1]], always two widths further at a time.

    From a over b to c that is GELU(Lin(x) + LN(Lin(GELU(LN(Lin(x)))))); a width that is left
    over at the end is GELU(LN(Lin(x))).
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for at in range(0, len(widths) - 2, 2):
            layers += [_Residual(*widths[at : at + 3]), nn.Identity()]
        if len(widths) % 2 == 0:
            layers += [nn.Linear(widths[-2], widths[-1]), nn.LayerNorm(widths[-1]), nn.GELU()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class _Residual(nn.Module):
    def __init__(self, before: int, inside: int, after: int) -> None:
        super().__init__()
        self.mod = nn.Sequential(
            nn.Linear(before, inside),
            nn.LayerNorm(inside),
            nn.GELU(),
            nn.Identity(),
            nn.Linear(inside, after),
            nn.LayerNorm(after),
        )
        self.proj = nn.Linear(before, after)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.proj(x) + self.mod(x))


class Gaussian(nn.Module):
    """Vectors [..., before] to a mean and a log-variance [..., space], through `Layers`."""

    def __init__(self, before: int, widths: Sequence[int], space: int, bias: bool) -> None:
        super().__init__()
        first = nn.Linear(before, widths[0], bias=bias)
        self.model = nn.Sequential(first, Layers(widths))
        self.out_mu = nn.Linear(widths[-1], space)
        self.out_sigma = nn.Linear(widths[-1], space)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        inner = self.model(x)
        return self.out_mu(inner), self.out_sigma(inner)


class Head(nn.Module):
    """Vectors [..., width] to the same: GELU(LN(Lin(x)))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width), nn.GELU())

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class AttentionLayer(nn.Module):
    """Linear attention and a feed-forward network on tokens [B, K, width].

    Tokens meet only in a sum over all of them, the context [B, heads, d, d] (the efficient
    attention of Shen et al. 2021, with keys normalised over channels instead of tokens). So a
    change of one token changes one term of it, and each may be weighted.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.esa = _LinearAttention(width)
        self.ffn = _FeedForward(width, hidden)

    def context(self, tokens: Tensor, weights: Tensor | None = None) -> Tensor:
        """What tokens add to the context; weights [B, K] count each of them, else all 1."""
        return self.esa.context(tokens, weights)

    def read(self, tokens: Tensor, context: Tensor) -> Tensor:
        """The layer's output at tokens [B, k, width] for the context of all."""
        x = self.esa.highway(tokens) + self.esa.read(tokens, context)
        return x + self.ffn(x)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.read(tokens, self.context(tokens))


class _LinearAttention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.highway = (nn.Linear(width, width) for _ in range(4))
        self.norm = nn.LayerNorm(width)

    def context(self, tokens: Tensor, weights: Tensor | None) -> Tensor:
        seen = self.norm(tokens)
        keys, values = F.softmax(_split(self.key(seen)), dim=-1), _split(self.value(seen))
        if weights is not None:
            values = values * weights[:, None, :, None]
        return keys.transpose(2, 3) @ values

    def read(self, tokens: Tensor, context: Tensor) -> Tensor:
        queries = F.softmax(_split(self.query(self.norm(tokens))), dim=-1)
        return (queries @ context).transpose(1, 2).flatten(2)


class _FeedForward(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.linear1, self.linear2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear2(F.gelu(self.linear1(self.norm(x))))


def _split(x: Tensor) -> Tensor:
    """Channels [B, K, width] by heads: [B, heads, K, width / heads]."""
    return x.unflatten(2, (HEADS, -1)).transpose(1, 2)
