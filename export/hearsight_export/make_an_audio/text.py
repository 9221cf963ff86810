"""The text encoder of CLAP 2022: BERT, each of whose positions is projected on its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertConfig, BertModel

from ..weights import MisfitError, Weights

__all__ = ["LENGTH", "ClapSequence", "build_text"]

LENGTH = 77  # ids of a text, padded
HEAD_SIZE = 64  # of BERT, as no tensor tells the number of heads


class Projection(nn.Module):
    """Features [..., D] to [..., E]: a matrix, and what a small network adds to its result.

    Elizalde et al. 2022, "CLAP: Learning Audio Concepts From Natural Language Supervision",
    section 2; its dropout belongs to training.
    """

    def __init__(self, width: int, space: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(width, space, bias=False)
        self.linear2 = nn.Linear(space, space, bias=False)
        self.layer_norm = nn.LayerNorm(space)

    def forward(self, x: Tensor) -> Tensor:
        first = self.linear1(x)
        return self.layer_norm(first + self.linear2(F.gelu(first)))


class ClapSequence(nn.Module):
    """Padded token ids, int64 [B, 77], to a vector for every position [B, 77, E].

    There is no mask: the padding is read as words are, as the UNet was trained with it.
    """

    def __init__(self, base: BertModel, space: int) -> None:
        super().__init__()
        self.base = base
        self.projection = Projection(base.config.hidden_size, space)

    @property
    def space(self) -> tuple[int, int]:
        """Shape of a condition."""
        return LENGTH, self.projection.linear1.out_features

    @property
    def words(self) -> int:
        """Number of ids that the encoder knows."""
        return self.base.config.vocab_size

    def forward(self, ids: Tensor) -> Tensor:
        return self.projection(
            self.base(input_ids=ids, token_type_ids=torch.zeros_like(ids)).last_hidden_state
        )


def build_text(weights: Weights) -> ClapSequence:
    """The encoder at the widths of the weights, filled with them, in evaluation mode.

    Raises:
        MisfitError: names the first tensor that is missing, of another shape, or too many.
    """
    words, width = weights.shape("base.embeddings.word_embeddings.weight", 2)
    places = weights.shape("base.embeddings.position_embeddings.weight", 2)[0]
    if places < LENGTH:
        raise MisfitError(f"BERT has {places} positions; at least {LENGTH} were expected.")
    layer = "base.encoder.layer.{}.intermediate.dense.weight"
    config = BertConfig(
        vocab_size=words,
        hidden_size=width,
        num_hidden_layers=weights.depth(layer),
        num_attention_heads=max(1, width // HEAD_SIZE),
        intermediate_size=weights.shape(layer.format(0), 2)[0],
        max_position_embeddings=places,
    )
    space = weights.shape("projection.linear1.weight", 2)[0]
    encoder = ClapSequence(BertModel(config, add_pooling_layer=False), space)
    weights.fill(encoder)
    return encoder.eval().requires_grad_(False)
