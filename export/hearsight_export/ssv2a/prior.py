"""The DALL-E-2 prior: CLIP's vector of the picture that a text describes (Ramesh et al. 2022).

A causal transformer reads the text's tokens, its vector, the time, a noisy picture vector and a
learned query, and says at the query what the picture vector is without noise. As laid down in
dalle2-pytorch 1.1.0 for LAION's checkpoint, whose names the modules have.

No token before the time depends on what comes after it, so that keys and values of the text are
computed once for all evaluations; each of them runs three tokens.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan
from torch.nn import functional as F

__all__ = ["CANDIDATES", "EVALUATIONS", "TRAIN_STEPS", "Prior", "cumulative", "sampling_times"]

TRAIN_STEPS, EVALUATIONS, CANDIDATES = 1000, 64, 2
HEAD, _TURNED, _RELAX = 64, 32, 128
_NEAR, _FAR = 16, 128  # distances with a bias of their own, and from which all share one


class Prior(nn.Module):
    """Text to a picture's unit vector, by `EVALUATIONS` steps of DDIM with eta 1.

    Named below: D values of a CLIP vector, P places of tokens (77).
    """

    times: Tensor
    steps: Tensor

    def __init__(
        self, width: int, heads: int, depth: int, places: int, evaluations: int = EVALUATIONS
    ) -> None:
        super().__init__()
        self.net = _Network(width, heads, depth, places)
        times = sampling_times(evaluations)
        self.register_buffer("times", torch.tensor(times), persistent=False)
        self.register_buffer("steps", _steps(times), persistent=False)

    def forward(self, said: Tensor, vector: Tensor, start: Tensor, noise: Tensor) -> Tensor:
        """The best of C candidates as a unit vector [1, D].

        said: states of the text's tokens [1, L, D], L at most P, zero where padding is.
        vector: of the text, of length 1, [1, D]. start: standard normal [C, D]; noise: likewise
        [evaluations, C, D], of which the last has no effect.
        """
        found = self.sample(said, vector, start, noise)
        likeness = F.normalize(found, dim=-1) @ vector[0]
        best = likeness.max(dim=0, keepdim=True).indices
        return F.normalize(found.index_select(0, best), dim=-1)

    def sample(self, said: Tensor, vector: Tensor, start: Tensor, noise: Tensor) -> Tensor:
        """All candidates [C, D] at the scale of CLIP's vectors."""
        keys, values = self.net.past(said, vector)

        def turn(x: Tensor, row: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
            told, step, fresh = row
            clean = self.net.clean(x, told, keys, values)
            e = (x * step[0] - clean) * step[1]
            after = step[2] * clean + step[3] * fresh + step[4] * e
            return after, after.clone()

        told = self.net.to_time_embeds[0](self.times)
        x, _ = scan(turn, start.clone(), (told, self.steps, noise))
        return x / math.sqrt(x.shape[1])


class _Network(nn.Module):
    def __init__(self, width: int, heads: int, depth: int, places: int) -> None:
        super().__init__()
        self.learned_query = nn.Parameter(torch.zeros(width))
        self.null_text_embed = nn.Parameter(torch.zeros(1, places, width))
        self.to_time_embeds = nn.Sequential(nn.Embedding(TRAIN_STEPS, width))
        self.causal_transformer = _Transformer(width, heads, depth, places + 4)

    def past(self, said: Tensor, vector: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [layers, P + 2, 64] of text and vector, and of nothing before them."""
        padding = self.null_text_embed
        missing = padding[:, said.shape[1] :]
        own = padding[:, : said.shape[1]]
        kept = torch.where((said != 0).any(dim=-1, keepdim=True), said, own)
        tokens = torch.cat((kept, missing, vector[:, None]), dim=1)
        return self.causal_transformer.past(tokens)

    def clean(self, x: Tensor, told: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """The picture vectors [C, D] without noise of x [C, D], at a time's embedding [D]."""
        ones = torch.ones_like(x)
        tokens = torch.stack((ones * told, x, ones * self.learned_query), dim=1)
        return self.causal_transformer(tokens, keys, values)


class _Transformer(nn.Module):
    """Pre-norm layers with one key and one value for all heads."""

    def __init__(self, width: int, heads: int, depth: int, places: int) -> None:
        super().__init__()
        self.rel_pos_bias = _Bias(heads, places)
        self.layers = nn.ModuleList(
            nn.ModuleList((_Attention(width, heads, places), _feed_forward(width)))
            for _ in range(depth)
        )
        self.norm = _Norm(width, stable=True)
        self.project_out = nn.Linear(width, width, bias=False)

    def past(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        bias = self.rel_pos_bias(0, tokens.shape[1])
        keys, values = [], []
        for attention, forward in self.layers:
            normed = attention.norm(tokens)
            key, value = attention.remember(normed, 0)
            key = torch.cat((attention.null_kv[None, :1], key), dim=1)
            value = torch.cat((attention.null_kv[None, 1:], value), dim=1)
            tokens = tokens + attention(normed, 0, key, value, bias)
            tokens = tokens + forward(tokens)
            keys.append(key[0])
            values.append(value[0])
        return torch.stack(keys), torch.stack(values)

    def forward(self, tokens: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        first = keys.shape[1] - 1
        bias = self.rel_pos_bias(first, tokens.shape[1])
        for layer, (attention, forward) in enumerate(self.layers):
            normed = attention.norm(tokens)
            key, value = attention.remember(normed, first)
            key = torch.cat((keys[layer].expand(len(tokens), -1, -1), key), dim=1)
            value = torch.cat((values[layer].expand(len(tokens), -1, -1), value), dim=1)
            tokens = tokens + attention(normed, first, key, value, bias)
            tokens = tokens + forward(tokens)
        return self.project_out(self.norm(tokens[:, -1]))


class _Attention(nn.Module):
    turns: Tensor

    def __init__(self, width: int, heads: int, places: int) -> None:
        super().__init__()
        self.heads = heads
        self.null_kv = nn.Parameter(torch.zeros(2, HEAD))
        self.norm = _Norm(width)
        self.to_q = nn.Linear(width, HEAD * heads, bias=False)
        self.to_kv = nn.Linear(width, 2 * HEAD, bias=False)
        self.to_out = nn.Sequential(nn.Linear(HEAD * heads, width, bias=False), _Norm(width))
        self.register_buffer("turns", _turns(places), persistent=False)

    def remember(self, normed: Tensor, first: int) -> tuple[Tensor, Tensor]:
        """Keys and values [B, n, 64] of tokens from place `first` on."""
        key, value = self.to_kv(normed).chunk(2, dim=-1)
        return self._turn(key, first), value

    def forward(
        self, normed: Tensor, first: int, key: Tensor, value: Tensor, bias: Tensor
    ) -> Tensor:
        query = self.to_q(normed).unflatten(2, (self.heads, HEAD)).transpose(1, 2)
        query = self._turn(query * HEAD**-0.5, first)
        # The original scales the bias with the rest of what the softmax takes.
        likeness = query @ key[:, None].transpose(2, 3) + _RELAX * bias
        mixed = F.softmax(likeness, dim=-1) @ value[:, None]
        return self.to_out(mixed.transpose(1, 2).flatten(2))

    def _turn(self, x: Tensor, first: int) -> Tensor:
        """Rotary positions on the first channels of x [..., n, 64], in pairs of neighbours."""
        cos, sin = self.turns[:, first : first + x.shape[-2]]
        turned, rest = x[..., :_TURNED], x[..., _TURNED:]
        pairs = turned.unflatten(-1, (-1, 2))
        crossed = torch.stack((-pairs[..., 1], pairs[..., 0]), dim=-1).flatten(-2)
        return torch.cat((turned * cos + crossed * sin, rest), dim=-1)


class _Bias(nn.Module):
    """What is added for how far back a key lies; keys to come are forbidden."""

    buckets: Tensor
    later: Tensor

    def __init__(self, heads: int, places: int) -> None:
        super().__init__()
        self.relative_attention_bias = nn.Embedding(2 * _NEAR, heads)
        back = torch.arange(places)[:, None] - torch.arange(places + 1)
        self.register_buffer("buckets", _bucket(back), persistent=False)
        # Key 0 is that of nothing, so that a token's own key is one further.
        self.register_buffer("later", back < -1, persistent=False)

    def forward(self, first: int, count: int) -> Tensor:
        """[heads, count, first + count + 1] for tokens from place `first` on."""
        rows, columns = slice(first, first + count), slice(0, first + count + 1)
        bias = self.relative_attention_bias(self.buckets[rows, columns]).permute(2, 0, 1)
        return bias.masked_fill(self.later[rows, columns], -math.inf)


class _Norm(nn.Module):
    """Layer norm without a bias; `stable` divides by the largest value first."""

    def __init__(self, width: int, stable: bool = False) -> None:
        super().__init__()
        self.g = nn.Parameter(torch.ones(width))
        self.stable = stable

    def forward(self, x: Tensor) -> Tensor:
        if self.stable:
            x = x / x.amax(dim=-1, keepdim=True)
        return F.layer_norm(x, x.shape[-1:], self.g)


class _Gated(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x, gate = x.chunk(2, dim=-1)
        return x * F.silu(gate)


def _feed_forward(width: int) -> nn.Sequential:
    inner = 4 * width
    return nn.Sequential(
        _Norm(width),
        nn.Linear(width, 2 * inner, bias=False),
        _Gated(),
        _Norm(inner),
        nn.Identity(),
        nn.Linear(inner, width, bias=False),
    )


def _turns(places: int) -> Tensor:
    """Cosines and sines [2, places, 32] of rotary positions, each for two neighbours."""
    rates = 10000.0 ** -(torch.arange(0, _TURNED, 2) / _TURNED)
    angles = (torch.arange(places)[:, None] * rates).repeat_interleave(2, dim=1)
    return torch.stack((torch.cos(angles), torch.sin(angles)))


def _bucket(back: Tensor) -> Tensor:
    """Which bias a distance has: its own up to 15, then on a logarithmic scale (T5)."""
    back = back.clamp(min=0)
    far = torch.log(back.clamp(min=1).float() / _NEAR) / math.log(_FAR / _NEAR) * _NEAR
    far = (_NEAR + far.long()).clamp(max=2 * _NEAR - 1)
    return torch.where(back < _NEAR, back, far)


def sampling_times(evaluations: int) -> list[int]:
    """The training steps at which the network is asked, from the noisiest on."""
    spaced = torch.linspace(0, TRAIN_STEPS, evaluations + 2)[:-1]
    return [int(time) for time in spaced.flip(0)][:evaluations]


def cumulative() -> Tensor:
    """Cumulative alphas [1000] of the squared-cosine schedule, in double precision."""
    at = torch.arange(TRAIN_STEPS + 1, dtype=torch.float64) / TRAIN_STEPS
    curve = torch.cos((at + 0.008) / 1.008 * math.pi / 2) ** 2
    betas = (1 - curve[1:] / curve[:-1]).clamp(0, 0.999)
    return torch.cumprod(1 - betas, dim=0)


def _steps(times: list[int]) -> Tensor:
    """A row for each evaluation: x by [0], less the clean vector, by [1] is the noise in x; then
    clean by [2], fresh noise by [3] and the noise in x by [4] are x at the next time.

    The noise is told by the cumulative alphas themselves and all else by those of the step
    before, as in the original.
    """
    level = cumulative().float().double()  # the checkpoint holds them in single precision
    before = torch.cat((torch.ones(1, dtype=torch.float64), level[:-1]))
    rows = []
    for time, after in zip(times, [*times[1:], 0], strict=True):
        now, then = before[time], before[after]
        fresh = torch.sqrt((1 - now / then) * (1 - then) / (1 - now))
        left = torch.sqrt(1 - then - fresh**2)
        noisy = 1 / torch.sqrt(1 / level[time] - 1)
        fresh = fresh if after else torch.zeros(())
        rows.append(torch.stack((1 / level[time].sqrt(), noisy, then.sqrt(), fresh, left)))
    return torch.stack(rows).float()
