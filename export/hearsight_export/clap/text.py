"""CLAP's text tower: RoBERTa's pooled output, projected, as a unit vector."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F
from transformers import ClapTextConfig, ClapTextModelWithProjection

from .layout import clap_eps, clap_weights

__all__ = ["HEAD_SIZE", "ClapText", "load_clap_text"]

HEAD_SIZE = 64  # of RoBERTa-base, as no tensor tells the number of heads


class ClapText(nn.Module):
    """Token ids and mask, int64 [B, L], to unit vectors [B, D]; masked positions count nothing.

    Positions are counted over the ids that are not the padding mark 1.
    """

    def __init__(self, model: ClapTextModelWithProjection) -> None:
        super().__init__()
        self.model = model

    @property
    def space(self) -> int:
        """Number of values of a vector."""
        return self.model.config.projection_dim

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        said = self.model(input_ids=ids, attention_mask=mask)
        return F.normalize(said.text_embeds, dim=-1)


def load_clap_text(
    state: Mapping[str, Tensor], eps: float | None = None, heads: int | None = None
) -> ClapText:
    """The text tower of a CLAP state dict, in LAION's or transformers' names.

    eps: of the layer norms, else as the names suggest: 1e-5 for LAION's, 1e-12 for
    transformers'. heads: of its attention, else one for every 64 channels.

    Raises:
        MisfitError: names the first tensor that does not fit.
    """
    weights = clap_weights(state, "text")
    words, width = weights.shape("text_model.embeddings.word_embeddings.weight", 2)
    places = weights.shape("text_model.embeddings.position_embeddings.weight", 2)[0]
    layer = "text_model.encoder.layer.{}.intermediate.dense.weight"
    config = ClapTextConfig(
        vocab_size=words,
        hidden_size=width,
        num_hidden_layers=weights.depth(layer),
        num_attention_heads=heads or max(1, width // HEAD_SIZE),
        intermediate_size=weights.shape(layer.format(0), 2)[0],
        max_position_embeddings=places,
        projection_dim=weights.shape("text_projection.linear2.weight", 2)[0],
        layer_norm_eps=clap_eps(state) if eps is None else eps,
    )
    model = ClapTextModelWithProjection(config)
    weights.fill(model)
    return ClapText(model).eval()
