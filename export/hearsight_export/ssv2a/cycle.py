"""The Cycle Mix: of many ways to hear several sources as one, the most even (SSV2A).

Each round draws what every slot sounds like alone and a number of mixes of all of them, and
keeps the mix that is equally like all slots: the one whose similarities to them spread least.
The best mix so far is then heard as the slot 0 of the next round.

The original runs its remixer once for every candidate of every round. Neither mean nor
variance depend on the draw, nor on the order of the slots, and the mean of V draws is one draw
with noise / sqrt(V); between rounds only slot 0 changes, so that the rest of the attention's
sum is computed once. What remains of a round is one vector through one encoder and the two
learned tokens through the layer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan
from torch.nn import functional as F

from .layers import drawn
from .networks import Generator, Manifold, Remixer

__all__ = ["CANDIDATES", "DRAWS", "ROUNDS", "SLOTS", "CycleMix", "SeenMix"]

SLOTS = 64
ROUNDS, CANDIDATES, DRAWS = 65, 64, 64
_SOFT = 1e-6  # added to the product of lengths of a similarity


class CycleMix(nn.Module):
    """Slots of a picture with its parts, or of a composition, to one unit vector of CLAP's space.

    Row 0 of `clips` [1, K, C] is the whole picture, and then the others are its parts; empty
    rows are encoded like the rest, as in training. Where row 0 is zero, the others are sources
    of their own: those without a CLIP vector take the code of their row in `sounds` [1, K, D],
    and those without either are zero.

    weights: [1, K] of the slots' part in the remixer's attention. Noise is standard normal,
    divided by the square root of the number of draws that each stands for:
    `noise_fold`, `noise_sound` [K, F], and for each of R rounds `noise_alone` [R, K, D],
    `noise_again` [R, F] and `noise_mix` [R, candidates, D].
    """

    def __init__(self, manifold: Manifold, generator: Generator, remixer: Remixer) -> None:
        super().__init__()
        self.manifold, self.generator, self.remixer = manifold, generator, remixer

    def forward(
        self,
        clips: Tensor,
        sounds: Tensor,
        weights: Tensor,
        noise_fold: Tensor,
        noise_sound: Tensor,
        noise_alone: Tensor,
        noise_again: Tensor,
        noise_mix: Tensor,
    ) -> Tensor:
        folds = self.folds(clips, sounds, noise_fold, noise_sound)
        return self.search(folds, clips, weights, noise_alone, noise_again, noise_mix)[0]

    def folds(
        self, clips: Tensor, sounds: Tensor, noise_fold: Tensor, noise_sound: Tensor
    ) -> Tensor:
        """The fold codes [1, K, F] of the slots."""
        heard = drawn(self.manifold.clap_encoder(sounds), noise_sound)
        fixed = torch.where(_given(sounds), heard, torch.zeros_like(heard))
        return torch.where(_whole_or_given(clips), self.seen(clips, noise_fold), fixed)

    def seen(self, clips: Tensor, noise: Tensor) -> Tensor:
        """The fold codes of CLIP vectors, empty ones too."""
        return drawn(self.manifold.clip_encoder(clips), noise)

    def search(
        self,
        folds: Tensor,
        clips: Tensor,
        weights: Tensor,
        noise_alone: Tensor,
        noise_again: Tensor,
        noise_mix: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The best mix [1, D], and of every round the scores [R, candidates] and the best so
        far [R, D].
        """
        alone_mean, alone_log = self.generator(folds[0])
        rest = self.remixer.own() + self.remixer.context(folds[:, 1:], clips[:, 1:], weights[:, 1:])
        slots = torch.ones_like(weights[0]).cumsum(0)[:, None] > 1  # all but slot 0

        def turn(
            carried: tuple[Tensor, ...], noise: tuple[Tensor, ...]
        ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
            code, best, lowest = carried
            alone_noise, again_noise, mix_noise = noise
            alone = F.normalize(drawn((alone_mean, alone_log), alone_noise), dim=-1) * slots
            first = self.remixer.context(code[None, None], clips[:, :1], weights[:, :1])
            mixes = F.normalize(drawn(self.remixer.read(rest + first), mix_noise), dim=-1)
            scores = _spread(mixes, alone)
            low, index = scores.min(dim=0, keepdim=True)
            best = torch.where(low < lowest, mixes.index_select(0, index)[0], best)
            again = drawn(self.manifold.clap_encoder(best), again_noise)
            return (again, best, torch.minimum(low, lowest)), (scores, best.clone())

        start = folds[0, 0].clone(), torch.zeros_like(alone_mean[0]), torch.ones(1)
        (_, best, _), (scores, claps) = scan(turn, start, (noise_alone, noise_again, noise_mix))
        return best[None], scores, claps


class SeenMix(CycleMix):
    """The same where nothing heard is among the sources."""

    def forward(
        self,
        clips: Tensor,
        weights: Tensor,
        noise_fold: Tensor,
        noise_alone: Tensor,
        noise_again: Tensor,
        noise_mix: Tensor,
    ) -> Tensor:
        seen = self.seen(clips, noise_fold)
        folds = torch.where(_whole_or_given(clips), seen, torch.zeros_like(seen))
        return self.search(folds, clips, weights, noise_alone, noise_again, noise_mix)[0]


def _whole_or_given(clips: Tensor) -> Tensor:
    """Which slots take the code of their CLIP vector: [1, K, 1]."""
    return _given(clips) | _given(clips[:, :1])


def _given(rows: Tensor) -> Tensor:
    """Which rows [1, K, C] hold something: [1, K, 1]."""
    return rows.abs().sum(dim=-1, keepdim=True) > 0


def _spread(mixes: Tensor, alone: Tensor) -> Tensor:
    """The standard deviation [C] of the similarities of mixes [C, D] to slots [K, D]."""
    lengths = mixes.norm(dim=-1)[:, None] * alone.norm(dim=-1)
    likeness = mixes @ alone.T / (lengths + _SOFT)
    return likeness.std(dim=1, unbiased=True)
