"""SSV2A's networks: the manifold's two encoders, the generator, the remixer, the aggregator."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import AttentionLayer, Gaussian, Head, drawn

__all__ = ["FRAMES", "Aggregator", "Generator", "Manifold", "Remixer"]

FRAMES = 64  # of a video, however long it is
_LONGEST = 1024  # positions of the aggregator's table


class Manifold(nn.Module):
    """Vectors of CLIP and of CLAP to the fold codes that they share, each a Gaussian."""

    def __init__(self, clip: int, clap: int, widths: Sequence[int], space: int) -> None:
        super().__init__()
        self.clip_encoder = Gaussian(clip, widths, space, bias=False)
        self.clap_encoder = Gaussian(clap, widths, space, bias=False)
        # Of the losses it was trained with.
        self.logit_scale, self.self_logit_scale = (nn.Parameter(torch.ones(())) for _ in range(2))


class Generator(Gaussian):
    """Fold codes [..., space] to Gaussians over CLAP's vectors [..., D], lengths not 1 yet."""

    def __init__(self, before: int, widths: Sequence[int], space: int) -> None:
        super().__init__(before, widths, space, bias=True)


class Remixer(nn.Module):
    """Slots, each a fold code and a CLIP vector, to one Gaussian over CLAP's vectors."""

    def __init__(self, inputs: int, width: int, hidden: int, space: int) -> None:
        super().__init__()
        self.styler = _Styler(inputs, width, hidden, space)

    def forward(
        self, folds: Tensor, clips: Tensor, weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Mean and log-variance [B, D] of folds [B, K, F] and clips [B, K, C].

        weights: [B, K] of the slots' part in the attention, else all 1.
        """
        return self.read(self.context(folds, clips, weights) + self.own(len(folds)))

    def context(self, folds: Tensor, clips: Tensor, weights: Tensor | None) -> Tensor:
        """What slots add to the attention's context."""
        return self.styler.layer.context(
            self.styler.in_proj(torch.cat((folds, clips), dim=-1)), weights
        )

    def own(self, batch: int = 1) -> Tensor:
        """What the two learned tokens, which every mix begins with, add to it."""
        return self.styler.layer.context(self._tokens(batch))

    def read(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the whole context [B, heads, d, d]."""
        return self.styler.told(self.styler.layer.read(self._tokens(len(context)), context))

    def _tokens(self, batch: int) -> Tensor:
        return self.styler.pred_token.expand(batch, -1, -1)


class Aggregator(nn.Module):
    """CLAP vectors of a video's frames, [1, N, D], to one unit vector [1, D].

    It was trained on 64 frames; of another number, those nearest to 64 evenly spaced places are
    taken. `noise`, standard normal [D], is the draw.
    """

    places: Tensor

    def __init__(self, width: int, hidden: int, space: int) -> None:
        super().__init__()
        self.pred_token = nn.Parameter(torch.zeros(2, width))
        self.encoder = _Encoder(width, hidden)
        self.head_mu, self.head_sigma = Head(width), Head(width)
        self.out_mu, self.out_sigma = nn.Linear(width, space), nn.Linear(width, space)
        self.register_buffer("places", _places(width)[: FRAMES + 2], persistent=False)

    def gaussian(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance [B, D] for exactly 64 frames."""
        tokens = torch.cat((self.pred_token.expand(len(frames), -1, -1), frames), dim=1)
        found = self.encoder(tokens + self.places)
        return self.out_mu(self.head_mu(found[:, 0])), self.out_sigma(self.head_sigma(found[:, 1]))

    def forward(self, frames: Tensor, noise: Tensor) -> Tensor:
        last = torch.full((1,), 1.0) * (frames.shape[1] - 1)
        nearest = torch.round(torch.arange(FRAMES) * last / (FRAMES - 1)).long()
        return F.normalize(drawn(self.gaussian(frames[:, nearest]), noise), dim=-1)


class _Styler(nn.Module):
    def __init__(self, inputs: int, width: int, hidden: int, space: int) -> None:
        super().__init__()
        self.pred_token = nn.Parameter(torch.zeros(2, width))
        self.in_proj = nn.Linear(inputs, width)
        self.style_encoder = _Encoder(width, hidden)
        self.head_mu, self.head_sigma = Head(width), Head(width)
        self.out_mu, self.out_sigma = nn.Linear(width, space), nn.Linear(width, space)

    @property
    def layer(self) -> AttentionLayer:
        """The only layer of attention."""
        return self.style_encoder.encoder[0]

    def told(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        mean, deviation = tokens[:, 0], tokens[:, 1]
        return self.out_mu(self.head_mu(mean)), self.out_sigma(self.head_sigma(deviation))


class _Encoder(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(AttentionLayer(width, hidden))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.encoder(tokens)


def _places(width: int) -> Tensor:
    """Sines and cosines in turn, [1024, width], of frequencies down to 1 / 2048."""
    rates = torch.exp(-torch.arange(0, width, 2) * (math.log(2 * _LONGEST) / width))
    angles = torch.arange(_LONGEST)[:, None] * rates
    return torch.stack((torch.sin(angles), torch.cos(angles)), dim=-1).flatten(1)
