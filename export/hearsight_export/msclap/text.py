"""CLAP 2022's text tower: what BERT makes of the first mark, projected, as a unit vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..make_an_audio.text import ClapSequence

__all__ = ["LENGTH", "ClapSentence"]

LENGTH = 100  # ids of a text, padded; Make-An-Audio takes the same encoder at 77


class ClapSentence(nn.Module):
    """Token ids and mask, int64 [B, L], to unit vectors [B, D]; masked positions count nothing."""

    def __init__(self, encoder: ClapSequence) -> None:
        super().__init__()
        self.encoder = encoder

    @property
    def space(self) -> int:
        """Number of values of a vector."""
        return self.encoder.space[-1]

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return F.normalize(self.project(ids, mask), dim=-1)

    def project(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The same before it is brought to length 1."""
        said = self.encoder.base(
            input_ids=ids, attention_mask=mask, token_type_ids=torch.zeros_like(ids)
        )
        return self.encoder.projection(said.last_hidden_state[:, 0])
