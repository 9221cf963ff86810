"""The spellings of CLIP's tensors: OpenAI's, which open_clip shares, and transformers' classes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from torch import Tensor

from ..weights import MisfitError, Origin, Weights, renamed

__all__ = ["Activation", "clip_activation", "clip_weights"]

Activation = Literal["quick_gelu", "gelu"]

_TOWERS = {
    "vision": ("visual.", "vision_model.", "visual_projection."),
    "text": (
        *("transformer.", "token_embedding.", "positional_embedding", "ln_final."),
        *("text_model.", "text_projection"),
    ),
}
_RULES = (
    (r"^vision_model\.embeddings\.class_embedding$", "visual.class_embedding"),
    (r"^vision_model\.embeddings\.patch_embedding\.", "visual.conv1."),
    (r"^vision_model\.embeddings\.position_embedding\.weight$", "visual.positional_embedding"),
    (r"^vision_model\.pre_layrnorm\.", "visual.ln_pre."),
    (r"^vision_model\.post_layernorm\.", "visual.ln_post."),
    (r"^visual_projection\.weight$", "visual.proj"),
    (r"^vision_model\.encoder\.layers\.", "visual.transformer.resblocks."),
    (r"^text_model\.embeddings\.token_embedding\.", "token_embedding."),
    (r"^text_model\.embeddings\.position_embedding\.weight$", "positional_embedding"),
    (r"^text_model\.final_layer_norm\.", "ln_final."),
    (r"^text_projection\.weight$", "text_projection"),
    (r"^text_model\.encoder\.layers\.", "transformer.resblocks."),
    (r"\.layer_norm([12])\.", r".ln_\1."),
    (r"\.mlp\.fc1\.", ".mlp.c_fc."),
    (r"\.mlp\.fc2\.", ".mlp.c_proj."),
    (r"\.self_attn\.out_proj\.", ".attn.out_proj."),
    (r"\.self_attn\.[qkv]_proj\.", ".attn.in_proj_"),
)
_QKV = re.compile(r"\.self_attn\.([qkv])_proj\.")
_spell = renamed(_RULES)


def _openai(name: str) -> Origin:
    packed = _QKV.search(name)
    spelled = _spell(name).name
    if packed:
        return Origin(spelled, "qkv".index(packed[1]), 3)
    return Origin(
        spelled, transposed=name in ("visual_projection.weight", "text_projection.weight")
    )


def clip_weights(state: Mapping[str, Tensor], tower: Literal["vision", "text"]) -> Weights:
    """The tensors of one tower under the names of transformers' classes."""
    own = {name: value for name, value in state.items() if name.startswith(_TOWERS[tower])}
    openai = "visual.conv1.weight" in state or "token_embedding.weight" in state
    return Weights(own, _openai if openai else Origin, (r".*\.position_ids$",))


def clip_activation(state: Mapping[str, Tensor], hidden_act: str | None = None) -> Activation:
    """The activation of a checkpoint: what its configuration says, or what its names give away.

    hidden_act: from the `config.json` of a transformers folder.

    Raises:
        MisfitError: OpenAI's and open_clip's files have the same names, and only OpenAI's own
            hold `input_resolution`; it must be said which one this is.
    """
    if hidden_act in ("gelu", "quick_gelu"):
        return hidden_act
    if "input_resolution" in state:
        return "quick_gelu"
    raise MisfitError(
        "The checkpoint does not tell its activation: give --activation quick_gelu for OpenAI's "
        "weights and those named -quickgelu, or --activation gelu for others of open_clip."
    )
