"""CLIP's image and text towers as unit vectors."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from .layout import Activation, clip_weights

__all__ = ["ClipImage", "ClipText", "load_clip_image", "load_clip_text"]

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
HEAD_SIZE = 64  # in every CLIP, as no tensor tells the number of heads


class ClipImage(nn.Module):
    """Pixels [B, 3, size, size] in [0, 1] to unit vectors [B, D]."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: CLIPVisionModelWithProjection) -> None:
        super().__init__()
        self.model = model
        for name, values in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    @property
    def size(self) -> int:
        """Side of the pictures in pixels."""
        return self.model.config.image_size

    @property
    def space(self) -> int:
        """Number of values of a vector."""
        return self.model.config.projection_dim

    def forward(self, pixels: Tensor) -> Tensor:
        seen = self.model(pixel_values=(pixels - self.mean) / self.std)
        return F.normalize(seen.image_embeds, dim=-1)


class ClipText(nn.Module):
    """Token ids, int64 [B, L], to unit vectors [B, D]; what follows the end mark counts nothing."""

    def __init__(self, model: CLIPTextModelWithProjection) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        return F.normalize(self.model(input_ids=ids).text_embeds, dim=-1)


def load_clip_image(
    state: Mapping[str, Tensor], activation: Activation, heads: int | None = None
) -> ClipImage:
    """The image tower of a CLIP state dict in OpenAI's, open_clip's or transformers' names.

    heads: of its attention, else one for every 64 channels.

    Raises:
        MisfitError: names the first tensor that does not fit.
    """
    weights = clip_weights(state, "vision")
    width, _, patch, _ = weights.shape("vision_model.embeddings.patch_embedding.weight", 4)
    places = weights.shape("vision_model.embeddings.position_embedding.weight", 2)[0]
    layer = "vision_model.encoder.layers.{}.mlp.fc1.weight"
    config = CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=weights.shape(layer.format(0), 2)[0],
        projection_dim=weights.shape("visual_projection.weight", 2)[0],
        num_hidden_layers=weights.depth(layer),
        num_attention_heads=heads or max(1, width // HEAD_SIZE),
        image_size=patch * math.isqrt(places - 1),
        patch_size=patch,
        hidden_act=activation,
    )
    model = CLIPVisionModelWithProjection(config)
    weights.fill(model)
    return ClipImage(model).eval()


def load_clip_text(
    state: Mapping[str, Tensor], activation: Activation, heads: int | None = None
) -> ClipText:
    """The text tower of a CLIP state dict, as `load_clip_image` loads the other one.

    Raises:
        MisfitError: names the first tensor that does not fit.
    """
    weights = clip_weights(state, "text")
    words, width = weights.shape("text_model.embeddings.token_embedding.weight", 2)
    layer = "text_model.encoder.layers.{}.mlp.fc1.weight"
    places = weights.shape("text_model.embeddings.position_embedding.weight", 2)[0]
    config = CLIPTextConfig(
        vocab_size=words,
        hidden_size=width,
        intermediate_size=weights.shape(layer.format(0), 2)[0],
        projection_dim=weights.shape("text_projection.weight", 2)[0],
        num_hidden_layers=weights.depth(layer),
        num_attention_heads=heads or max(1, width // HEAD_SIZE),
        max_position_embeddings=places,
        hidden_act=activation,
        bos_token_id=words - 2,
        eos_token_id=words - 1,
    )
    model = CLIPTextModelWithProjection(config)
    weights.fill(model)
    return ClipText(model).eval()
